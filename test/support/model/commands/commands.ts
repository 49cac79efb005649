import fc from "fast-check";
import { expect } from "vitest";
import { deliveriesTo, terminalDelivery } from "../../../../src/domain/delivery/by-receiver.ts";
import type { TaskState } from "../../../../src/domain/task/due-work.ts";
import { isUnproved, type KeyVerdict } from "../../../../src/domain/task/key-proof.ts";
import { isTerminal } from "../../../../src/domain/task/task.ts";
import {
  ENDPOINT_CHANGES,
  ENDPOINT_IDS,
  type EndpointChangeWord,
  type EndpointId,
  type EndpointPlan,
} from "../endpoints.ts";
import { Guarantees } from "../guarantees.ts";
import { verdict, type Verdict } from "../verdict.ts";
import {
  CALLBACK_WORDS,
  COPY_WORDS,
  KEY_WORDS,
  emptyScript,
  POLL_WORDS,
  SUBMIT_WORDS,
  type CallbackWord,
  type CopyWord,
  type CrashPlan,
  type CreateRequest,
  type LifePlan,
  type PollWord,
  type Recovery,
  type Redelivery,
  type Rows,
  type SubmitWord,
  type WireKind,
  type World,
} from "../world.ts";

/** A command, in words that a counterexample is read by. */
interface Move {
  text: string;
  /** Whether it makes sense now. */
  fits?: (world: World) => boolean;
  run: (world: World, model: Guarantees, before: Rows) => Promise<void>;
}

export const counted = { commands: 0, alarms: 0, deaths: 0, requests: 0 };

class Command implements fc.AsyncCommand<Guarantees, World> {
  readonly #move: Move;

  constructor(move: Move) {
    this.#move = move;
  }

  check(): boolean {
    return true;
  }

