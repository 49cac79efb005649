/**
 * What objects of this isolate were told a moment ago, for others that would ask the same. Plain values: a promise of one
 * object must not be awaited by another.
 */
export class TtlCache<Value> {
  readonly #told = new Map<string, { value: Value; at: number }>();
  readonly #keptMs: number;
  readonly #max: number;

  /** It counts for `keptMs`; beyond `max` names the one that was told first is forgotten. */
  constructor(keptMs: number, max: number) {
    this.#keptMs = keptMs;
    this.#max = max;
  }

  /** Undefined: it must be asked. What was told on a clock that was ahead does not count either. */
  get(name: string): Value | undefined {
    const told = this.#told.get(name);
    const ageMs = Date.now() - (told?.at ?? 0);
    return told && ageMs >= 0 && ageMs < this.#keptMs ? told.value : undefined;
  }

  /** `at`: since when it is known to be so, epoch milliseconds. */
  set(name: string, value: Value, at: number): void {
    this.#told.delete(name);
    this.#told.set(name, { value, at });
    const [oldest] = this.#told.keys();
    if (this.#told.size > this.#max && oldest !== undefined) this.#told.delete(oldest);
  }

  delete(name: string): void {
    this.#told.delete(name);
  }
}
