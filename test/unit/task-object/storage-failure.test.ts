import { describe, expect, it } from "vitest";
import { Guarantees } from "../../support/model/guarantees.ts";
import type { FailurePlan } from "../../support/model/simulated/failing-storage.ts";
import { SimulatedWorld } from "../../support/model/simulated/world.ts";
import { verdict, type Verdict } from "../../support/model/verdict.ts";
import type { LifePlan, Script } from "../../support/model/world.ts";

/*
 * One life after another, from create to retention; in the n-th its storage fails at the n-th call that a run of the
 * alarm makes.
 *
 * scenario                                            requirement
 * storage that fails once                             the run throws, the platform repeats it, and every guarantee holds
 * storage that fails on until the run is over         the same: what an object sees that a deployment has superseded
 * a fault that looks like ours                        the run throws or has set an alarm
 * an attempt is on the wire when storage fails        its outcome is recorded before the run throws
 */

const SUPERSEDED = Object.assign(new Error("Durable Object reset because its code was updated."), {
  durableObjectReset: true,
});
const LOST = new Error("Network connection lost.");
const LIKE_OURS = new TypeError("not a number");

interface Scenario {
  name: string;
  life: Partial<LifePlan>;
  script: Partial<Script>;
}

const SCENARIOS: Scenario[] = [
  {
    name: "a task that runs, succeeds and calls back",
    life: { events: ["video.succeeded", "video.failed", "video.running", "video.progress"] },
    script: { poll: ["running", "progress 15", "429", "succeeded"], callback: ["500", "429+30"] },
  },
  {
    name: "a task that is submitted later and fails",
    life: { first: { other: false, respondAsync: true }, repeats: true },
    script: { submit: ["429", "500", "accepted"], poll: ["404", "failed"], callback: ["410"] },
  },
  {
    name: "a task whose result is kept at the second try",
    life: { keep: true, isSecret: true },
    script: { copy: ["404"] },
  },
  {
    name: "a task without a callback that times out",
    life: { events: null, timeoutMs: 60_000, poll: "running" },
    script: {},
  },
];

function aWorld({ life, script }: Scenario): SimulatedWorld {
  const world = new SimulatedWorld({
    keyed: true,
    first: { other: false, respondAsync: false },
    repeats: false,
    events: ["video.succeeded", "video.failed"],
    timeoutMs: 600_000,
    poll: "succeeded",
    endpoints: [],
    silent: false,
    seed: 7,
    ...life,
  });
  Object.assign(world.script, structuredClone(script));
  return world;
}

/** No life makes more calls of storage, and none needs more alarms. */
const CALLS_MAX = 2_000;
const ALARMS_MAX = 200;

interface Life {
  found: Verdict;
  /** The method of storage that failed, and whether the run threw; null: the life made fewer calls. */
  failed: { method: string; threw: boolean } | null;
}

/** From create to retention, by alarms alone. Every guarantee is looked at after each of them. */
async function live(scenario: Scenario, plan: FailurePlan): Promise<Life> {
  const world = aWorld(scenario);
  try {
    const model = new Guarantees();
    let failed: Life["failed"] = null;
    world.failing.plan(plan);
    await world.create({ other: false, respondAsync: false, ...scenario.life.first });
    await model.look(world);
    for (let alarm = 0; alarm < ALARMS_MAX; alarm++) {
      const { thrown } = world;
      const fired = await world.fire();
      if (!fired) return { found: verdict(world, model.past), failed };
      const method = world.failing.failed;
      if (method !== null) failed = { method, threw: world.thrown > thrown };
      await model.look(world);
    }
    throw new Error("a life without an end");
  } finally {
    world.close();
  }
}

/** Lives one life for each call of storage; how each ended that had a failure in it. */
async function sweep(scenario: Scenario, plan: Omit<FailurePlan, "nth">): Promise<Life[]> {
  const lives: Life[] = [];
  for (let nth = 1; nth < CALLS_MAX; nth++) {
    const life = await live(scenario, { nth, ...plan }).catch((error: unknown) => {
      throw new Error(`failed at call ${nth}`, { cause: error });
    });
    if (life.failed === null) return lives;
    lives.push(life);
  }
  throw new Error("a life without an end");
}

const CLEAN = { lost: 0, doubled: 0, leaked: 0 };

describe.each(SCENARIOS)("the storage of $name", (scenario) => {
  it("fails at any one call: the run throws, or has set an alarm after all, and every guarantee holds", async () => {
    const lives = await sweep(scenario, { lasting: false, error: LOST });
    expect(lives.length).toBeGreaterThan(10);
    for (const { found, failed } of lives) {
      expect(found).toEqual(CLEAN);
      // An alarm that could not be set is set again by the end of the run.
      if (failed?.method !== "setAlarm") expect(failed).toMatchObject({ threw: true });
    }
  });

  it("fails from any call on until the run is over: the run throws, and every guarantee holds", async () => {
    const lives = await sweep(scenario, { lasting: true, error: SUPERSEDED });
    expect(lives.length).toBeGreaterThan(10);
    for (const { found, failed } of lives) {
      expect(found).toEqual(CLEAN);
      expect(failed).toMatchObject({ threw: true });
    }
  });

  it("fails as a fault of ours would: the run has set an alarm where it has not thrown", async () => {
    for (const lasting of [false, true]) {
      const lives = await sweep(scenario, { lasting, error: LIKE_OURS });
      expect(lives.length).toBeGreaterThan(10);
      // That an alarm is set is one of the guarantees, looked at after each run.
      for (const { found } of lives) expect(found).toEqual(CLEAN);
    }
  });
});

describe("an attempt that is on the wire when the storage of another step fails", () => {
  it("is recorded before the run throws, and not sent again", async () => {
    const world = aWorld({
      name: "",
      life: { events: ["video.running"], poll: "running" },
      script: { poll: ["running", "running", "progress 15"], hold: new Set(["callback"]) },
    });
    try {
      await world.create({ other: false, respondAsync: false });
      const sent = () => world.wire.filter(({ kind }) => kind === "callback");
      for (let alarm = 0; alarm < 10 && sent().length === 0; alarm++) await world.fire();
      world.script.poll = ["progress 60"];
      world.failing.plan({ nth: 1, lasting: false, error: LOST });
      // The receiver hangs for 15 s; the poll that cannot be written down comes before.
      for (let second = 0; second < 10 && world.failing.failed === null; second++) await world.pass(1_000);
      expect(world.failing.failed).not.toBeNull();
      expect({ busy: world.busy().alarm, thrown: world.thrown }).toEqual({ busy: true, thrown: 0 });
      await world.release();
      expect({ busy: world.busy().alarm, thrown: world.thrown }).toEqual({ busy: false, thrown: 1 });
      const { state, attempts, alarm } = await world.rows();
      expect(attempts.map(({ result }) => result?.outcome)).toEqual(["delivered"]);
      expect(state?.deliveries.map(({ status }) => status)).toEqual(["delivered"]);
      expect(alarm).not.toBeNull();
      await world.fire();
      expect(sent()).toHaveLength(1);
    } finally {
      world.close();
    }
  });
});
