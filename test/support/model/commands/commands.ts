import fc from "fast-check";
import { expect } from "vitest";
import { ENDPOINT_CHANGES, ENDPOINT_IDS, type EndpointId } from "../endpoints.ts";
import { Guarantees } from "../guarantees.ts";
import { verdict, type Verdict } from "../verdict.ts";
import {
  CALLBACK_WORDS,
  COPY_WORDS,
  emptyScript,
  KEY_WORDS,
  POLL_WORDS,
  SUBMIT_WORDS,
  type WireKind,
  type World,
} from "../world.ts";
import { Command, counted, type Commands, type Move } from "./move.ts";
import { create, read, recover, redeliver, remove } from "./orders.ts";
import {
  answers,
  bucket,
  changeEndpoint,
  crash,
  crashAt,
  endpointAnswers,
  fire,
  hold,
  keyAnswers,
  pass,
  release,
  rotate,
  settings,
  silence,
} from "./surroundings.ts";

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

export const anyCommands: fc.Arbitrary<Commands> = fc.commands(
  [fc.oneof(...moves).map((move) => new Command(move))],
  { maxCommands: 40, size: "max" },
);

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