  async run(model: Guarantees, world: World): Promise<void> {
    if (this.#move.fits && !this.#move.fits(world)) return;
    counted.commands += 1;
    const before = await model.look(world);
    await this.#move.run(world, model, before);
    await model.look(world);
  }

  toString(): string {
    return this.#move.text;
  }
}

function create(request: CreateRequest): Move {
  const traits = [request.other ? "another body" : "", request.respondAsync ? "respond-async" : ""];
  return {
    text: ["create", ...traits.filter((word) => word !== "")].join(", "),
    fits: ({ life, creates }) => life.keyed || creates.length === 0,
    run: async (world, model, before) => {
      const deaths = world.deaths.length;
      const wire = world.wire.length;
      if (before.state === null && !before.digest) model.reopen();
      const count = world.creates.length;
      await world.create(request);
      const call = world.creates[count];
      if (!call?.answer || world.deaths.length > deaths) return;
      const { kind } = call.answer;
      const sent = world.wire.slice(wire).filter((made) => made.kind === "submit").length;
      if (kind === "misconfigured") expect(sent).toBe(0);
      else if (before.state !== null || before.digest) {
        expect(sent, "a replay submits nothing").toBe(0);
        expect(kind, "a replay's answer").toBe(replayKind(request.other === model.other, before, world));
        if (call.answer.kind === "taken") {
          expect(call.answer).toEqual({ kind, replayed: true, taskId: before.state?.task.taskId });
        }
      } else {
        expect(sent).toBe(request.respondAsync ? 0 : 1);
        const refused = !request.respondAsync && world.wire.at(-1)?.word === "400";
        expect(kind, "a new create's answer").toBe(refused ? "refused" : "taken");
      }
    },
  };
}

function replayKind(same: boolean, before: Rows, world: World): string {
  if (!same) return "mismatch";
  if (before.state === null) return "deleted";
  const { submit } = before.state.task;
  return submit.phase === "begun" && submit.inCreate && world.busy().create ? "in_progress" : "taken";
}

function answers(kind: "submit", words: SubmitWord[]): Move;
function answers(kind: "poll", words: PollWord[]): Move;
function answers(kind: "callback", words: CallbackWord[]): Move;
function answers(kind: "copy", words: CopyWord[]): Move;
function answers(kind: WireKind, words: string[]): Move {
  return {
    text: `${kind === "copy" ? "copies" : `${kind}s`} are answered ${words.join(", ")}`,
    run: async ({ script }) => {
      (script[kind] as string[]).push(...words);
    },
  };
}

function keyAnswers(words: KeyVerdict[]): Move {
  return {
    text: `the key is ${words.join(", ")}`,
    run: async ({ script }) => void script.key.push(...words),
  };
}

/** Of a life that has this endpoint. */
function atEndpoint(id: EndpointId, text: string, run: (world: World) => Promise<void>): Move {
  return { text, fits: ({ life }) => life.endpoints.some((plan) => plan.id === id), run };
}

function endpointAnswers(id: EndpointId, words: CallbackWord[]): Move {
  return atEndpoint(id, `callbacks to ${id} are answered ${words.join(", ")}`, async ({ script }) => {
    script.endpoints[id].push(...words);
  });
}

function changeEndpoint(id: EndpointId, change: EndpointChangeWord): Move {
  return atEndpoint(id, `${id} is ${change}`, async (world) => world.changeEndpoint(id, change));
}

const read: Move = { text: "read", run: async (world) => world.read() };
const release: Move = { text: "answer what hangs", run: async (world) => world.release() };
const crash: Move = { text: "crash", run: async (world) => world.crash() };

function fire(times: number): Move {
  return {
    text: times === 1 ? "alarm" : `${times} alarms`,
    run: async (world, model) => {
      for (let time = 0; time < times; time++) {
        if (!(await world.fire())) break;
        counted.alarms += 1;
        await model.look(world);
      }
    },
  };
}

function pass(ms: number, text: string): Move {
  return { text: `${text} pass`, run: async (world) => world.pass(ms) };
}

function crashAt(plan: CrashPlan): Move {
  const loss = plan.lossy ? ", and loses what was not yet reported" : "";
  return {
    text: `dies ${plan.when} verb ${plan.nth} from here${loss}`,
    run: async (world) => world.planCrash(plan),
  };
}

function hold(kind: WireKind): Move {
  return { text: `the next ${kind} hangs`, run: async ({ script }) => void script.hold.add(kind) };
}

function redeliver({
  which,
  ...to
}: Omit<Redelivery, "messageId"> & { which: "the newest" | "the first" | "an unknown message" }): Move {
  return {
    text: `redeliver ${which}${inWords(to)}`,
    run: async (world, model, before) => {
      const deaths = world.deaths.length;
      const ids = {
        "the newest": null,
        "the first": before.state?.deliveries[0]?.messageId,
        "an unknown message": "msg_no",
      };
      const order = { messageId: ids[which] ?? null, ...to };
      const isBusy = world.busy().alarm;
      const kind = await world.redeliver(order);
      const died = world.deaths.length > deaths;
      if (kind === "queued" || died) model.asked(kind === "queued");
      if (died || kind === "misconfigured") return;
      // It asks the account about an endpoint first; an alarm's run goes on meanwhile.
      if (to.endpoint !== null && isBusy) return;
      expect(kind).toBe(redeliveryAnswer(before, order, world));
    },
  };
}

function inWords({ endpoint, isElsewhere }: Omit<Redelivery, "messageId">): string {
  return `${endpoint === null ? "" : ` of ${endpoint}`}${isElsewhere ? ", elsewhere" : ""}`;
}

function redeliveryAnswer(before: Rows, order: Redelivery, world: World): string {
  const { state } = before;
  if (state === null) return "no_task";
  const none = noDelivery({ ...before, state }, order, world);
  if (none !== null) return none;
  const { task, deliveries } = state;
  if (isUnproved(task)) return "unproved";
  const recent = task.redeliveredAt.filter((at) => at > world.now() - 60_000).length;
  const waiting = order.isElsewhere ? deliveries.flatMap(({ elsewhere }) => elsewhere).length : 0;
  if (recent >= 10) return "too_often";
  return waiting >= 10 ? "too_many_elsewhere" : "queued";
}

/** Null: there is a delivery that an order means. */
function noDelivery(
  { state, endpoints }: Rows & { state: TaskState },
  { messageId: id, endpoint, isElsewhere }: Redelivery,
  { script }: World,
): string | null {
  const { task, deliveries } = state;
  if (endpoint === null && task.callback === null) return "no_callback";
  const isKnown = endpoint === null || task.endpoints?.some((one) => one.id === endpoint);
  if (!isKnown) return "no_endpoint";
  const there = deliveriesTo(deliveries, endpoint);
  if (there.length === 0) return "nothing";
  if (id !== null && there.every(({ messageId }) => messageId !== id)) return "no_message";
  const isThere = endpoint === null || endpoints.some((one) => one.id === endpoint);
  return isThere || isElsewhere || script.silentAccount ? null : "no_endpoint";
}

/** `alarms`: so many at most come first, until there is an end to recover. */
function recover({ alarms, ...order }: Recovery & { alarms: number }): Move {
  const { recoveryId, statuses } = order;
  const first = alarms === 0 ? "" : `until it has ended, ${alarms} alarms, and `;
  return {
    text: `${first}recover what is ${statuses.join(" or ")} as ${recoveryId}${inWords(order)}`,
    run: async (world, model, before) => {
      const rows = await untilEnded({ world, model, before, alarms });
      const deaths = world.deaths.length;
      model.recovers(order);
      const kind = await world.recover(order);
      const isUnknown = kind === "misconfigured" || kind === "no answer" || world.deaths.length > deaths;
      if (!isUnknown) expect(recoveryAnswers(rows, order, world)).toContain(kind);
    },
  };
}

async function untilEnded(life: {
  world: World;
  model: Guarantees;
  before: Rows;
  alarms: number;
}): Promise<Rows> {
  let rows = life.before;
  for (let alarm = 0; alarm < life.alarms && rows.state && !isTerminal(rows.state.task); alarm++) {
    if (!(await life.world.fire())) break;
    counted.alarms += 1;
    rows = await life.model.look(life.world);
  }
  return rows;
}

/** What an order may be answered. */
function recoveryAnswers({ state, endpoints }: Rows, order: Recovery, world: World): string[] {
  if (state === null) return ["gone"];
  const { recoveryId, statuses, endpoint, isElsewhere } = order;
  const end = terminalDelivery(state.deliveries, endpoint);
  if (end?.status === "delivered") return ["delivered"];
  if (end?.finished.some((attempt) => attempt.recoveryId === recoveryId)) return ["failed", "interrupted"];
  if (!end || !(statuses.includes(end.status) || end.onTheWire?.recoveryId === recoveryId)) {
    return ["unmatched"];
  }
  // Another attempt that is on the wire may settle it meanwhile; else it is sent.
  if (end.onTheWire !== null) return ["delivered", "failed", "interrupted", "unmatched"];
  const isThere = endpoint === null || endpoints.some(({ id }) => id === endpoint);
  const asks = endpoint !== null && !isElsewhere;
  return asks && (!isThere || world.script.silentAccount) ? ["interrupted"] : ["delivered", "failed"];
}

const remove: Move = {
  text: "delete",
  run: async (world, model, { state }) => {
    const deaths = world.deaths.length;
    const removed = await world.remove();
    if (world.deaths.length === deaths) {
      expect(removed).toBe(state !== null);
      if (removed && !world.script.brokenBucket)
        expect(await world.bucket(), "a file goes at once").toEqual([]);
    }
    if (removed || state !== null) model.removed(world);
  },
};

function silence(silent: boolean): Move {
  return {
    text: silent ? "the account falls silent" : "the account answers again",
    run: async ({ script }) => void (script.silentAccount = silent),
  };
}

function bucket(broken: boolean): Move {
  return {
    text: broken ? "the bucket breaks" : "the bucket works again",
    run: async ({ script }) => void (script.brokenBucket = broken),
  };
}

function settings(good: boolean): Move {
  return {
    text: good ? "the settings parse again" : "the settings are bad",
    // A deployment ends the process; the recovery of a lost create has the settings of the create.
    fits: (world) => !world.busy().create,
    run: async (world) => world.setSettings(good),
  };
}

type Commands = Iterable<fc.AsyncCommand<Guarantees, World>>;

const createRequest = fc.record({
  other: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  respondAsync: fc.boolean(),
});

/** The task's own more often. */
const anyReceiver: fc.Arbitrary<EndpointId | null> = fc.option(fc.constantFrom(...ENDPOINT_IDS), { freq: 1 });

const moves: fc.WeightedArbitrary<Move>[] = [
  { weight: 3, arbitrary: createRequest.map(create) },
  { weight: 3, arbitrary: someOf(SUBMIT_WORDS, 4).map((list) => answers("submit", list)) },
  { weight: 5, arbitrary: someOf(POLL_WORDS, 6).map((list) => answers("poll", list)) },
  { weight: 4, arbitrary: someOf(CALLBACK_WORDS, 5).map((list) => answers("callback", list)) },
  { weight: 4, arbitrary: someOf(COPY_WORDS, 5).map((list) => answers("copy", list)) },
  { weight: 2, arbitrary: someOf(KEY_WORDS, 8).map(keyAnswers) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...ENDPOINT_IDS), someOf(CALLBACK_WORDS, 5))
      .map(([id, words]) => endpointAnswers(id, words)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...ENDPOINT_IDS), fc.constantFrom(...ENDPOINT_CHANGES))
      .map(([id, change]) => changeEndpoint(id, change)),
  },
  { weight: 12, arbitrary: fc.integer({ min: 1, max: 5 }).map(fire) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      pass(1_000, "a second"),
      pass(30_000, "30 seconds"),
      pass(600_000, "10 minutes"),
      pass(10_800_000, "3 hours"),
      pass(108_000_000, "30 hours"),
    ),
  },
  { weight: 2, arbitrary: fc.constant(crash) },
  {
    weight: 4,
    arbitrary: fc
      .record({
        when: fc.constantFrom("before" as const, "after" as const),
        nth: fc.integer({ min: 1, max: 12 }),
        lossy: fc.boolean(),
      })
      .map(crashAt),
  },
  { weight: 3, arbitrary: fc.constantFrom<WireKind>("submit", "poll", "callback", "copy").map(hold) },
  { weight: 2, arbitrary: fc.constant(release) },
  {
    weight: 4,
    arbitrary: fc
      .record({
        which: fc.constantFrom("the newest" as const, "the first" as const, "an unknown message" as const),
        endpoint: anyReceiver,
        isElsewhere: fc.boolean(),
      })
      .map(redeliver),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({
        recoveryId: fc.constantFrom("rec_1", "rec_2"),
        statuses: fc.subarray(["exhausted", "stopped", "pending"] as const, { minLength: 1 }),
        endpoint: anyReceiver,
        isElsewhere: fc.boolean(),
        alarms: fc.constantFrom(0, 8, 30),
      })
      .map(recover),
  },
  { weight: 1, arbitrary: fc.constantFrom(0, 60_000, 86_400_000).map(rotate) },
  { weight: 1, arbitrary: fc.constant(remove) },
  { weight: 1, arbitrary: fc.constant(read) },
  { weight: 2, arbitrary: fc.boolean().map(silence) },
  { weight: 2, arbitrary: fc.boolean().map(settings) },
  { weight: 2, arbitrary: fc.boolean().map(bucket) },
];

