import { LEASE_MARGIN_MS } from "../../domain/task/lease.ts";
import {
  copyFailed,
  copyGivenUp,
  copyUnderWay,
  decideCopy,
  type CopyOutcome,
  type CopyUnderWay,
} from "../../domain/task/keep.ts";
import type { Task } from "../../domain/task/task.ts";
import type { CopyOrder } from "../../files/order.ts";
import { orAborted } from "../../net/or-aborted.ts";
import { timeLimit } from "../../net/time-limit.ts";
import { taskFields, type TaskDeps } from "../deps.ts";
import type { TaskDocument } from "../document/document.ts";
import { openText } from "../document/sealed.ts";
import { upstreamOf } from "../task-upstream.ts";
import { firstAttempt, withFirstAttempt, type BegunAttempt } from "./attempt.ts";
import { prepareForEnd } from "./prepare.ts";
import { changeOf, logStatus } from "./record.ts";

/**
 * One try to copy the result; the task ends with the one that succeeds, and at the end of the patience. It takes no lease:
 * a copy that a dead process has begun costs nothing but time, and is begun anew. Returns the first attempt of the
 * terminal event, if it began with the end.
 */
export async function copyStep(deps: TaskDeps): Promise<BegunAttempt | null> {
  const document = deps.store.load();
  const underWay = document && copyUnderWay(document.task);
  if (!document || !underWay) return null;
  if (deps.now() >= underWay.until) return recordCopy(deps, document, copyGivenUp);
  const outcome = await tryCopy(deps, document, underWay);
  // Deleted meanwhile, which has ended the try.
  if (deps.store.load()?.task.createId !== document.task.createId) return null;
  deps.log("result.copied", {
    ...taskFields(document.task),
    outcome: outcome.kind,
    ...(outcome.kind === "kept" ? { bytes: outcome.bytes } : { reason: outcome.reason }),
  });
  const random = deps.random();
  const { retentionMs, keep } = deps.settings;
  return recordCopy(deps, document, (task, now) =>
    decideCopy(task, outcome, { now, random, retentionMs, publicUrl: keep.publicUrl }),
  );
}

async function recordCopy(
  deps: TaskDeps,
  { task: { createId } }: TaskDocument,
  decide: (task: Task, now: number) => Task,
): Promise<BegunAttempt | null> {
  const before = deps.store.load();
  if (before?.task.createId !== createId) return null;
  // Decides once ahead, to know whether the first attempt is to be prepared; the decision inside `update` counts.
  const prepared = await prepareForEnd(deps, before, decide(before.task, deps.now()));
  const after = deps.store.update(createId, (document, now) => {
    const task = decide(document.task, now);
    if (task === document.task) return null;
    const change = changeOf(deps, document, { task }, now);
    return prepared === null ? change : withFirstAttempt(deps, change, prepared, now);
  });
  if (after === null) return null;
  logStatus(deps, before.task, after.task);
  return prepared && firstAttempt(after, prepared);
}

/** @throws SealError, MissingKeyError, MissingUpstreamError */
async function tryCopy(
  deps: TaskDeps,
  document: TaskDocument,
  { keep, copy, until }: CopyUnderWay,
): Promise<CopyOutcome> {
  const url = copy.url ?? (await openText(deps, document, "source"));
  if (!url) return copyFailed("storage");
  const { callback, ownHosts, keep: rules } = deps.settings;
  const { baseUrl, profile } = upstreamOf(deps.settings, document.task);
  const order: CopyOrder = {
    fileId: keep.fileId,
    url,
    upstream: {
      origin: new URL(baseUrl).origin,
      profile,
      apiKey: copy.needsKey ? await deps.session.apiKey(document) : null,
    },
    rules: { allowPrivate: callback.allowPrivate, ownHosts: [document.task.ownHost, ...ownHosts] },
    maxBytes: rules.maxBytes,
    until,
    signal: deps.running.deletion,
  };
  // A copy ends by itself in time; a bucket that never answers must not keep the task from its end.
  const { signal, clear } = timeLimit(until + LEASE_MARGIN_MS - deps.now());
  return orAborted(deps.copyResult(order), signal, copyFailed("timeout")).finally(clear);
}
