import { runInDurableObject } from "cloudflare:test";
import type { TaskDocument } from "../../../src/task-object/document/document.ts";
import { readRows } from "../../support/model/read-rows.ts";
import { stubOf, until } from "./world.ts";

/** What a task's object has stored. */
export async function storedOf(id: string): Promise<ReturnType<typeof readRows>> {
  return runInDurableObject(stubOf(id), (_object, { storage }) => readRows(storage));
}

/** Changes a task's document behind its object's back: a process that begins later finds it so. */
export async function rewriteDocument(
  id: string,
  rewrite: (document: TaskDocument) => TaskDocument,
): Promise<void> {
  await runInDurableObject(stubOf(id), (_object, { storage }) => {
    const document = JSON.parse(storage.kv.get<string>("document") ?? "") as TaskDocument;
    storage.kv.put("document", JSON.stringify(rewrite(document)));
  });
}

/** When an object's alarm comes; null: none is set. */
export async function alarmOf(stub: DurableObjectStub): Promise<number | null> {
  return runInDurableObject(stub, async (_object, { storage }) => storage.getAlarm());
}

/** Takes its alarm away, as a platform that forgets it. */
export async function loseAlarm(stub: DurableObjectStub): Promise<void> {
  const taken = async (): Promise<boolean> =>
    runInDurableObject(stub, async (_object, { storage }) => {
      const alarm = await storage.getAlarm();
      if (alarm !== null) await storage.deleteAlarm();
      return alarm !== null;
    });
  // Between two alarms, not inside one: there getAlarm is null anyway, and the run would arm it again.
  await until(taken, (isTaken) => isTaken);
}

/** The tables that an object has made. */
export function tablesOf({ sql }: DurableObjectStorage): string[] {
  const tables = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
  return tables.map(({ name }) => name).filter((name) => !name.startsWith("_cf"));
}

/** How many rows each table has that has any. */
export function rowsByTable(storage: DurableObjectStorage): Record<string, number> {
  const counts = tablesOf(storage).map(
    (name) => [name, storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${name}`).one().n] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