function someOf<T>(all: readonly T[], maxLength: number): fc.Arbitrary<T[]> {
  return fc.array(fc.constantFrom(...all), { minLength: 1, maxLength });
}

function rotate(overlapMs: number): Move {
  return {
    text: `rotate, overlap ${overlapMs / 1000} s`,
    run: async (world) => world.rotate(overlapMs),
  };
}

export const anyCommands: fc.Arbitrary<Commands> = fc.commands(
  [fc.oneof(...moves).map((move) => new Command(move))],
  { maxCommands: 40, size: "max" },
);

/** None in two of three lives. */
const anyEndpoints: fc.Arbitrary<EndpointPlan[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<EndpointPlan[]>([]) },
  {
    weight: 1,
    arbitrary: fc
      .subarray([...ENDPOINT_IDS], { minLength: 1 })
      .chain((ids) => fc.tuple(...ids.map(anyEndpoint))),
  },
);

function anyEndpoint(id: EndpointId): fc.Arbitrary<EndpointPlan> {
  return fc.record({
    id: fc.constant(id),
    events: fc.constantFrom<EndpointPlan["events"][]>(
      ["video.succeeded", "video.failed"],
      ["video.succeeded", "video.failed", "video.running", "video.progress"],
      ["video.failed", "video.running"],
    ),
    format: fc.constantFrom("standard" as const, "flat" as const),
    answer: fc.constantFrom<EndpointPlan["answer"][]>("200", "200", "500", "410", "501"),
  });
}

