import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../src/domain/delivery/delivery.ts";
import { aDelivery, anEndpoint, aTask, aTaskState, T0 } from "../../support/builders.ts";
import { EndpointHistory } from "../../support/model/endpoints.ts";
import type { Life } from "../../support/model/life.ts";
import { verdict, type Seen } from "../../support/model/verdict.ts";
import type { LoggedAttempt, WireCall } from "../../support/model/world.ts";

const HOUR = 3_600_000;
const MESSAGE = JSON.stringify({ id: "msg_1", type: "video.succeeded" });
const CLEAN = { lost: 0, doubled: 0, leaked: 0 };

function aCall(overrides: Partial<WireCall>): WireCall {
  const call = { kind: "submit", at: T0, word: "accepted", answeredAt: T0, process: 0 } as const;
  return {
    ...call,
    messageId: "",
    attempt: 0,
    body: "",
    url: "",
    endpoint: null,
    isElsewhere: false,
    ...overrides,
  };
}

function aCallback(overrides: Partial<WireCall> = {}): WireCall {
  return aCall({
    kind: "callback",
    word: "200",
    messageId: "msg_1",
    attempt: 1,
    body: MESSAGE,
    ...overrides,
  });
}

function anEnd(overrides: Partial<Delivery> = {}): Delivery {
  return aDelivery({ status: "delivered", scheduled: 1, settledAt: T0, ...overrides });
}

function anAttempt(number: number, trigger: LoggedAttempt["trigger"] = "scheduled"): LoggedAttempt {
  return { seq: 1, number, trigger, startedAt: T0, result: null };
}

/** A task that was accepted, succeeded, and was called back about. */
function aLife(overrides: Partial<Life> = {}, deliveries: Delivery[] = [anEnd()]): Life {
  const state = aTaskState({ task: aTask({ status: "succeeded", finishedAt: T0 }), deliveries });
  return {
    createId: "create-1",
    taskId: state.task.taskId,
    from: 0,
    until: Infinity,
    takenAt: T0,
    removed: false,
    end: null,
    asked: 0,
    queued: 0,
    recoveries: new Set(),
    deliveries: new Map(),
    checked: new Map(),
    taken: null,
    wasCutOff: false,
    wasSilent: false,
    endpoints: new EndpointHistory(),
    lastState: state,
    lastRows: {
      state,
      attempts: [anAttempt(1), anAttempt(2)],
      bodies: new Map(),
      alarm: null,
      key: false,
      parts: 0,
      digest: false,
      keys: [],
      endpoints: [],
    },
    ...overrides,
  };
}

function aWorld(overrides: Partial<Seen> = {}): Seen {
  const taken = { kind: "taken", replayed: false, taskId: "task_1" } as const;
  return {
    life: {
      keyed: true,
      first: null,
      repeats: false,
      events: ["video.succeeded", "video.failed"],
      timeoutMs: HOUR,
      poll: "succeeded",
      endpoints: [],
      silent: false,
      seed: 1,
    },
    creates: [{ request: { other: false, respondAsync: false }, answer: taken, answeredAt: T0 }],
    wire: [aCall({}), aCallback()],
    verdicts: [],
    shown: [MESSAGE],
    secrets: ["sk-own-key"],
    retryMs: [1_000],
    ...overrides,
  };
}

const running = aTaskState({ task: aTask({ status: "running", finishedAt: null }) });
const unsent = [aCall({})];
const manual = aLife().lastRows;

