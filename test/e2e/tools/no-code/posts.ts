import { afterEach } from "vitest";
import { submitsTo, OWN_KEY, sendRaw, type RawAnswer, type Stack } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

interface Posts {
  stack: Stack;
  post(
    body: string | Uint8Array,
    type: string,
    more?: Record<string, string>,
    path?: string,
  ): Promise<RawAnswer>;
  /** What reached the upstream. */
  forwarded(): unknown;
}

/** One stack for all tests of a file, each of which sees its own calls. */
export function usePosts(): Posts {
  const stack = useStack();
  afterEach(() => {
    stack.gateway.calls.length = 0;
  });
  return {
    stack,
    post: async (body, type, more = {}, path = "/videos") => {
      const headers = { authorization: `Bearer ${OWN_KEY}`, "content-type": type, ...more };
      return sendRaw(`${stack.worker.url}/v1${path}`, { method: "POST", headers, chunks: [body] });
    },
    forwarded: () => {
      const [submit] = submitsTo(stack.gateway);
      return submit && JSON.parse(submit.body.toString());
    },
  };
}
