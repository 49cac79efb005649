/** The forecast of a class without finishes: equally likely times, in milliseconds. */
export interface Prior {
  /** From acceptance to the end. */
  whole: readonly number[];
  /** From the start of running to the end. */
  run: readonly number[];
}

/*
 * Figures of November 2026. Seedance clips of 5 s through a gateway, 8 runs: 83 to 253 s, median 105 s. Fast tiers:
 * 15 to 75 s. Slow models: median about 200 s. Queues: up to 15 minutes.
 */

/** 60 % log-normal around 110 s (sigma 0.35), 15 % around 35 s (sigma 0.4), 25 % around 200 s (sigma 0.6). */
const WHOLE_SECONDS = [
  20, 27, 32, 38, 44, 52, 59, 65, 70, 74, 79, 82, 86, 89, 93, 96, 100, 103, 106, 110, 113, 117, 121, 125, 129,
  133, 138, 143, 149, 155, 163, 171, 181, 194, 209, 230, 259, 302, 373, 537,
];
/** 40 % log-normal around 35 s, 60 % around 95 s (sigma 0.5 each). */
const RUN_SECONDS = [16, 22, 27, 32, 36, 41, 46, 51, 57, 63, 69, 76, 84, 92, 102, 112, 126, 143, 169, 226];

export const PRIOR: Prior = {
  whole: WHOLE_SECONDS.map((seconds) => seconds * 1000),
  run: RUN_SECONDS.map((seconds) => seconds * 1000),
};
