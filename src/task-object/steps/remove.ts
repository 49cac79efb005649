import { StallError } from "../../domain/errors/stall.ts";
import type { LeftFile } from "../../domain/task/keep.ts";
import { nameInTaskId } from "../../domain/task/task-id.ts";
import { errorFields } from "../../log.ts";
import { inTime } from "../../net/in-time.ts";
import { taskFields, type TaskDeps } from "../deps.ts";
import { leftFilesOf } from "../document/document.ts";

/** A deleted task's idempotency key is remembered until this long after its creation. */
const DIGEST_KEPT_MS = 86_400_000;
/** The answer to a delete waits no longer for the bucket. */
const AT_ONCE_MS = 2_000;
/** A bucket that has not answered by then is asked again in a minute. */
const BUCKET_MS = 10_000;

/**
 * Erases the task; the outcome of a call in flight is no longer recorded. A copy under way ends, and what is in the
 * bucket goes, too: at once if the bucket answers, else with the alarm. False: no task of this account here.
 */
export async function removeTask(
  deps: Pick<TaskDeps, "store" | "running" | "log" | "deleteFile">,
  account: string,
): Promise<boolean> {
  const document = deps.store.load();
  if (document?.task.account !== account) return false;
  const { taskId, fingerprint, createdAt } = document.task;
  const until = createdAt + DIGEST_KEPT_MS;
  await deps.store.erase({
    digest: fingerprint === null ? null : { fingerprint, until },
    tombstone: { name: nameInTaskId(taskId) ?? "", account, createdAt },
  });
  deps.log("task.deleted", taskFields(document.task));
  deps.running.stop();
  try {
    await inTime(AT_ONCE_MS, deps.running.ended("copy") ?? Promise.resolve());
    await deleteFiles(deps, leftFilesOf(document), AT_ONCE_MS);
  } catch (error) {
    deps.log("file.undeleted", { ...taskFields(document.task), ...errorFields(error) });
  }
  return true;
}

/**
 * Erases a deleted task except for what its account, a repeat of its create, or the bucket must still learn.
 * @throws Error if the account or the bucket does not answer in time
 */
export async function finishRemoval(
  deps: Pick<TaskDeps, "store" | "running" | "sendTombstone" | "deleteFile">,
): Promise<void> {
  const tombstone = deps.store.tombstone();
  const files = deps.store.leftFiles();
  const tell = async (): Promise<void> => {
    if (tombstone === null) return;
    // The account should hear the report in flight first: it refuses a later one only for an hour.
    await deps.running.ended("report");
    await deps.sendTombstone(tombstone);
  };
  // Neither waits for the other; what has failed is repeated, and what has not does no harm a second time.
  const outcomes = await Promise.allSettled([tell(), deleteFiles(deps, files)]);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  // Created anew meanwhile, under the same idempotency key: that one is here to stay, and knows of the files.
  if (deps.store.load()) return;
  await deps.store.erase({ tombstone: null, deleted: idsOf(files) });
}

/** The retention is over: the copy goes first, because only the task knows of it. @throws StallError */
export async function eraseStep(deps: TaskDeps): Promise<void> {
  const document = deps.store.load();
  if (!document) return;
  const files = leftFilesOf(document);
  await deleteFiles(deps, files);
  const after = deps.store.load();
  // Deleted meanwhile; or an attempt was asked for, which is work again.
  if (after?.task.createId !== document.task.createId) return;
  if (!deps.store.steps(after).some(({ kind }) => kind === "erase")) return;
  await deps.store.erase({ deleted: idsOf(files) });
}

/** Deletes the copies of earlier tasks of this id. @throws StallError */
export async function deleteFilesStep(deps: TaskDeps): Promise<void> {
  const document = deps.store.load();
  if (!document) return;
  const { leftFiles = [] } = document;
  await deleteFiles(deps, leftFiles);
  deps.store.update(document.task.createId, (current, now) => ({
    leftFiles: (current.leftFiles ?? []).filter(({ until }) => until > now),
  }));
}

/** @throws StallError */
async function deleteFiles(
  deps: Pick<TaskDeps, "deleteFile">,
  files: readonly LeftFile[],
  patienceMs = BUCKET_MS,
): Promise<void> {
  if (files.length === 0) return;
  try {
    await inTime(patienceMs, Promise.all(files.map(async ({ fileId }) => deps.deleteFile(fileId))));
  } catch (error) {
    throw new StallError("the bucket did not delete a file", { cause: error });
  }
}

function idsOf(files: readonly LeftFile[]): string[] {
  return files.map(({ fileId }) => fileId);
}
