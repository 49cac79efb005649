import { reset } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, beforeEach, expect, inject, it, vi } from "vitest";
import { anyCommands, live } from "../../support/model/commands/commands.ts";
import { anyLife } from "../../support/model/commands/lives.ts";
import { counted } from "../../support/model/commands/move.ts";
import { addRun, newTally, printTally } from "../../support/checks/tally.ts";
import { plantPoints, planCrash } from "../support/crash.ts";
import { RealWorld } from "../support/model/world.ts";
import { unwatchObjects, watchObjects } from "../support/runtime.ts";
import { fakeNetwork } from "../support/world.ts";

/*
 * The model of `test/unit/task-object/model.test.ts` against the real objects: same commands, same guarantees. A death
 * is one of `support/crash.ts`; nothing that was written is lost in it, because the runtime offers no way to lose it.
 * MODEL_SEED and MODEL_RUNS take it elsewhere; `npm run test:nightly` runs it at length.
 */

declare module "vitest" {
  interface ProvidedContext {
    /** Of `vitest.config.ts`, because workerd has no environment variables. */
    model: { seed: string | undefined; runs: string | undefined };
  }
}

const DAY = 86_400_000;
const seed = Number(inject("model").seed ?? 20_261_123);
const numRuns = Number(inject("model").runs ?? 15);
/** A busy machine takes a third of it. */
const patienceMs = numRuns * 3_000;

beforeEach(async () => {
  fakeNetwork();
  plantPoints();
  // A day ahead, so that no alarm fires by itself.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + DAY });
  await watchObjects();
});

afterEach(async () => {
  planCrash([]);
  unwatchObjects();
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

it("keeps every guarantee under any commands, in workerd", { timeout: patienceMs + 60_000 }, async () => {
  const tally = newTally("any commands, workerd", seed);
  let nth = 0;
  const lives = fc.asyncProperty(anyLife, anyCommands, async (life, commands) => {
    nth += 1;
    const found = await live(await RealWorld.of(life, nth), commands);
    expect(found).toEqual({ lost: 0, doubled: 0, leaked: 0 });
    addRun(tally, found);
  });
  await fc.assert(lives, {
    seed,
    numRuns,
    interruptAfterTimeLimit: patienceMs,
    markInterruptAsFailure: true,
  });
  const { commands, alarms, deaths, requests } = counted;
  console.log(
    `model, workerd: ${numRuns} runs, seed ${seed}, ${commands} commands, ${deaths} crashes, ${alarms} alarms, ${requests} requests`,
  );
  printTally(tally);
  expect(tally.runs).toBe(numRuns);
});
