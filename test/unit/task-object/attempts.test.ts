import { expect, it } from "vitest";
import { SimulatedWorld } from "../../support/model/simulated/world.ts";
import type { WireCall } from "../../support/model/world.ts";

/*
 * scenario                                            requirement
 * a receiver that hangs, while event after event      at most six attempts of one object at once, and the end waits
 * comes, and all are asked for again by hand          for none of the others; polls go on
 */

function callbacks(world: SimulatedWorld): WireCall[] {
  return world.wire.filter(({ kind }) => kind === "callback");
}

/** How many were on the wire when this one left, itself included. */
function besides(call: WireCall, all: readonly WireCall[]): number {
  return all.filter(({ at, answeredAt }) => at <= call.at && (answeredAt ?? Infinity) > call.at).length;
}

it("no more than six attempts are on the wire, and the end's is among the first", async () => {
  const world = new SimulatedWorld({
    keyed: false,
    first: null,
    repeats: false,
    events: ["video.succeeded", "video.failed", "video.running", "video.progress"],
    timeoutMs: 600_000,
    poll: "running",
    endpoints: [],
    silent: false,
    seed: 3,
  });
  try {
    world.script.callback = Array.from({ length: 200 }, () => "timeout" as const);
    world.script.poll = ["running", "progress 15", "progress 60"];
    await world.create({ other: false, respondAsync: false });
    const types = async () => (await world.rows()).state?.deliveries.map(({ type }) => type) ?? [];
    for (let second = 0; second < 300 && (await types()).length < 3; second++) {
      await world.pass(1_000);
      await world.fire();
    }
    expect(await types()).toEqual(["video.running", "video.progress", "video.progress"]);
    // The news that hangs leaves a place.
    const news = callbacks(world);
    expect(Math.max(...news.map((call) => besides(call, news)))).toBe(3);
    world.script.poll = ["succeeded"];
    for (let second = 0; second < 60 && (await types()).length < 4; second++) {
      await world.pass(1_000);
      await world.fire();
    }
    const { state } = await world.rows();
    const end = state?.deliveries.find(({ type }) => type === "video.succeeded");
    const sent = callbacks(world).find(({ messageId }) => messageId === end?.messageId);
    expect((sent?.at ?? Infinity) - (end?.occurredAt ?? 0)).toBeLessThan(1_000);
    for (const { messageId } of state?.deliveries ?? []) {
      for (let again = 0; again < 2; again++)
        expect(await world.redeliver({ messageId, endpoint: null, isElsewhere: false })).toBe("queued");
    }
    const before = callbacks(world).length;
    for (let alarm = 0; alarm < 20; alarm++) await world.fire();
    const all = callbacks(world);
    expect(all.length - before).toBeGreaterThanOrEqual(8);
    expect(Math.max(...all.map((call) => besides(call, all)))).toBe(4);
    expect(world.problems).toEqual([]);
  } finally {
    world.close();
  }
});
