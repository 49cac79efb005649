import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";

/** Storage of every object of this isolate, through the prototypes that they share: it fails as planned. */
export const failing: {
  /** The object whose storage it is; null: none fails. */
  sql: SqlStorage | null;
  /** Calls until the one that fails; it and all after it do. */
  left: number;
  failed: boolean;
  /** An alarm can be set all the same. */
  sparesAlarm: boolean;
} = { sql: null, left: 0, failed: false, sparesAlarm: false };

const LOST = Object.assign(new Error("Network connection lost."), { retryable: true });

function pass(of: unknown): void {
  if (failing.sql === null || of !== failing.sql) return;
  failing.left -= 1;
  if (failing.left > 0) return;
  failing.failed = true;
  throw LOST;
}

/** Undone by `vi.restoreAllMocks`. */
export async function plantFailures(): Promise<void> {
  failing.sql = null;
  await runInDurableObject(env.TASKS.get(env.TASKS.newUniqueId()), (_object, { storage }) => {
    const sql = Object.getPrototypeOf(storage.sql) as SqlStorage;
    const { exec } = sql;
    vi.spyOn(sql, "exec").mockImplementation(function (this: SqlStorage, ...args) {
      pass(this);
      return exec.apply(this, args);
    });
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
