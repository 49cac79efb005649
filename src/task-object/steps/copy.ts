import { copyGivenUp, copyUntil, decideCopy, type CopyResult } from "../../domain/task/keep.ts";
import { openText } from "../sealed.ts";
import { taskFields, type TaskDeps } from "../deps.ts";
import type { TaskDocument } from "../document.ts";
import { recordTask } from "./record.ts";

/**
 * One try to copy the result; the task ends with the one that succeeds, and at the end of the patience. It takes no lease:
 * a copy that a dead process has begun costs nothing but time, and is begun anew.
 */
export async function copyStep(deps: TaskDeps): Promise<void> {
  const document = deps.store.load();
  const until = document && copyUntil(document.task);
  if (!document || until === null) return;
  const { createId } = document.task;
  if (deps.now() >= until) {
    recordTask(deps, createId, ({ task }, now) => ({ task: copyGivenUp(task, now) }));
    return;
  }
  const result = await tryCopy(deps, document, until);
  const random = deps.random();
  const { retentionMs, keep } = deps.settings;
  const after = recordTask(deps, createId, ({ task }, now) => ({
    task: decideCopy(task, result, { now, random, retentionMs, publicUrl: keep.publicUrl }),
  }));
  if (after) logTry(deps, after, result);
}

async function tryCopy(deps: TaskDeps, document: TaskDocument, until: number): Promise<CopyResult> {
  const { task } = document;
  const copy = task.keep?.copy;
  const url = copy?.url ?? (await openText(deps, document, "source"));
  if (!copy || !task.keep || url === null) return { kind: "failed", reason: "storage" };
  const { callback, ownHosts, keep, baseUrl } = deps.settings;
  return deps.copyResult({
    fileId: task.keep.fileId,
    url,
    upstream: {
      origin: new URL(baseUrl).origin,
      apiKey: copy.needsKey ? await deps.session.apiKey(document) : null,
    },
    rules: { allowPrivate: callback.allowPrivate, ownHosts: [task.ownHost, ...ownHosts] },
    maxBytes: keep.maxBytes,
    until,
  });
}

function logTry(deps: TaskDeps, { task }: TaskDocument, result: CopyResult): void {
  deps.log("result.copied", {
    ...taskFields(task),
    outcome: result.kind,
    ...(result.kind === "kept" ? { bytes: result.bytes } : { reason: result.reason }),
  });
}
