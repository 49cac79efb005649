const PERIOD_MS = 60_000;
/** Keys that are counted at once; beyond that the counting starts anew, which lets a flood in for a minute at most. */
const KEYS_MAX = 100_000;

/** Counts in memory what the platform's rate-limit binding counts: so many calls per key and minute. */
export class RateLimit {
  readonly #limit: number;
  readonly #now: () => number;
  readonly #counts = new Map<string, number>();
  #endsAt = 0;

  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  async limit({ key }: { key: string }): Promise<{ success: boolean }> {
    const now = this.#now();
    if (now >= this.#endsAt || this.#counts.size >= KEYS_MAX) {
      this.#counts.clear();
      this.#endsAt = now + PERIOD_MS;
    }
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return { success: count <= this.#limit };
  }
}
