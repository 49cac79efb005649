import { reset } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { newTally, printTally } from "../../support/checks/tally.ts";
import { watchLog } from "../../support/log-lines.ts";
import { crash, planCrash, plantPoints, unknownMembers, VERBS } from "../support/crash.ts";
import { live } from "../support/sweep/lives.ts";
import { SCENARIOS, type Scenario } from "../support/sweep/scenarios.ts";
import { logLines } from "../support/sweep/verdict.ts";
import { fakeNetwork } from "../support/world.ts";

/*
 * The crash sweep: one life after another, from create to retention; in the n-th the process dies at its n-th point.
 * The task is then left alone, and must come to its end by its alarm only. After every step, every guarantee is looked
 * at. The clock is a fake one, a day ahead, so that no alarm fires by itself and each one is a step of the test.
 *
 * What is emulated: an alarm whose run dies is run again by the platform, unless the run had set a new one.
 */

const DAY = 86_400_000;
/** Random triples of deaths in each scenario; more by night. */
const THREES = Number(inject("sweep").threes ?? 1);
/** The first scenario dies at each of its points; of the others' points, which are mostly the same, at every eighth one. By night at each. */
const WHOLE_SCENARIOS = 1;
const EVERY = Number(inject("sweep").every ?? 8);
declare module "vitest" {
  interface ProvidedContext {
    sweep: { threes?: string; every?: string };
  }
}

beforeEach(() => {
  fakeNetwork();
  plantPoints();
  watchLog((line) => logLines.push(line), { isShown: true });
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + DAY });
  // No jitter: every life without a death passes the same points.
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});

afterEach(async () => {
  planCrash([]);
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

/** Where the scenario's lives die; what two scenarios share, one of them has if the other has not. */
function pointsOf(scenario: Scenario, passed: readonly string[]): readonly string[] {
  const index = SCENARIOS.indexOf(scenario);
  return index < WHOLE_SCENARIOS
    ? passed
    : passed.filter((_point, position) => (position + index) % EVERY === 0);
}

describe("the crash sweep", () => {
  it("knows every verb that a step can use", () => {
    expect(unknownMembers()).toEqual([]);
  });

  it.each(SCENARIOS)("survives a death at every point of $name", { timeout: 240_000 }, async (scenario) => {
    const tally = newTally(`a death at each point of ${scenario.name}`);
    const { passed } = await live(scenario, [], tally);
    const missed: string[] = [];
    const points = pointsOf(scenario, passed);
    for (const point of points) {
      const { deaths } = await live(scenario, [point], tally).catch((error: unknown) => {
        throw new Error(`died ${point}`, { cause: error });
      });
      if (deaths.length === 0) missed.push(point);
    }
    printTally(tally);
    expect(tally.runs).toBe(points.length + 1);
    expect(missed).toEqual([]);
  });

  it("survives three deaths in one life", { timeout: 240_000 }, async () => {
    const seed = 20_261_123;
    const tally = newTally("three deaths in one life", seed);
    for (const scenario of SCENARIOS) {
      const { passed } = await live(scenario, [], tally);
      const threes = fc.array(fc.constantFrom(...passed), { minLength: 3, maxLength: 3 });
      for (const points of fc.sample(threes, { seed, numRuns: THREES })) {
        await live(scenario, points, tally).catch((error: unknown) => {
          throw new Error(`died ${crash.deaths.join(", ")}`, { cause: error });
        });
      }
    }
    printTally(tally);
    expect(tally.runs).toBe((THREES + 1) * SCENARIOS.length);
  });

  it("has used every verb that it knows", () => {
    expect([...crash.used].toSorted()).toEqual(VERBS.toSorted());
  });
});
