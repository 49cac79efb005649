import { afterEach, beforeEach, expect } from "vitest";
import type { Stack, TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

export const PROMPT = "A lighthouse at dusk.";

export async function bodyOf(response: Response): Promise<TaskBody> {
  expect(response.status).toBe(202);
  return (await response.json()) as TaskBody;
}

/** A create whose JSON is this very text. */
export async function post(
  stack: Stack,
  body: string,
  key: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return stack.call("/v1/videos", {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key, ...headers },
    body,
  });
}

export async function expectReplay(response: Response, id: string): Promise<TaskBody> {
  const task = await bodyOf(response);
  expect(response.headers.get("idempotent-replayed")).toBe("true");
  expect(task.task_id).toBe(id);
  expect(response.headers.get("location")).toMatch(new RegExp(`/v1/videos/${id}$`));
  return task;
}

export async function expectError(response: Response, status: number, code: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get("idempotent-replayed")).toBeNull();
  expect(await response.json()).toMatchObject({ error: { code } });
}

interface Keyed {
  stack: Stack;
  /** The idempotency key of the test that runs. */
  key(): string;
  /** A create under it. */
  create(fields?: Record<string, unknown>, headers?: Record<string, string>): Promise<Response>;
}

/** One stack for all tests of a `describe`, and a key for each. */
export function useKeys(): Keyed {
  const stack = useStack();
  let key: string;
  let serial = 0;
  beforeEach(() => {
    serial += 1;
    key = `key-${serial}`;
    stack.gateway.calls.length = 0;
  });
  afterEach(() => stack.gateway.clearFaults());
  return {
    stack,
    key: () => key,
    create: async (fields = {}, headers = {}) =>
      stack.create({ prompt: PROMPT, ...fields }, { "idempotency-key": key, ...headers }),
  };
}
