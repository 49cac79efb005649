import { expect } from "vitest";
import { RingbackError } from "../../../../src/client/index.ts";

/** A network that fails the first `times` calls, before or after they have reached Ringback. */
export function failing(
  where: "before" | "after" | "in the body",
  times = 1,
): { fetch: typeof fetch; calls: Request[] } {
  const calls: Request[] = [];
  return {
    calls,
    fetch: async (url, init) => {
      calls.push(new Request(url, init));
      const fails = calls.length <= times;
      if (fails && where === "before") throw new TypeError("fetch failed");
      const response = await fetch(url, init);
      if (fails && where === "after") throw new TypeError("fetch failed");
      if (!fails) return response;
      await response.arrayBuffer();
      return new Response('{"object":"video.ta', response);
    },
  };
}

export async function refusalOf(answer: Promise<unknown>): Promise<RingbackError> {
  const error = await answer.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RingbackError);
  return error as RingbackError;
}
