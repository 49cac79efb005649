import { expect } from "vitest";
import type { Received } from "../../../../dev/receiver.ts";
import { openApiDocument, type OpenApiDocument } from "../../../../src/openapi/document.ts";
import { Reference, type JsonSchema } from "../../../support/checks/reference.ts";
import { send, type Sending } from "../../../support/wire/send.ts";
import { MODEL, type RawAnswer, type Stack } from "../../../support/stack.ts";

export const reference = new Reference(openApiDocument());

/** `POST /v1/videos 202`, `POST /v1/videos 400 invalid_request`: what was seen on the wire. */
export const seen = new Set<string>();

export function codeIn(body: string): string | undefined {
  return (JSON.parse(body) as { error?: { code?: string } } | null)?.error?.code;
}

/** An answer that is as the document says, or the test fails. Another method is answered under the path's own. */
export async function ask(
  stack: Stack,
  path: string,
  sending: Sending = {},
  method = sending.method ?? "GET",
): Promise<RawAnswer> {
  const answer = await send(stack, path, sending);
  expect({ path, status: answer.status, problems: reference.problemsOfAnswer(method, path, answer) }).toEqual(
    {
      path,
      status: answer.status,
      problems: [],
    },
  );
  const template = reference.template(path) ?? "";
  const key = reference.statusKey(method, template, answer.status);
  seen.add([method, template, key, ...(answer.status >= 400 ? [codeIn(answer.body)] : [])].join(" "));
  return answer;
}

/** `404 task_not_found` */
export async function refusal(asked: Promise<RawAnswer>): Promise<string> {
  const { status, body } = await asked;
  return `${status} ${codeIn(body)}`;
}

export const NEARBY = { "cf-connecting-ip": "198.51.100.1" };
export const FILE = `/v1/files/${"a".repeat(26)}.mp4`;
export const VIDEO = { model: MODEL, prompt: "A lighthouse at dusk." };
export const POST = (body: unknown, headers: Record<string, string> = {}): Sending => ({
  method: "POST",
  body,
  headers,
});

export interface TaskAnswer {
  task_id: string;
}

export async function create(stack: Stack, fields: object = {}, more: Sending = {}): Promise<string> {
  const answer = await ask(stack, "/v1/videos", { ...POST({ ...VIDEO, ...fields }), ...more });
  expect(answer.status).toBe(202);
  return (JSON.parse(answer.body) as TaskAnswer).task_id;
}

/** A task that has ended, and whose event was delivered at the second attempt. */
export interface Ended {
  stack: Stack;
  taskId(): string;
}

/** The code of `POST /v1/videos` answers it, and test/e2e/api/upstreams asks it, where there are upstreams. */
const CREATE_AT_UPSTREAM = "/v1/upstreams/{name}/{path}";

/** Each operation and what the document says that it answers: `202`, `400 invalid_request`. */
export function operations(): { method: string; path: string; codes: string[] }[] {
  const paths = Object.entries(reference.document.paths).filter(([path]) => path !== CREATE_AT_UPSTREAM);
  return paths.flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => ({
      method: method.toUpperCase(),
      path,
      codes: Object.entries(responses).flatMap(([status, response]) =>
        codesOf(status, reference.resolve(response)),
      ),
    })),
  );
}

function codesOf(status: string, response: JsonSchema): string[] {
  if (status.startsWith("2")) return [status];
  const content = response["content"] as Record<string, { examples: object }> | undefined;
  if (content === undefined) return [status];
  return Object.keys(content["application/json"]?.examples ?? {}).map((code) => `${status} ${code}`);
}

export function nameOf({ body }: Received): string {
  const message = JSON.parse(body) as { type?: string; event?: string };
  return message.type ?? message.event ?? "";
}

type Webhook = Record<
  "post",
  { parameters: JsonSchema[]; requestBody: { content: Record<string, { schema: JsonSchema }> } }
>;

export function problemsOfCallback(callback: Received): string[] {
  const { post } = reference.document.webhooks[nameOf(callback)] as OpenApiDocument["webhooks"] & Webhook;
  const headerProblems = post.parameters.flatMap((parameter) => {
    const { name, schema } = reference.resolve(parameter) as { name: string; schema: JsonSchema };
    return reference.problemsOf(schema, callback.headers[name]).map((problem) => `${name}: ${problem}`);
  });
  const { schema } = post.requestBody.content["application/json"] ?? { schema: {} };
  return [...headerProblems, ...reference.problemsOf(schema, JSON.parse(callback.body))];
}
