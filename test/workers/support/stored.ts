import { runInDurableObject } from "cloudflare:test";
import type { TaskDocument } from "../../../src/task-object/document/document.ts";
import { readRows } from "../../support/model/read-rows.ts";
import { stubOf } from "./world.ts";

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