describe("the verdict on a life of the model", () => {
  it.each<[title: string, world: Partial<Seen>, life: Life]>([
    ["that was called back about", {}, aLife()],
    ["whose create was never answered", { creates: [], wire: unsent }, aLife({ takenAt: null })],
    ["that was deleted", { wire: unsent }, aLife({ removed: true, lastState: running })],
    [
      "whose receiver refused to hear more",
      { wire: [aCall({}), aCallback({ word: "410" })] },
      aLife({}, [anEnd({ status: "stopped" })]),
    ],
    [
      "whose receiver failed at every attempt",
      { wire: [aCall({}), aCallback({ word: "500" }), aCallback({ word: "500", attempt: 2 })] },
      aLife({}, [anEnd({ status: "exhausted", scheduled: 2 })]),
    ],
    [
      "that was submitted again after a 429",
      { wire: [aCall({ word: "429" }), aCall({}), aCallback()] },
      aLife(),
    ],
    [
      "that was called back about again after a crash",
      { wire: [aCall({}), aCallback(), aCallback({ attempt: 2, process: 1 })] },
      aLife(),
    ],
    [
      "that was called back about again by hand",
      { wire: [aCall({}), aCallback(), aCallback({ attempt: 2 })] },
      aLife({ lastRows: { ...manual, attempts: [anAttempt(1), anAttempt(2, "manual")] } }),
    ],
  ])("%s is clean", (_title, world, life) => {
    expect(verdict(aWorld(world), [life])).toEqual(CLEAN);
  });

  it.each<[title: string, world: Partial<Seen>, lives: Life[]]>([
    ["an accepted task without a row", { wire: unsent }, []],
    ["an accepted task without an end", {}, [aLife({ lastState: running })]],
    ["an end without its event", { wire: unsent }, [aLife({}, [])]],
    ["an event that is said to be delivered and never was", { wire: unsent }, [aLife()]],
    ["an event that still waits", { wire: unsent }, [aLife({}, [anEnd({ status: "pending" })])]],
    [
      "an event that was stopped without a cause",
      { wire: unsent },
      [aLife({}, [anEnd({ status: "stopped" })])],
    ],
    [
      "an event that was given up too early",
      { wire: [aCall({}), aCallback({ word: "500" })] },
      [aLife({}, [anEnd({ status: "exhausted" })])],
    ],
  ])("%s is lost", (_title, world, lives) => {
    expect(verdict(aWorld(world), lives)).toEqual({ ...CLEAN, lost: 1 });
  });

  it.each<[title: string, wire: WireCall[]]>([
    ["a submit after one that was accepted", [aCall({}), aCall({}), aCallback()]],
    [
      "a submit after one with an unknown outcome",
      [aCall({ word: "429", answeredAt: null }), aCall({}), aCallback()],
    ],
    ["a submit after a 500 that may not be repeated", [aCall({ word: "500" }), aCall({}), aCallback()]],
    ["a callback after a 2xx", [aCall({}), aCallback(), aCallback({ attempt: 2 })]],
    [
      "a second end",
      [
        aCall({}),
        aCallback(),
        aCallback({ messageId: "msg_2", body: JSON.stringify({ id: "msg_2", type: "video.failed" }) }),
      ],
    ],
  ])("%s is doubled", (_title, wire) => {
    expect(verdict(aWorld({ wire }), [aLife()])).toEqual({ ...CLEAN, doubled: 1 });
  });

  it("a recovery that sends again what was delivered is doubled, where a redelivery by hand is not", () => {
    const wire = [aCall({}), aCallback(), aCallback({ attempt: 2 })];
    const byHand = anAttempt(2, "manual");
    const live = (attempt: LoggedAttempt): Life =>
      aLife({ lastRows: { ...manual, attempts: [anAttempt(1), attempt] } });
    expect(verdict(aWorld({ wire }), [live(byHand)])).toEqual(CLEAN);
    const recovered = live({ ...byHand, recoveryId: "rec_1" });
    expect(verdict(aWorld({ wire }), [recovered])).toEqual({ ...CLEAN, doubled: 1 });
  });

  it("a 2xx of another URL is no delivery, unless a recovery goes there", () => {
    const wire = [aCall({}), aCallback({ isElsewhere: true })];
    const row = { ...anAttempt(1, "manual"), host: "elsewhere.test" };
    const live = (attempt: LoggedAttempt): Life =>
      aLife({ lastRows: { ...manual, attempts: [attempt] } }, [anEnd({ status: "exhausted" })]);
    expect(verdict(aWorld({ wire }), [live(row)])).toEqual({ ...CLEAN, lost: 1 });
    expect(verdict(aWorld({ wire }), [live({ ...row, recoveryId: "rec_1" })])).toEqual(CLEAN);
  });

  it.each<[title: string, end: Partial<Delivery>, calls: WireCall[], lost: number]>([
    ["that was told to an endpoint, too,", {}, [aCallback({ endpoint: "ep_a" })], 0],
    ["that an endpoint was never told of", {}, [], 1],
    ["whose endpoint said 410", { status: "stopped" }, [aCallback({ endpoint: "ep_a", word: "410" })], 0],
    ["whose endpoint was stopped by the 410 of the task's own receiver", { status: "stopped" }, [], 1],
  ])("an end %s counts by receiver", (_title, end, calls, lost) => {
    const endpoint = { id: "ep_a", host: "endpoint-a.test" };
    const taken = { ...endpoint, events: ["video.succeeded"], format: "standard" } as const;
    const life = aLife({ endpoints: new EndpointHistory() }, [anEnd(), anEnd({ seq: 2, endpoint, ...end })]);
    life.endpoints.look([anEndpoint({ id: "ep_a" })], T0);
    const { task } = life.lastState;
    life.lastState = { ...life.lastState, task: { ...task, endpoints: [taken] } };
    const own =
      lost === 1 && end.status === "stopped" ? [aCallback({ word: "410" }), aCallback()] : [aCallback()];
    expect(verdict(aWorld({ wire: [aCall({}), ...own, ...calls] }), [life])).toEqual({ ...CLEAN, lost });
  });

  it("a secret in a callback or a log line is leaked", () => {
    const shown = [MESSAGE, '{"event":"x","key":"sk-own-key"}'];
    expect(verdict(aWorld({ shown }), [aLife()])).toEqual({ ...CLEAN, leaked: 1 });
  });
});
