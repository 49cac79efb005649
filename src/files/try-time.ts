/** The time of one try: it ends at an instant, and earlier if its source falls silent or the file is not wanted any more. */
export class TryTime {
  readonly #controller = new AbortController();
  readonly #silenceMs: number;
  readonly #end: ReturnType<typeof setTimeout>;

  constructor(ms: number, silenceMs: number, unwanted: AbortSignal) {
    this.#silenceMs = silenceMs;
    this.#end = setTimeout(() => this.#controller.abort(), ms);
    unwanted.addEventListener("abort", () => this.#controller.abort());
  }

  /** Aborts when the time is over. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Waits for the next that the source sends. The store's time does not count: a source may not send while it writes. */
  async next<T>(sent: Promise<T>): Promise<T> {
    const silence = setTimeout(() => this.#controller.abort(), this.#silenceMs);
    try {
      return await sent;
    } finally {
      clearTimeout(silence);
    }
  }

  /** An open timer would keep the object awake. */
  clear(): void {
    clearTimeout(this.#end);
  }
}
