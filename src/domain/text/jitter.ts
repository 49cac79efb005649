/** A delay spread evenly over ±`share`: many tasks that start together do not stay together. `random` is in [0, 1). */
export function jittered(delayMs: number, share: number, random: number): number {
  return delayMs * (1 - share + 2 * share * random);
}
