import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect } from "vitest";
import type { Fault, Gateway } from "../../../../dev/gateway.ts";
import type { Received } from "../../../../dev/receiver.ts";
import {
  newHook,
  submitsTo,
  type Hook,
  type Stack,
  type StackOptions,
  type TaskBody,
} from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

export type Answer = Omit<Fault, "on">;

export interface ErrorAnswer {
  error: {
    code: string;
    message: string;
    request_id: string;
    upstream?: { status: number; body?: unknown };
  };
}

export const PROMPT = "A lighthouse at dusk.";

export const TOKEN = "rb-the-token-of-alice";
export const OPERATOR_KEY = "sk-the-operators-key";
export const OPERATOR: StackOptions = {
  token: TOKEN,
  settings: {
    AIO_API_KEY: OPERATOR_KEY,
    RINGBACK_KEYS: `alice:${createHash("sha256").update(TOKEN).digest("hex")}`,
  },
};

/** The answers of the upstream that tell nothing about whether it accepted. */
export function unknownAnswers(): [name: string, answer: Answer][] {
  const page = { body: "<!doctype html><title>A page</title>", headers: { "content-type": "text/html" } };
  const accepted = JSON.stringify({ task_id: "cgt-1", status: "queued" });
  return [
    ...[408, 409, 425, 499].map((status): [string, Answer] => [`${status}`, { status }]),
    ...[500, 501, 502, 503, 504, 505, 507, 511, 520, 522, 524, 530, 599].map((status): [string, Answer] => [
      `${status}`,
      { status },
    ]),
    ["502 with a page", { status: 502, ...page }],
    ["500 with a bare id", { status: 500, body: { id: "error-5" } }],
    ["409 with a bare id", { status: 409, body: { id: "request-5", message: "busy" } }],
    ["500 with Retry-After", { status: 500, headers: { "retry-after": "1" } }],
    ["504 with Retry-After", { status: 504, headers: { "retry-after": "1" } }],
    ["503 with an unreadable Retry-After", { status: 503, headers: { "retry-after": "soon" } }],
    ["503 with a negative Retry-After", { status: 503, headers: { "retry-after": "-5" } }],
    ["200 with a page", { status: 200, ...page }],
    ["200 with an empty body", { status: 200, body: "" }],
    ["204", { status: 204 }],
    ["200 with null", { status: 200, body: "null" }],
    ["200 with a list", { status: 200, body: `[${accepted}]` }],
    ["200 without an id", { status: 200, body: { status: "queued" } }],
    ["202 with an empty object", { status: 202, body: {} }],
    ["200 with an error in it", { status: 200, body: { code: 1, message: "busy", data: null } }],
    ["200 with an id that is no id", { status: 200, body: { task_id: { a: 1 } } }],
    ["200 with half of its JSON", { status: 200, body: accepted.slice(0, -5) }],
    ["200 that breaks off", { status: 200, body: accepted, drop: "mid-body" }],
    ["400 that breaks off", { status: 400, drop: "mid-body" }],
    ["a connection closed before it was processed", { drop: "before" }],
    ["a connection closed after it was processed", { drop: "after" }],
    ["a connection closed within the headers", { drop: "mid-headers" }],
    ["an answer after the timeout", { delayMs: 1500 }],
    ["an answer that never ends", { process: true, drip: { chunk: " ", everyMs: 100 } }],
  ];
}

/** Waits for the terminal callback and gives its event; fails if there is, or will be, a second one. */
export async function onlyEvent(
  stack: Stack,
  hook: Hook,
  id: string,
): Promise<{ type: string; data: TaskBody }> {
  await hook.waitFor(1);
  const settled = await stack.task(id, ({ callback }) => callback?.status === "delivered");
  expect(settled.callback?.attempts).toBe(1);
  expect(await stack.deliveries(id)).toHaveLength(1);
  expect(hook.received()).toHaveLength(1);
  return eventOf(hook.received()[0]);
}

function eventOf(received: Received | undefined): { type: string; data: TaskBody } {
  return JSON.parse(received?.body ?? "null") as { type: string; data: TaskBody };
}

export function submittedBodies(gateway: Gateway): string[] {
  return submitsTo(gateway).map(({ body }) => createHash("sha256").update(body).digest("hex"));
}

interface Submits {
  stack: Stack;
  /** The callback URL of the test that runs. */
  hook(): Hook;
  /** A create whose submit is answered as planned. */
  create(answer: Answer, fields?: object, headers?: Record<string, string>): Promise<Response>;
  /** The same, answered with a task. */
  created(answer: Answer, fields?: object, headers?: Record<string, string>): Promise<TaskBody>;
}

/** One stack for all tests of a `describe`, where callers submit with their own keys, and a callback URL for each test. */
export function useSubmits(): Submits {
  const stack = useStack();
  let hook: Hook;
  beforeEach(() => {
    stack.gateway.calls.length = 0;
    stack.gateway.tasks.clear();
    hook = newHook(stack);
  });
  afterEach(() => stack.gateway.clearFaults());
  const create: Submits["create"] = async (answer, fields = {}, headers = {}) => {
    stack.gateway.fault({ on: "submit", ...answer });
    return stack.create({ prompt: PROMPT, callback_url: hook.url, ...fields }, headers);
  };
  return {
    stack,
    hook: () => hook,
    create,
    created: async (...given) => {
      const response = await create(...given);
      expect(response.status).toBe(202);
      return (await response.json()) as TaskBody;
    },
  };
}
