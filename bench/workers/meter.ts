import { AsyncLocalStorage } from "node:async_hooks";
import type { Counts, CountsByKind, Kind } from "../cost/counts.ts";

/** Counts for each object what the platform bills, where it would count it: in the runtime's own calls. */
class Meter {
  readonly #sql: SqlStorage;
  requests = 0;
  rowsWritten = 0;
  rowsRead = 0;
  storedBytes = 0;
  logLines = 0;
  /** From and to, in epoch milliseconds; they may overlap. */
  readonly awake: [from: number, to: number][] = [];
  #cursors: { rowsWritten: number; rowsRead: number }[] = [];

  constructor({ sql }: DurableObjectStorage) {
    this.#sql = sql;
  }

  note(cursor: { rowsWritten: number; rowsRead: number }): void {
    this.#cursors.push(cursor);
  }

  /** Awake from now until the answer is called. */
  open(): () => void {
    const from = Date.now();
    const span: [number, number] = [from, from];
    this.awake.push(span);
    return () => {
      span[1] = Date.now();
      this.#settle();
    };
  }

  /** Cursors are read within the object's own call: another one may not. */
  #settle(): void {
    for (const { rowsWritten, rowsRead } of this.#cursors) {
      this.rowsWritten += rowsWritten;
      this.rowsRead += rowsRead;
    }
    this.#cursors = [];
    this.storedBytes = this.#sql.databaseSize;
  }
}

const meters: { kind: Kind; meter: Meter }[] = [];
const ofSql = new WeakMap<SqlStorage, Meter>();
const ofKv = new WeakMap<SyncKvStorage, Meter>();
const current = new AsyncLocalStorage<Meter>();
let patched = false;

/** Meters an object's methods from now on; called by its constructor. */
export function meterObject(kind: Kind, object: object, ctx: DurableObjectState): void {
  if (!patched) patchRuntime(ctx);
  patched = true;
  const meter = new Meter(ctx.storage);
  meters.push({ kind, meter });
  ofSql.set(ctx.storage.sql, meter);
  ofKv.set(ctx.storage.kv, meter);
  ofObject.set(object, meter);
}

const ofObject = new WeakMap<object, Meter>();

/** Each method of the class is a request while it runs. For a class that calls none of its public methods itself. */
export function meterMethods(target: { prototype: object }, from: { prototype: object }): void {
  for (const name of Object.getOwnPropertyNames(from.prototype)) {
    const method: unknown = Object.getOwnPropertyDescriptor(from.prototype, name)?.value;
    if (name === "constructor" || typeof method !== "function") continue;
    const value = async function (this: object, ...args: unknown[]): Promise<unknown> {
      const meter = ofObject.get(this);
      if (!meter) throw new Error("an object without a meter");
      meter.requests += 1;
      const close = meter.open();
      try {
        return await current.run(meter, async () => Reflect.apply(method, this, args) as unknown);
      } finally {
        close();
      }
    };
    Object.defineProperty(target.prototype, name, { value, configurable: true, writable: true });
  }
}

