import { describe, expect, it } from "vitest";
import { eventually, FAST_SETTINGS, newHook, type Hook } from "../../../support/stack.ts";
import { taken, useOutages } from "./outages.ts";

/*
 * scenario                                        requirement (contract, Recovery)
 * the process ends in the middle                  it goes on, and no task is sent to twice
 * settings that do not parse meanwhile            nothing is lost: it goes on when they do
 * RINGBACK_SECRET changed meanwhile               nothing is sent on a guess: it goes on when the seal opens
 */

const { stack, other, call, start, read, ended, anOutage } = useOutages();

/**
 * How many have failed; none was sent to twice. What was on the wire when the process ended has no known outcome: it has failed, whether or not
 * it arrived, and is not sent again.
 */
async function failedOf(id: string, ids: readonly string[], hook: Hook): Promise<number> {
  const over = await ended(id);
  expect(over).toMatchObject({ status: "done", matched: ids.length, remaining: 0 });
  expect(over.delivered + over.failed).toBe(ids.length);
  const arrived = taken(hook);
  expect(new Set(arrived).size).toBe(arrived.length);
  expect(ids.filter((task) => !arrived.includes(task)).length).toBeLessThanOrEqual(over.failed);
  return over.failed;
}

describe("a process that ends in the middle", () => {
  it("is followed by one that goes on; no task is sent to twice", { timeout: 60_000 }, async () => {
    const hook = newHook(stack);
    const ids = await anOutage(40, hook);
    stack.receiver.defaultReply({ status: 200, delayMs: 100 });
    const before = hook.received().length;
    const { id } = await start();
    await hook.waitFor(before + 10);
    await stack.restart();
    expect(await failedOf(id, ids, hook)).toBeLessThanOrEqual(5);
  });

  it("goes on after settings that did not parse", { timeout: 60_000 }, async () => {
    const hook = newHook(stack);
    const ids = await anOutage(20, hook);
    stack.receiver.defaultReply({ status: 200, delayMs: 100 });
    const before = hook.received().length;
    const { id } = await start();
    await hook.waitFor(before + 3);
    await stack.restart({ POLL_MIN_SECONDS: "soon" });
    expect((await call("GET", `/${id}`)).status).toBe(503);
    await stack.restart();
    expect(await failedOf(id, ids, hook)).toBeLessThanOrEqual(5);
  });

  it(
    "sends nothing while its receiver's seal does not open, and goes on when it does",
    { timeout: 60_000 },
    async () => {
      const secret = "another secret of the tests, long enough to count";
      const hook = newHook(stack);
      await anOutage(10, hook);
      other().defaultReply({ status: 200, delayMs: 100 });
      other().received.length = 0;
      const { id } = await start({ callback_url: other().url, callback_headers: { "x-new": "a-value" } });
      await other().waitFor(2);
      await stack.restart({ RINGBACK_SECRET: secret });
      other().received.length = 0;
      await eventually(
        async () => read(id),
        () =>
          stack.logs.some(
            (line) => line.includes('"recovery.failed"') && line.includes(id) && line.includes("SealError"),
          ),
      );
      expect(await read(id)).toMatchObject({ status: "running", matched: 10 });
      expect(other().received).toEqual([]);
      await stack.restart({
        RINGBACK_SECRET: secret,
        RINGBACK_SECRET_PREVIOUS: FAST_SETTINGS["RINGBACK_SECRET"] ?? "",
      });
      expect(await ended(id)).toMatchObject({ status: "done", matched: 10, remaining: 0 });
      expect(other().received.length).toBeGreaterThan(0);
      expect(other().received.every(({ headers }) => headers["x-new"] === "a-value")).toBe(true);
      await stack.restart();
    },
  );
});
