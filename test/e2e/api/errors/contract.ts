import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import {
  isTerminal,
  MODEL,
  OWN_KEY,
  sendRaw,
  type RawAnswer,
  type RawRequest,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

export const VALID = `{"model":"${MODEL}","prompt":"A lighthouse at dusk."}`;
export const CREATE = {
  method: "POST",
  headers: { authorization: `Bearer ${OWN_KEY}`, "content-type": "application/json" },
};

/**
 * Every code of the contract that Ringback itself can answer with, and its status. Copied from the contract's text:
 * taken from the table in the code it would check nothing.
 */
const STATUS: Record<string, number> = {
  invalid_request: 400,
  unauthorized: 401,
  not_found: 404,
  task_not_found: 404,
  method_not_allowed: 405,
  payload_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  misconfigured: 503,
  overloaded: 503,
  loop_detected: 508,
};
const MEMBERS = new Set([
  "code",
  "message",
  "param",
  "issues",
  "retryable",
  "upstream",
  "task_id",
  "request_id",
]);

interface ErrorBody {
  code: string;
  message: string;
  param?: string;
  issues?: { path: string; code: string; message: string }[];
  request_id: string;
}

/** Fails unless this is an error in the contract's shape; gives its inside. */
function errorOf({ headers, body }: Pick<RawAnswer, "headers" | "body">): ErrorBody {
  expect(headers["content-type"]).toMatch(/^application\/json\b/);
  const parsed = JSON.parse(body) as { error: ErrorBody };
  expect(Object.keys(parsed)).toEqual(["error"]);
  const { error } = parsed;
  expect(error).toMatchObject({
    code: expect.stringMatching(/^[a-z_]+$/) as string,
    message: expect.stringMatching(/./) as string,
    request_id: headers["x-request-id"],
  });
  expect(Object.keys(error).filter((name) => !MEMBERS.has(name))).toEqual([]);
  for (const issue of error.issues ?? [])
    expect(issue).toEqual({
      path: expect.any(String) as string,
      code: expect.stringMatching(/^[a-z0-9_]+$/) as string,
      message: expect.stringMatching(/./) as string,
    });
  return error;
}

export function expectCode(answer: RawAnswer, code: string): ErrorBody {
  const error = errorOf(answer);
  expect([answer.status, error.code]).toEqual([STATUS[code], code]);
  return error;
}

/** The body but for the request's id: what two answers of "same bytes" share. */
export function withoutRequestId({ headers, body }: RawAnswer): string {
  const id = String(headers["x-request-id"]);
  expect(body).toContain(id);
  return body.replace(id, "");
}

/** A task or a list, a refusal of the upstream with its own status, or an error of Ringback's own list. */
export function isContract(status: number, kind: string): boolean {
  if (kind === "video.task" || kind === "list") return status === 200 || status === 202;
  if (kind.startsWith("upstream_")) return (status >= 400 && status < 500) || status === 502;
  if (kind.startsWith("idempotency_")) return status === 409 || status === 422;
  return STATUS[kind] === status;
}

export function kindOf(answer: RawAnswer): string {
  return answer.status < 400 ? (JSON.parse(answer.body) as { object: string }).object : errorOf(answer).code;
}

/** What may stand in a header's value: visible characters, the space, the tab, and Latin-1 beyond. */
export function headerCode(code: number): number {
  return code < 0x20 || code === 0x7f ? 0x09 : code;
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

interface OwnKeys {
  stack: Stack;
  /** Where the objects' stores are. */
  folder: string;
  /** A task that has succeeded. */
  task(): TaskBody;
  send(path: string, request?: RawRequest): Promise<RawAnswer>;
  create(body: string | Uint8Array, headers?: Record<string, string>): Promise<RawAnswer>;
}

/** One stack for all tests of a `describe`, where callers call with their own keys. */
export function useOwnKeys(): OwnKeys {
  const folder = mkdtempSync(join(tmpdir(), "ringback-errors-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const stack = useStack({ persistTo: folder });
  let task: TaskBody;
  beforeAll(async () => {
    const created = (await (await stack.create()).json()) as TaskBody;
    task = await stack.task(created.task_id, isTerminal);
  });
  beforeEach(() => {
    stack.gateway.calls.length = 0;
  });
  const send: OwnKeys["send"] = async (path, request = {}) => sendRaw(stack.worker.url + path, request);
  return {
    stack,
    folder,
    task: () => task,
    send,
    create: async (body, headers = {}) =>
      send("/v1/videos", { ...CREATE, headers: { ...CREATE.headers, ...headers }, chunks: [body] }),
  };
}
