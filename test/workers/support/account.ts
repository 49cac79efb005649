import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { taskKey, type KnownTask } from "../../../src/domain/account/report.ts";
import type { TaskSummary } from "../../../src/domain/account/summary.ts";
import { ownKeyAccount } from "../../../src/keys/ids.ts";
import { caller, until } from "./world.ts";

/** The name of the account of the tests' key. */
export async function ownAccount(): Promise<string> {
  return ownKeyAccount(caller.key);
}

/** Its object. */
export async function account() {
  return env.ACCOUNTS.get(env.ACCOUNTS.idFromName(await ownAccount()));
}

/** What it knows of its tasks. */
export async function summaries(): Promise<TaskSummary[]> {
  return runInDurableObject(await account(), (_object, state) => {
    const tables = state.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'task'").toArray();
    if (tables.length === 0) return [];
    const rows = state.storage.sql.exec<{ doc: string }>("SELECT doc FROM task ORDER BY key").toArray();
    return rows.map(({ doc }) => (JSON.parse(doc) as KnownTask).summary);
  });
}

/** The one task that it knows, once that has settled. */
export async function untilSettled(): Promise<TaskSummary> {
  const [only] = await until(summaries, (all) => all.length === 1 && all[0]?.expiresAt !== null);
  if (!only) throw new Error("unreachable");
  return only;
}

/** Changes every row, and ends the process that remembers them. */
export async function changeRows(change: (task: KnownTask) => KnownTask): Promise<void> {
  await runInDurableObject(await account(), (_object, { storage: { sql } }) => {
    for (const { key, doc } of sql
      .exec<{ key: string; doc: string }>("SELECT key, doc FROM task")
      .toArray()) {
      const task = change(JSON.parse(doc) as KnownTask);
      sql.exec(
        "UPDATE task SET key = ?, doc = ? WHERE key = ?",
        taskKey(task.summary),
        JSON.stringify(task),
        key,
      );
    }
  });
  await evictDurableObject(await account());
}
