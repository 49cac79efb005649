import { readFileSync } from "node:fs";
import { compileFunction } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { root } from "../../dev/bundle.ts";
import { newHook, startStack, submitsTo, type Stack, type TaskBody } from "../support/stack.ts";

/*
 * The workflow that users import into n8n. n8n itself is too large for a test run; `docs/recipes/n8n.md` says with which
 * version this file was run.
 *
 * scenario                                         requirement
 * the file's shape                                 what n8n's importer wants; no credential and no address of anybody
 * "Ask Ringback", as n8n sends it                  one task, whose repeat pays nothing; the resume address byte for byte
 * "Until it calls", as n8n answers                 409 until the node is reached, then 200; the next nodes find their fields
 */

const FILE = `${root}docs/recipes/n8n/workflow.json`;
const KEY = "sk-of-an-n8n-user";

const Node = z.strictObject({
  id: z.uuid(),
  name: z.string().min(1),
  type: z.string().startsWith("n8n-nodes-base."),
  typeVersion: z.number().positive(),
  position: z.tuple([z.number(), z.number()]),
  parameters: z.record(z.string(), z.unknown()),
  webhookId: z.uuid().optional(),
  retryOnFail: z.boolean().optional(),
  maxTries: z.int().min(2).max(5).optional(),
  waitBetweenTries: z.int().max(5000).optional(),
});
const Target = z.strictObject({ node: z.string(), type: z.literal("main"), index: z.literal(0) });
const Workflow = z.strictObject({
  name: z.string().min(1),
  nodes: z.array(Node).min(1),
  connections: z.record(z.string(), z.strictObject({ main: z.array(z.array(Target)) })),
  settings: z.strictObject({ executionOrder: z.literal("v1") }),
  pinData: z.strictObject({}),
});

const workflow = Workflow.parse(JSON.parse(readFileSync(FILE, "utf8")));
let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(async () => stack.close());

/** Of the nodes that are asked for below, together. */
interface Parameters {
  url: string;
  headerParameters: { parameters: { name: string; value: string }[] };
  jsonBody: string;
  resumeAmount: number;
  errorMessage: string;
  conditions: {
    conditions: {
      leftValue: string;
      rightValue: string;
      operator: { type: string; operation: string };
    }[];
  };
}

function parameters(name: string): Parameters {
  const node = workflow.nodes.find((one) => one.name === name);
  if (!node) throw new Error(`no node ${name}`);
  return node.parameters as unknown as Parameters;
}

/** n8n's: text after `=`, in which `{{ … }}` is JavaScript; alone it gives its value. */
function evaluate(expression: string, variables: Record<string, unknown>): unknown {
  if (!expression.startsWith("=")) return expression;
  const value = (code: string): unknown =>
    (compileFunction(`return (${code});`, Object.keys(variables)) as (...all: unknown[]) => unknown)(
      ...Object.values(variables),
    );
  const only = /^=\{\{([\s\S]*)\}\}$/.exec(expression)?.[1];
  if (only !== undefined && !only.includes("}}")) return value(only);
  return expression.slice(1).replaceAll(/\{\{(.*?)\}\}/gs, (_match, code: string) => String(value(code)));
}

/** What "Ask Ringback" sends, with the headers that n8n 2.41.0 was seen to send. */
async function ask(variables: Record<string, unknown>): Promise<Response> {
  const { url, headerParameters, jsonBody } = parameters("Ask Ringback");
  const own = headerParameters.parameters.map(({ name, value }) => [
    name,
    String(evaluate(value, variables)),
  ]);
  return fetch(url.replace("https://ringback.example.com", stack.worker.url), {
    method: "POST",
    headers: {
      accept:
        "application/json,text/html,application/xhtml+xml,application/xml,text/*;q=0.9, image/*;q=0.8, */*;q=0.7",
      "content-type": "application/json",
      "user-agent": "n8n",
      authorization: `Bearer ${KEY}`,
      ...Object.fromEntries(own),
    },
    body: String(evaluate(jsonBody, variables)),
  });
}

describe("the n8n workflow", () => {
  it("has ids and names of their own, and connections between nodes that are there", () => {
    const ids = workflow.nodes.map(({ id }) => id);
    const names = workflow.nodes.map(({ name }) => name);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(names).size).toBe(names.length);
    const targets = Object.values(workflow.connections).flatMap(({ main }) => main.flat());
    const ends = Object.keys(workflow.connections).concat(targets.map(({ node }) => node));
    expect(new Set(ends)).toEqual(new Set(names));
  });

  it("waits for a POST, not with the default that answers 404, and longer than Ringback ever tries", () => {
    expect(parameters("Until it calls")).toMatchObject({
      resume: "webhook",
      httpMethod: "POST",
      limitWaitTime: true,
      resumeUnit: "hours",
    });
    const { resumeAmount: hours } = parameters("Until it calls");
    // The default deadline of a task, and 22 hours of attempts after it.
    expect(hours).toBeGreaterThanOrEqual(24 + 22);
  });

  it("asks once, is called back at the address at which its execution waits, and goes on with the video", async () => {
    const hook = newHook(stack);
    const resumeUrl = `${hook.url}?signature=25fbefae24e5ac15646f0b270c271bd2f02bfb2a408bef66`;
    const code409 = { code: 409, message: 'The execution "7" is running already.' };
    stack.receiver.reply({ status: 409, body: code409 });
    const variables = {
      $json: { prompt: 'A "lighthouse"\nat dusk, 灯塔.', seconds: 5, order: "42" },
      $workflow: { id: "H8OJQQpXciz8L6X9" },
      $execution: { id: "7", resumeUrl },
    };
    const created = await ask(variables);
    expect(created.status).toBe(202);
    const { task_id: id } = (await created.json()) as TaskBody;
    const again = await ask(variables);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(submitsTo(stack.gateway).map(({ body }) => JSON.parse(body.toString()) as unknown)).toEqual([
      { model: "doubao-seedance-2-0-260128", prompt: variables.$json.prompt, duration_seconds: 5 },
    ]);

    const [early, taken] = await hook.waitFor(2);
    expect([early?.path, taken?.path]).toEqual(
      [resumeUrl, resumeUrl].map((url) => url.slice(url.indexOf("/hook"))),
    );
    expect([early?.status, taken?.status]).toEqual([409, 200]);
    expect(taken?.headers["webhook-id"]).toBe(early?.headers["webhook-id"]);
    expect(id).toMatch(/^task_/);

    const $json = { body: JSON.parse(taken?.body ?? "") as Record<string, unknown> };
    expect(isReady($json)).toBe(true);
    expect(evaluate(parameters("Download it").url, { $json })).toMatch(/^http.*\.mp4/);
    expect($json.body["metadata_order"]).toBe("42");
  });

  it.each([
    [
      { body: { event: "video.failed", error_code: "timed_out", error_message: "Late." } },
      "timed_out: Late.",
    ],
    [{}, "Nothing came within two days."],
  ])("says why there is no video: %j", ($json, message) => {
    expect(isReady($json)).toBe(false);
    const { errorMessage } = parameters("Say why not");
    expect(evaluate(errorMessage, { $json })).toBe(message);
  });
});

function isReady($json: unknown): boolean {
  const { conditions } = parameters("Is it ready?");
  const [only, ...others] = conditions.conditions;
  expect(others).toEqual([]);
  expect(only?.operator).toEqual({ type: "string", operation: "equals" });
  return evaluate(only?.leftValue ?? "", { $json }) === only?.rightValue;
}
