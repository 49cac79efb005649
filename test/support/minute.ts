const MINUTE_MS = 60_000;
/** Long for a test's dozen calls on a busy machine. */
const NEEDED_MS = 10_000;

/**
 * Waits for the next minute of the clock if this one is nearly over. The local platform counts calls from minute to
 * minute; in a test that counts along, the count must not begin anew.
 */
export async function enoughOfAMinute(): Promise<void> {
  const leftMs = MINUTE_MS - (Date.now() % MINUTE_MS);
  // A little more: a timer may be early by a millisecond.
  if (leftMs < NEEDED_MS) await new Promise((resolve) => setTimeout(resolve, leftMs + 50));
}
