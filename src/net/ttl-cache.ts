/**
 * Recent answers that objects of this isolate received, for others that would ask the same. Plain values: an object
 * must not await another object's promise.
 */
export class TtlCache<Value> {
  readonly #answers = new Map<string, { value: Value; at: number }>();
  readonly #keptMs: number;
  readonly #max: number;

  /** An answer counts for `keptMs`; beyond `max` names the oldest is forgotten. */
  constructor(keptMs: number, max: number) {
    this.#keptMs = keptMs;
    this.#max = max;
  }

  /** Undefined: ask. An answer from a clock that was ahead does not count either. */
  get(name: string): Value | undefined {
    const answer = this.#answers.get(name);
    const ageMs = Date.now() - (answer?.at ?? 0);
    return answer && ageMs >= 0 && ageMs < this.#keptMs ? answer.value : undefined;
  }

  /** `at`: since when it is known to be so, epoch milliseconds. */
  set(name: string, value: Value, at: number): void {
    this.#answers.delete(name);
    this.#answers.set(name, { value, at });
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > this.#max && oldest !== undefined) this.#answers.delete(oldest);
  }

  delete(name: string): void {
    this.#answers.delete(name);
  }
}
