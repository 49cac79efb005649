/** What one call takes along. */
const PER_CALL_MAX = 500;
/** More than this is not kept for an object that is silent: whoever was turned away makes its own call later. */
const WAITING_MAX = 5000;

interface Line<Item> {
  /** By the item's own name: said twice, it is one item. */
  items: Map<string, Item>;
  /** Until then somebody's call is believed to be on its way, on the clock of that instant. */
  busyUntil: number;
}

/**
 * Many objects of one isolate that have something to tell the same object: whoever comes while a call is on its way leaves
 * its item, and the one that calls takes it along next. Nobody waits for anybody, because a promise of one object must
 * not be awaited by another. What a failed call had taken along goes with the next one; with the isolate it is lost, so it
 * may only be what is found out again in another way.
 */
export class JointCalls<Item> {
  readonly #lines = new Map<string, Line<Item>>();
  readonly #patienceMs: number;

  /** `patienceMs`: no call takes longer. One that has not ended by then belongs to an object that died. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /**
   * Tells `to` of an item. True: it was told; false: the call that is on its way takes it along.
   * @throws what `call` throws, and whoever has thrown comes again: the items wait for it
   */
  async tell(
    { to, name, item }: { to: string; name: string; item: Item },
    call: (items: Item[]) => Promise<void>,
  ): Promise<boolean> {
    const line = this.#lines.get(to) ?? { items: new Map<string, Item>(), busyUntil: 0 };
    this.#lines.set(to, line);
    const leftMs = line.busyUntil - Date.now();
    const isBusy = leftMs > 0 && leftMs <= this.#patienceMs;
    const hasRoom = line.items.size < WAITING_MAX;
    line.items.set(name, item);
    if (isBusy && hasRoom) return false;
    try {
      while (line.items.size > 0) await this.#callOnce(line, call);
    } finally {
      line.busyUntil = 0;
      if (line.items.size === 0) this.#lines.delete(to);
    }
    return true;
  }

  /** It is not to be told any more. What is on its way already cannot be called back. */
  withdraw(to: string, name: string): void {
    this.#lines.get(to)?.items.delete(name);
  }

  async #callOnce(line: Line<Item>, call: (items: Item[]) => Promise<void>): Promise<void> {
    const taken = [...line.items].slice(0, PER_CALL_MAX);
    for (const [name] of taken) line.items.delete(name);
    line.busyUntil = Date.now() + this.#patienceMs;
    try {
      await call(taken.map(([, item]) => item));
    } catch (error) {
      // What was said of the same task meanwhile is newer.
      for (const [name, item] of taken) if (!line.items.has(name)) line.items.set(name, item);
      throw error;
    }
  }
}
