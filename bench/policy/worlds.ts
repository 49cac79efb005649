import { normal, type Random } from "./random.ts";

/** One task as it truly happens; seconds since its acceptance. Polls see only what `statusAt` says. */
export interface TrueTask {
  /** Null: this upstream says queued until the end. */
  startSeconds: number | null;
  endSeconds: number;
  /** What the upstream reports while the task runs; absent: nothing. */
  progressAt?: (ageSeconds: number) => number;
}

export interface World {
  name: string;
  draw(random: Random): TrueTask;
}

const logNormal = (random: Random, median: number, sigma: number): number =>
  median * Math.exp(sigma * normal(random));

/** Median 105 s in all, as measured; runs from the start. */
export const CLIP: World = {
  name: "clip: 75 s + log-normal (median 30 s, sigma 1.0)",
  draw: (random) => ({ startSeconds: 0, endSeconds: 75 + logNormal(random, 30, 1) }),
};

export const QUEUE_MEAN_SECONDS = 30;
export const RUN_MIN_SECONDS = 10;
export const RUN_MEDIAN_SECONDS = 35;
export const RUN_SIGMA = 0.3;

/** Median of the run 45 s in all. */
export const QUEUED: World = {
  name: "queued: exponential 30 s, then 10 s + log-normal (median 35 s, sigma 0.3)",
  draw: (random) => {
    const startSeconds = -QUEUE_MEAN_SECONDS * Math.log(1 - random());
    const runSeconds = RUN_MIN_SECONDS + logNormal(random, RUN_MEDIAN_SECONDS, RUN_SIGMA);
    return { startSeconds, endSeconds: startSeconds + runSeconds };
  },
};

/** A fast tier that says nothing about its phases. */
export const FAST: World = {
  name: "fast: 12 s + log-normal (median 22 s, sigma 0.4), phases not told",
  draw: (random) => ({ startSeconds: null, endSeconds: 12 + logNormal(random, 22, 0.4) }),
};

/** A slow model; one task in ten meets a queue of up to 15 minutes. */
export const SLOW: World = {
  name: "slow: log-normal (median 200 s, sigma 0.35); one in ten queues first, up to 900 s",
  draw: (random) => {
    const startSeconds = random() < 0.1 ? 900 * random() : 0;
    return { startSeconds, endSeconds: startSeconds + logNormal(random, 200, 0.35) };
  },
};

export const WORLDS: readonly World[] = [CLIP, QUEUED, FAST, SLOW];

/** Of a task that runs from one age to another. */
type Report = (startSeconds: number, endSeconds: number, random: Random) => (ageSeconds: number) => number;

const done = (start: number, end: number, age: number): number => (age - start) / (end - start);
const percent = (share: number): number => Math.min(Math.max(Math.round(100 * share), 0), 99);

/** How upstreams report progress, and whether it tells anything of the end. */
export const REPORTS: readonly { name: string; honest: boolean; report: Report }[] = [
  {
    name: "linear, but bent by 10 %",
    honest: true,
    report: (start, end, random) => {
      const bend = Math.exp(0.1 * normal(random));
      return (age) => percent(done(start, end, age) ** bend);
    },
  },
  {
    name: "linear, as a gateway that asks every 15 s has it",
    honest: true,
    report: (start, end, random) => {
      const phase = 15 * random();
      return (age) => percent(done(start, end, Math.floor((age - phase) / 15) * 15 + phase));
    },
  },
  { name: "always 50", honest: false, report: () => () => 50 },
  { name: "by the clock to 99", honest: false, report: (start) => (age) => percent((age - start) / 105) },
];

/** The same tasks, with an upstream that reports progress. */
export function reporting(world: World, name: string, report: Report): World {
  return {
    name: `${world.name}, progress ${name}`,
    draw: (random) => {
      const task = world.draw(random);
      return { ...task, progressAt: report(task.startSeconds ?? 0, task.endSeconds, random) };
    },
  };
}

/** The same world at another pace. */
export function times(world: World, factor: number): World {
  return {
    name: `${world.name}, all times × ${factor}`,
    draw: (random) => {
      const { startSeconds, endSeconds } = world.draw(random);
      return {
        startSeconds: startSeconds === null ? null : startSeconds * factor,
        endSeconds: endSeconds * factor,
      };
    },
  };
}
