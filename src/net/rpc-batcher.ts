import { wait } from "./wait.ts";

/** What one call takes along. */
const PER_CALL_MAX = 500;
/** At most this many items wait; a new one drops the oldest. */
const WAITING_MAX = 5_000;
/** One object makes the calls for this long; then the next caller takes over. */
const BUSY_MS = 1_000;
/** Calls to one object begin so far apart, except the first. */
const GAP_MS = 50;

interface Line<Item> {
  /** By the item's own name: said twice, it is one item. */
  waiting: Map<string, Item>;
  /** On their way, and not known to have arrived. */
  sent: Map<string, Item>;
  /** Since when an object makes the calls, on the clock of that instant. */
  busySince: number;
  /** Whether another one waits to take over. */
  hasStandby: boolean;
}

/**
 * Batches the reports of one isolate's objects to another object. The first one calls; the others leave their items
 * with it and wait for nothing, because an object must not await another object's promise, and a call or a timer for
 * each would cost more than the item is worth. An object that dies in the middle of its call delays the others by a
 * second: the next one then repeats the items in flight. Items are lost with the isolate. So an item must be one that
 * may come twice, and whose loss is found in another way.
 */
export class RpcBatcher<Item> {
  readonly #lines = new Map<string, Line<Item>>();

  /**
   * Sends an item to `to`. If another object is calling already, that one takes it along.
   * @throws what `call` throws; the next caller sends all items
   */
  async tell(
    { to, name, item }: { to: string; name: string; item: Item },
    call: (items: Item[]) => Promise<unknown>,
  ): Promise<void> {
    const line = this.#lines.get(to) ?? {
      waiting: new Map(),
      sent: new Map(),
      busySince: -Infinity,
      hasStandby: false,
    };
    this.#lines.set(to, line);
    add(line.waiting, name, item);
    const busyMs = Date.now() - line.busySince;
    const isBusy = busyMs >= 0 && busyMs < BUSY_MS;
    if (isBusy && (line.hasStandby || !(await isAbandoned(line, BUSY_MS - busyMs)))) return;
    const startedAt = Date.now();
    line.hasStandby = false;
    line.busySince = startedAt;
    // The items in flight of a predecessor that is late or dead; later ones are newer.
    restore(line);
    try {
      await this.#drain(line, call, () => line.busySince === startedAt);
    } finally {
      if (line.busySince === startedAt) line.busySince = -Infinity;
      if (line.waiting.size === 0 && line.sent.size === 0) this.#lines.delete(to);
    }
  }

  async #drain(
    line: Line<Item>,
    call: (items: Item[]) => Promise<unknown>,
    isCaller: () => boolean,
  ): Promise<void> {
    while (isCaller()) {
      const items = new Map([...line.waiting].slice(0, PER_CALL_MAX));
      if (items.size === 0) return;
      for (const [name, item] of items) {
        line.waiting.delete(name);
        line.sent.set(name, item);
      }
      const calledAt = Date.now();
      try {
        await call([...items.values()]);
      } catch (error) {
        restore(line);
        throw error;
      }
      for (const [name, item] of items) if (line.sent.get(name) === item) line.sent.delete(name);
      if (line.waiting.size === 0) return;
      await wait(Math.max(calledAt + GAP_MS - Date.now(), 0));
    }
  }
}

/** Waits until the object that makes the calls has had its time. True: it still claims to, so it is late or dead. */
async function isAbandoned(line: Line<unknown>, leftMs: number): Promise<boolean> {
  const { busySince } = line;
  line.hasStandby = true;
  await wait(leftMs);
  line.hasStandby = false;
  return line.busySince === busySince;
}

function add<Item>(items: Map<string, Item>, name: string, item: Item): void {
  items.delete(name);
  items.set(name, item);
  const [oldest] = items.keys();
  if (items.size > WAITING_MAX && oldest !== undefined) items.delete(oldest);
}

function restore<Item>({ waiting, sent }: Line<Item>): void {
  for (const [name, item] of sent) if (!waiting.has(name)) waiting.set(name, item);
  sent.clear();
}
