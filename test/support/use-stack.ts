import { afterAll, beforeAll } from "vitest";
import { startStack, type Stack, type StackOptions } from "./stack.ts";

/** One stack for all tests of a file or of a `describe`. */
export function useStack(options?: StackOptions): Stack {
  let started: Stack | null = null;
  const stack = (): Stack => {
    if (started === null) throw new Error("the stack starts before the first test, not before that");
    return started;
  };
  beforeAll(async () => {
    started = await startStack(options);
  });
  afterAll(async () => started?.close());
  return {
    get gateway() {
      return stack().gateway;
    },
    get receiver() {
      return stack().receiver;
    },
    get worker() {
      return stack().worker;
    },
    get logs() {
      return stack().logs;
    },
    get accepted() {
      return stack().accepted;
    },
    call: async (...given) => stack().call(...given),
    create: async (...given) => stack().create(...given),
    task: async (...given) => stack().task(...given),
    deliveries: async (...given) => stack().deliveries(...given),
    restart: async (...given) => stack().restart(...given),
    close: async () => stack().close(),
  };
}
