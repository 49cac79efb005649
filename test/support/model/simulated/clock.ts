/** No command needs more turns of the clock. */
export const TURNS_MAX = 5_000;

/** `Date.now`, `setTimeout` and `clearTimeout` of one test: time goes by only when it is told to. */
export class SimulatedClock {
  #now: number;
  #timers = new Map<number, { at: number; ring: () => void }>();
  #lastId = 0;
  readonly #real = {
    now: Date.now,
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
  };

  constructor(now: number) {
    this.#now = now;
    Date.now = () => this.#now;
    globalThis.setTimeout = ((ring: () => void, ms: number) => {
      this.#lastId += 1;
      this.#timers.set(this.#lastId, { at: this.#now + Math.max(Math.trunc(ms), 1), ring });
      return this.#lastId;
    }) as unknown as typeof globalThis.setTimeout;
    globalThis.clearTimeout = ((id: number) => {
      this.#timers.delete(id);
    }) as unknown as typeof globalThis.clearTimeout;
  }

  restore(): void {
    Date.now = this.#real.now;
    Object.assign(globalThis, { setTimeout: this.#real.setTimeout, clearTimeout: this.#real.clearTimeout });
  }

  /** When the next timer rings; null: none will. */
  next(): number | null {
    return this.#timers.size === 0 ? null : Math.min(...Array.from(this.#timers.values(), ({ at }) => at));
  }

  ringNext(): void {
    const at = this.next();
    if (at === null) return;
    this.#now = Math.max(this.#now, at);
    for (const [id, timer] of this.#timers) {
      if (timer.at !== at) continue;
      this.#timers.delete(id);
      timer.ring();
      return;
    }
  }

  /** Rings what rings until then. */
  async passTo(instant: number): Promise<void> {
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      await quiet();
      const next = this.next();
      if (next === null || next > instant) {
        this.#now = Math.max(this.#now, instant);
        return;
      }
      this.ringNext();
    }
    throw new Error("time does not pass");
  }
}

/** WebCrypto works in threads of its own; how many calls are there now. */
let inThreads = 0;

for (const verb of ["encrypt", "decrypt", "importKey", "deriveBits", "sign", "digest"] as const) {
  const original = crypto.subtle[verb] as (...args: unknown[]) => Promise<unknown>;
  const counted = async (...args: unknown[]): Promise<unknown> => {
    inThreads += 1;
    try {
      return await original.apply(crypto.subtle, args);
    } finally {
      inThreads -= 1;
    }
  };
  Object.defineProperty(crypto.subtle, verb, { value: counted });
}

/** Waits until nothing moves any more but by time. */
export async function quiet(): Promise<void> {
  for (let calm = 0; calm < 2;) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    calm = inThreads === 0 ? calm + 1 : 0;
  }
}
