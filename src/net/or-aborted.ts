/** What the work comes to, or `instead` once the signal has aborted; the work itself goes on. */
export async function orAborted<T, U>(work: Promise<T>, signal: AbortSignal, instead: U): Promise<T | U> {
  const { promise: aborted, resolve } = Promise.withResolvers<U>();
  const end = (): void => resolve(instead);
  if (signal.aborted) end();
  signal.addEventListener("abort", end);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
