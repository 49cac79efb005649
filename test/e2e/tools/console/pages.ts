import { afterEach, expect } from "vitest";
import { MODEL, OWN_KEY, type Stack } from "../../../support/stack.ts";
import { newVisitor, whereTo, type Visitor } from "../../../support/browsers/visitor.ts";
import { useStack } from "../../../support/use-stack.ts";

/** One stack for all tests of a file, whose gateway and receiver are as they were after each. */
export function usePages(): Stack {
  const stack = useStack();
  afterEach(() => {
    stack.gateway.clearFaults();
    stack.receiver.defaultReply({ status: 200, body: "ok" });
  });
  return stack;
}

/** The form of a new task, filled in. */
export const FORM = {
  mode: "text",
  model: MODEL,
  prompt: "A lighthouse at dusk.",
  aspect_ratio: "16:9",
  duration_seconds: "5",
  resolution: "720p",
  with_audio: "true",
  endpoints: "true",
};

export async function signedIn(stack: Stack, key = OWN_KEY): Promise<Visitor> {
  const visitor = newVisitor(stack);
  expect(whereTo(await visitor.signIn(key))).toBe("303 /");
  return visitor;
}