/** The prototypes that all objects share are found by one of them. */
function patchRuntime(ctx: DurableObjectState): void {
  replace(Object.getPrototypeOf(ctx.storage.sql), "exec", (sql: SqlStorage, exec, args) => {
    const cursor = exec(args) as SqlStorageCursor<Record<string, SqlStorageValue>>;
    ofSql.get(sql)?.note(cursor);
    return cursor;
  });
  // Each key that is read, written or deleted is a row; a list is one for each key in it.
  const kv = Object.getPrototypeOf(ctx.storage.kv) as object;
  replace(kv, "put", (of: SyncKvStorage, put, args) => {
    noteRows(of, { rowsWritten: 1, rowsRead: 0 });
    return put(args);
  });
  replace(kv, "delete", (of: SyncKvStorage, remove, args) => {
    noteRows(of, { rowsWritten: 1, rowsRead: 0 });
    return remove(args);
  });
  replace(kv, "get", (of: SyncKvStorage, get, args) => {
    noteRows(of, { rowsWritten: 0, rowsRead: 1 });
    return get(args);
  });
  replace(kv, "list", (of: SyncKvStorage, list, args) => {
    const entries = Array.from(list(args) as Iterable<unknown>);
    noteRows(of, { rowsWritten: 0, rowsRead: Math.max(entries.length, 1) });
    return entries;
  });
  for (const method of ["log", "error"]) {
    replace(console, method, (_console, write, args) => {
      const meter = current.getStore();
      if (meter) meter.logLines += 1;
      return write(args);
    });
  }
  replace(Object.getPrototypeOf(ctx.storage), "setAlarm", ({ sql }: DurableObjectStorage, setAlarm, args) => {
    ofSql.get(sql)?.note({ rowsWritten: 1, rowsRead: 0 });
    return setAlarm(args);
  });
  replace(Object.getPrototypeOf(ctx), "waitUntil", (_state: DurableObjectState, waitUntil, [promise]) => {
    const close = current.getStore()?.open();
    return waitUntil([(promise as Promise<unknown>).finally(close)]);
  });
  const timers = new Map<unknown, () => void>();
  const closeTimer = (timer: unknown): void => {
    timers.get(timer)?.();
    timers.delete(timer);
  };
  replace(globalThis, "setTimeout", (_global, setTimeout, [run, ms]) => {
    const close = current.getStore()?.open();
    const fire = (): void => {
      closeTimer(timer);
      (run as () => void)();
    };
    const timer: unknown = setTimeout([fire, ms]);
    if (close) timers.set(timer, close);
    return timer;
  });
  replace(globalThis, "clearTimeout", (_global, clearTimeout, [timer]) => {
    closeTimer(timer);
    return clearTimeout([timer]);
  });
  // Nothing can clear this timer: it stays open to its end.
  replace(AbortSignal, "timeout", (_class, timeout, [ms]) => {
    const now = Date.now();
    current.getStore()?.awake.push([now, now + Number(ms)]);
    return timeout([ms]);
  });
}

function noteRows(of: SyncKvStorage, rows: { rowsWritten: number; rowsRead: number }): void {
  ofKv.get(of)?.note(rows);
}

/** Puts `act` in the place of a method; it may call the original on the same `this`. */
function replace(
  owner: object,
  name: string,
  act: (self: never, original: (args: unknown[]) => unknown, args: unknown[]) => unknown,
): void {
  const original = Reflect.get(owner, name) as (...args: unknown[]) => unknown;
  const value = function (this: never, ...args: unknown[]): unknown {
    return act(this, (given) => Reflect.apply(original, this, given), args);
  };
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
}

export function counts(): CountsByKind {
  return { task: countsOf("task"), account: countsOf("account"), cadence: countsOf("cadence") };
}

function countsOf(kind: Kind): Counts {
  const mine = meters.filter((one) => one.kind === kind).map(({ meter }) => meter);
  const sum = (pick: (meter: Meter) => number): number =>
    mine.reduce((total, meter) => total + pick(meter), 0);
  return {
    objects: mine.length,
    requests: sum(({ requests }) => requests),
    rowsWritten: sum(({ rowsWritten }) => rowsWritten),
    rowsRead: sum(({ rowsRead }) => rowsRead),
    awakeSeconds: sum(({ awake }) => unionMs(awake)) / 1000,
    storedBytes: sum(({ storedBytes }) => storedBytes),
    logLines: sum(({ logLines }) => logLines),
  };
}

function unionMs(spans: readonly (readonly [number, number])[]): number {
  let total = 0;
  let reached = -Infinity;
  for (const [from, to] of spans.toSorted(([a], [b]) => a - b)) {
    total += Math.max(0, to - Math.max(from, reached));
    reached = Math.max(reached, to);
  }
  return total;
}
