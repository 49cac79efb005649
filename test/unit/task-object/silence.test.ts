import { expect, it } from "vitest";
import { isTerminal } from "../../../src/domain/task/task.ts";
import { SimulatedWorld } from "../../support/model/simulated/world.ts";

/*
 * scenario                                            requirement
 * the account and the cadence say nothing for an      never needed for progress: the task asks on, by its own
 * hour, and the upstream answers 429 in between       backoff and plan, ends, and is called back
 */

const HOUR_MS = 3_600_000;
const ALARMS_MAX = 2_000;

/** Lets the alarms ring until it is so. */
async function until(world: SimulatedWorld, isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (let alarm = 0; alarm < ALARMS_MAX; alarm++) {
    if (await isSo()) return;
    if (!(await world.fire())) throw new Error("no alarm is set");
  }
  throw new Error(`not after ${ALARMS_MAX} alarms`);
}

it("a task needs neither its account nor its cadence, were they silent for an hour", async () => {
  const world = new SimulatedWorld({
    keyed: false,
    first: null,
    repeats: false,
    events: ["video.succeeded", "video.failed"],
    timeoutMs: 24 * HOUR_MS,
    poll: "running",
    endpoints: [],
    silent: false,
    seed: 1,
  });
  try {
    world.script.silentAccount = true;
    world.script.submit = ["429", "429", "429"];
    world.script.poll = ["429", "429", "429+30", "running", "429"];
    await world.create({ other: false, respondAsync: false });
    const startedAt = world.now();
    await until(world, () => world.now() > startedAt + HOUR_MS);
    const polls = world.wire.filter(({ kind }) => kind === "poll").length;
    // At most two minutes apart, in this world; and a silent cadence costs each call a second.
    expect(polls).toBeGreaterThan(25);
    world.script.poll = ["succeeded"];
    await until(world, async () => {
      const { state } = await world.rows();
      return (
        state !== null &&
        isTerminal(state.task) &&
        state.deliveries.every(({ status }) => status === "delivered")
      );
    });
    const { state } = await world.rows();
    expect(state?.task.status).toBe("succeeded");
    expect(state?.deliveries).toHaveLength(1);
    expect(world.wire.filter(({ kind }) => kind === "submit").map(({ word }) => word)).toEqual([
      "429",
      "429",
      "429",
      "accepted",
    ]);
    expect(state?.sync.paced).toBe(true);
    expect(world.problems).toEqual([]);
  } finally {
    world.close();
  }
});
