import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FIRST_VERSION } from "../../../src/domain/account/signing-versions.ts";
import { WITHOUT_SETTINGS } from "../../../src/task-object/alarm.ts";
import { attemptStep } from "../../../src/task-object/steps/attempt.ts";
import type { TaskDeps } from "../../../src/task-object/deps.ts";
import { RunningSteps } from "../../../src/task-object/running-steps.ts";
import { sealParts } from "../../../src/task-object/document/sealed.ts";
import { TaskStore } from "../../../src/task-object/document/store.ts";
import { submitStep } from "../../../src/task-object/steps/submit.ts";
import { aDelivery, aDocument, anUnsubmittedTask, aTask, T0 } from "../../support/builders.ts";
import { MemoryStorage } from "../../support/model/simulated/memory-storage.ts";
import { SimulatedWorld } from "../../support/model/simulated/world.ts";
import type { WireKind } from "../../support/model/world.ts";

/*
 * The runtime holds a request back until what was written before it is on disk. Here that takes three seconds.
 *
 * scenario                                            requirement
 * a submit, at once or later, and an attempt          its time limit starts when the request really starts
 * a task that is deleted meanwhile                    nothing goes out after the answer to a delete
 */

const DISK_MS = 3_000;

function sentAt(world: SimulatedWorld, kind: WireKind): number | null {
  return world.wire.find((call) => call.kind === kind)?.at ?? null;
}

describe("a disk that is slow", () => {
  let world: SimulatedWorld;

  beforeEach(() => {
    world = new SimulatedWorld({
      keyed: false,
      first: null,
      repeats: false,
      events: ["video.succeeded", "video.failed"],
      timeoutMs: 600_000,
      poll: "succeeded",
      endpoints: [],
      silent: false,
      seed: 5,
    });
    world.failing.sync = async () =>
      new Promise((resolve) => {
        setTimeout(resolve, DISK_MS);
      });
  });
  afterEach(() => world.close());

  it.each([
    { what: "a create's submit", respondAsync: false },
    { what: "a submit that follows its create", respondAsync: true },
  ])("holds $what back before its time begins", async ({ respondAsync }) => {
    const createdAt = world.now();
    await world.create({ other: false, respondAsync });
    if (respondAsync) await world.fire();
    expect(sentAt(world, "submit")).toBeGreaterThanOrEqual(createdAt + DISK_MS);
    expect((await world.rows()).state?.task.submit.phase).toBe("done");
  });

  it("holds an attempt back before its time begins, and after its row was written", async () => {
    await world.create({ other: false, respondAsync: false });
    for (let alarm = 0; alarm < 5 && sentAt(world, "callback") === null; alarm++) await world.fire();
    const { attempts } = await world.rows();
    expect(attempts).toHaveLength(1);
    expect(sentAt(world, "callback")).toBe((attempts[0]?.startedAt ?? 0) + DISK_MS);
  });
});

describe("a task that is deleted while the disk is slow", () => {
  const sent: string[] = [];
  /** The object's own parts, with a disk during whose writing the task is erased. */
  function rig(): TaskDeps {
    sent.length = 0;
    const storage = new MemoryStorage(() => undefined);
    const store = new TaskStore(storage, { now: () => T0, retentionMs: () => 1000 });
    storage.sync = async () => store.erase();
    return {
      store,
      running: new RunningSteps(),
      session: { connect: async () => ({ submit: async () => sent.push("submit") }) },
      settings: {
        ...WITHOUT_SETTINGS,
        roots: ["a secret of the test, long enough to count"],
        callback: { retryMs: [], timeoutMs: 15_000, holdMs: 0, allowPrivate: false },
      },
      now: () => T0,
      random: () => 0.5,
      log: () => undefined,
      signingVersions: async () => FIRST_VERSION,
      send: async () => sent.push("callback"),
    } as unknown as TaskDeps;
  }

  it("is not submitted", async () => {
    const deps = rig();
    const task = anUnsubmittedTask("due");
    const parts = await sealParts(deps, task, new TextEncoder().encode("{}"));
    deps.store.create(aDocument({ task }), parts);
    await submitStep(deps);
    expect({ sent, state: deps.store.load() }).toEqual({ sent: [], state: null });
  });

  it("is not called back about", async () => {
    const deps = rig();
    const task = aTask({ status: "succeeded", finishedAt: T0 });
    deps.store.create(aDocument({ task }), null);
    deps.store.update(task.createId, () => ({ deliveries: [aDelivery()] }));
    await attemptStep(deps, 1);
    expect({ sent, state: deps.store.load() }).toEqual({ sent: [], state: null });
  });
});