const anyPlan: fc.Arbitrary<LifePlan> = fc.record({
  keyed: fc.boolean(),
  first: fc.option(
    fc.boolean().map((respondAsync) => ({ other: false, respondAsync })),
    { freq: 3 },
  ),
  repeats: fc.boolean(),
  events: fc.constantFrom<LifePlan["events"][]>(
    ["video.succeeded", "video.failed", "video.running", "video.progress"],
    ["video.succeeded", "video.failed"],
    null,
  ),
  endpoints: anyEndpoints,
  silent: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  timeoutMs: fc.constantFrom(60_000, 600_000, 3_600_000),
  poll: fc.constantFrom("running" as const, "succeeded" as const),
  seed: fc.nat(),
  keep: fc.boolean(),
  isSecret: fc.boolean(),
});

/** A silence from the start is for those that have something to learn. */
export const anyLife = anyPlan.filter(({ silent, endpoints }) => !silent || endpoints.length > 0);

/** An hour of "running" is some 400 polls; so many alarms are a life that does not end. */
const ALARMS_MAX = 1_000;

/** One create at least, the commands, and then nothing but alarms until nothing is left. What came of it. */
export async function live(world: World, commands: Commands): Promise<Verdict> {
  const model = new Guarantees();
  if (world.life.first) await new Command(create(world.life.first)).run(model, world);
  await fc.asyncModelRun(() => ({ model, real: world }), commands);
  Object.assign(world.script, emptyScript());
  world.planCrash(null);
  await world.setSettings(true);
  await model.look(world);
  await world.release();
  await model.look(world);
  await runOut(world, model);
  const rows = await model.look(world);
  expect(rows, "10: nothing is left").toMatchObject({ alarm: null, keys: [] });
  expect(await world.bucket(), "10: no file is left").toEqual([]);
  expect(await world.accountRows(), "10: nothing is left in the account").toBe(0);
  counted.deaths += world.deaths.length;
  counted.requests += world.wire.length;
  return verdict(world, model.past);
}

async function runOut(world: World, model: Guarantees): Promise<void> {
  for (let alarm = 0; alarm < ALARMS_MAX; alarm++) {
    if (!(await world.fire())) return;
    counted.alarms += 1;
    await model.look(world);
  }
  throw new Error("a life without an end");
}
