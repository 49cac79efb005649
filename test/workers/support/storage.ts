import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";

/** Storage of every object of this isolate, through the prototypes that they share: it fails as planned. */
export const failing: {
  /** The object whose storage it is; null: none fails. */
  sql: SqlStorage | null;
  kv: SyncKvStorage | null;
  /** Calls until the one that fails; it and all after it do. */
  left: number;
  failed: boolean;
  /** An alarm can be set all the same. */
  sparesAlarm: boolean;
} = { sql: null, kv: null, left: 0, failed: false, sparesAlarm: false };

const LOST = Object.assign(new Error("Network connection lost."), { retryable: true });

function pass(of: unknown): void {
  const isIts = of === failing.sql || of === failing.kv;
  if (failing.sql === null || !isIts) return;
  failing.left -= 1;
  if (failing.left > 0) return;
  failing.failed = true;
  throw LOST;
}

/** Fails this object's storage, each call from the n-th on. */
export function failFrom(nth: number, { sql, kv }: DurableObjectStorage, sparesAlarm = false): void {
  Object.assign(failing, { sql, kv, left: nth, failed: false, sparesAlarm });
}

export function failNoMore(): void {
  Object.assign(failing, { sql: null, kv: null, sparesAlarm: false });
}

function plantKvFailures(kv: SyncKvStorage): void {
  const { get, list, put, delete: remove } = kv;
  vi.spyOn(kv, "get").mockImplementation(function (this: SyncKvStorage, key) {
    pass(this);
    return get.call(this, key);
  });
  vi.spyOn(kv, "list").mockImplementation(function (this: SyncKvStorage, options) {
    pass(this);
    return list.call(this, options);
  });
  vi.spyOn(kv, "put").mockImplementation(function (this: SyncKvStorage, key, value) {
    pass(this);
    put.call(this, key, value);
  });
  vi.spyOn(kv, "delete").mockImplementation(function (this: SyncKvStorage, key) {
    pass(this);
    return remove.call(this, key);
  });
}

/** Undone by `vi.restoreAllMocks`. */
export async function plantFailures(): Promise<void> {
  failNoMore();
  await runInDurableObject(env.TASKS.get(env.TASKS.newUniqueId()), (_object, { storage }) => {
    const sql = Object.getPrototypeOf(storage.sql) as SqlStorage;
    const { exec } = sql;
    vi.spyOn(sql, "exec").mockImplementation(function (this: SqlStorage, ...args) {
      pass(this);
      return exec.apply(this, args);
    });
    plantKvFailures(Object.getPrototypeOf(storage.kv) as SyncKvStorage);
    const methods = Object.getPrototypeOf(storage) as DurableObjectStorage;
    const { transactionSync, setAlarm, getAlarm, deleteAll, sync } = methods;
    vi.spyOn(methods, "transactionSync").mockImplementation(function (this: DurableObjectStorage, act) {
      pass(this.sql);
      return transactionSync.call(this, act);
    });
    vi.spyOn(methods, "setAlarm").mockImplementation(async function (this: DurableObjectStorage, ...args) {
      if (!failing.sparesAlarm) pass(this.sql);
      return setAlarm.apply(this, args);
    });
    vi.spyOn(methods, "getAlarm").mockImplementation(async function (this: DurableObjectStorage, ...args) {
      pass(this.sql);
      return getAlarm.apply(this, args);
    });
    vi.spyOn(methods, "deleteAll").mockImplementation(async function (this: DurableObjectStorage, ...args) {
      pass(this.sql);
      return deleteAll.apply(this, args);
    });
    vi.spyOn(methods, "sync").mockImplementation(async function (this: DurableObjectStorage) {
      pass(this.sql);
      return sync.call(this);
    });
  });
}
