import { forecastFor, learn, NO_FORECAST, type ForecastState } from "../../src/domain/polling/forecast.ts";
import type { TaskClass } from "../../src/domain/polling/class.ts";
import type { FinishSample } from "../../src/domain/polling/observations.ts";
import { playPlan } from "../policy/play.ts";
import { seeded } from "../policy/random.ts";
import { LIMITS, type Cost } from "../policy/trial.ts";
import { T0 } from "../../test/support/builders.ts";
import type { Wave } from "./wave.ts";

/** The same lives in the simulation: the same draws, created at the same times, taught in the order of their ends. */

const CLASS: TaskClass = {
  model: "doubao-seedance-2-0-260128",
  resolution: "720p",
  seconds: 5,
  inputMode: null,
};
/** Only the jitter differs from one to the next. */
const SEEDS = Array.from({ length: 20 }, (_, index) => 100 + index);

/** Per wave: the mean over the seeds of the means over its tasks. `late`: polls are as late as they truly were. */
export function simulate(waves: readonly Wave[], { late }: { late: boolean }): Cost[] {
  const plays = SEEDS.map((seed) => playWaves(waves, seed, late));
  return waves.map((_, index) => ({
    polls: mean(plays.map((costs) => costs[index]?.polls ?? Number.NaN)),
    delaySeconds: mean(plays.map((costs) => costs[index]?.delaySeconds ?? Number.NaN)),
  }));
}

function playWaves(waves: readonly Wave[], seed: number, late: boolean): Cost[] {
  const random = seeded(seed);
  const teacher = new Teacher();
  return waves.map(({ lives, lateSeconds }) => {
    const lateMs = (): number =>
      late ? 1000 * (lateSeconds[Math.floor(random() * lateSeconds.length)] ?? 0) : 0;
    const played = lives.map(({ truth, createdSeconds }) => {
      const one = playPlan(truth, teacher.forecastAt(createdSeconds), LIMITS, random, lateMs);
      teacher.expect(createdSeconds + truth.endSeconds + one.delaySeconds, one.sample);
      return one;
    });
    return {
      polls: mean(played.map(({ polls }) => polls)),
      delaySeconds: mean(played.map(({ delaySeconds }) => delaySeconds)),
    };
  });
}

/** Many tasks are in flight at once: a task learns from those that had ended when it was created. */
class Teacher {
  #state: ForecastState = NO_FORECAST;
  #ahead: { atSeconds: number; sample: FinishSample }[] = [];

  expect(atSeconds: number, sample: FinishSample | null): void {
    if (sample) this.#ahead.push({ atSeconds, sample });
  }

  forecastAt(nowSeconds: number): ReturnType<typeof forecastFor> | null {
    const over = this.#ahead.filter(({ atSeconds }) => atSeconds <= nowSeconds);
    this.#ahead = this.#ahead.filter(({ atSeconds }) => atSeconds > nowSeconds);
    for (const { atSeconds, sample } of over.toSorted((a, b) => a.atSeconds - b.atSeconds)) {
      this.#state = learn(this.#state, CLASS, sample, T0 + atSeconds * 1000);
    }
    return this.#state === NO_FORECAST ? null : forecastFor(this.#state, CLASS);
  }
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
