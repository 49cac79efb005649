import { expect, it } from "vitest";
import { SimulatedWorld } from "../../support/model/simulated/world.ts";

/*
 * scenario                                            requirement
 * polls that hang until the deadline, so that the     the account is told of every end: its list does not wait
 * run that finds the end is past its time             for its own look at the task
 */

it("an end that a long run finds is told to the account by the same run", async () => {
  const world = new SimulatedWorld({
    keyed: false,
    first: null,
    repeats: false,
    events: null,
    timeoutMs: 60_000,
    poll: "running",
    endpoints: [],
    silent: false,
    seed: 0,
  });
  try {
    await world.create({ other: false, respondAsync: false });
    for (let alarm = 0; alarm < 3; alarm++) await world.fire();
    // The first poll that hangs is followed by another one in the same run.
    world.script.hold.add("poll");
    await world.fire();
    world.script.hold.add("poll");
    await world.pass(120_000);
    expect((await world.rows()).state?.task.error?.code).toBe("timed_out");
    expect(world.wire.map(({ word }) => word).slice(-2)).toEqual(["timeout", "timeout"]);
    // The row of an account that was not told has no time to go.
    await world.fire();
    expect((await world.rows()).state).toBeNull();
    expect(await world.accountRows()).toBe(0);
    expect(world.deaths).toEqual([]);
  } finally {
    world.close();
  }
});
