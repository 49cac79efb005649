import { afterEach, beforeEach, expect } from "vitest";
import type { GatewayCall } from "../../../../dev/gateway.ts";
import { newHook, submitsTo, type Hook, type Stack } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

export const TASK_ID = expect.stringMatching(/^task_[A-Za-z0-9]+$/) as string;

interface StrictStack {
  stack: Stack;
  /** The callback URL of the test that runs. */
  hook(): Hook;
  onlySubmit(): GatewayCall;
  /** A create whose body is this very text. */
  post(body: string | Uint8Array<ArrayBuffer>, headers?: Record<string, string>): Promise<Response>;
}

/** One stack for all tests of a file, with VALIDATION=strict, and a callback URL for each test. */
export function useStrictStack(): StrictStack {
  const stack = useStack({ settings: { VALIDATION: "strict" } });
  let hook: Hook;
  beforeEach(() => {
    stack.gateway.calls.length = 0;
    hook = newHook(stack);
  });
  afterEach(() => stack.gateway.clearFaults());
  return {
    stack,
    hook: () => hook,
    onlySubmit: () => {
      const [first, ...others] = submitsTo(stack.gateway);
      if (first === undefined) throw new Error("nothing was submitted");
      expect(others).toEqual([]);
      return first;
    },
    post: async (body, headers = {}) =>
      stack.call("/v1/videos", {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body,
      }),
  };
}
