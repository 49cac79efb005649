import { firstSchedule } from "../../domain/task/poll.ts";
import {
  beginSubmit,
  decideSubmit,
  isOperatorCredentialError,
  submitLost,
} from "../../domain/task/submit.ts";
import { endedAtDeadline } from "../../domain/task/keep.ts";
import { LEASE_MARGIN_MS } from "../../domain/task/lease.ts";
import type { Task } from "../../domain/task/task.ts";
import type { SubmitAnswer } from "../../domain/task/upstream-answer.ts";
import { submitTimeoutMs } from "../../upstream/http-upstream.ts";
import { taskFields, type TaskDeps } from "../deps.ts";
import type { TaskDocument } from "../document/document.ts";
import { passFor, tellRefusal } from "./pace.ts";
import { recordTask, sealAnswer, withKnownEndpoints } from "./record.ts";
import { pollLimits } from "../task-upstream.ts";
import { openParts, sealParts } from "../document/sealed.ts";

/** For how long a submit may still report. */
export function submitLeaseMs(deps: TaskDeps, bodyBytes: number): number {
  return submitTimeoutMs(deps.settings.upstreamTimeoutMs, bodyBytes) + LEASE_MARGIN_MS;
}

/** A submit from the alarm: after `respond-async`, or after the upstream said "not now". */
export async function submitStep(deps: TaskDeps): Promise<void> {
  const queued = deps.store.load();
  if (!queued) return;
  if (deps.now() >= queued.task.deadlineAt) {
    expireStep(deps);
    return;
  }
  const pass = await passFor(deps, "submit");
  if (pass === null) return;
  // Everything that can fail without a request fails here, before `begun` is written.
  const body = await openParts(deps, queued.task);
  const upstream = await deps.session.connect(queued);
  const leaseMs = submitLeaseMs(deps, body.byteLength);
  const { createId } = queued.task;
  const begun = deps.store.update(createId, ({ task }, now) => {
    const begin = beginSubmit(task, now + leaseMs);
    return begin && { task: begin };
  });
  if (!begun) return;
  await deps.store.durable();
  const current = deps.store.load()?.task;
  // Deleted meanwhile, and perhaps created anew under the same idempotency key.
  if (current?.createId !== createId || current.submit.phase !== "begun") return;
  const answer = await upstream.submit(body);
  await recordSubmit(deps, createId, { answer, body });
  if (isSlowDown(answer)) {
    await tellRefusal(deps, "submit", { ...pass, retryAfterMs: answer.retryAfterMs });
  }
}

/** A 429 is about the rate; a 503 is about the upstream itself. */
export function isSlowDown(answer: SubmitAnswer): answer is SubmitAnswer & { kind: "later" } {
  return answer.kind === "later" && answer.status === 429;
}

/** What comes after the decision about a submit. */
type Adjust = (task: Task, now: number) => Task;

const AS_IT_IS: Adjust = (task) => task;

/**
 * Records an answer to the begun submit. `body` is sealed away if it has to be sent again.
 * Returns the document after it, or null if the submit is no longer ours to record.
 */
export async function recordSubmit(
  deps: TaskDeps,
  createId: string,
  { answer, body, adjust = AS_IT_IS }: { answer: SubmitAnswer; body: Uint8Array; adjust?: Adjust },
): Promise<TaskDocument | null> {
  const begun = deps.store.load();
  if (begun?.task.createId !== createId || begun.task.submit.phase !== "begun") return null;
  const turn = { random: deps.random(), resultMissingMs: deps.settings.poll.resultMissingMs };
  const decide = (task: Task, now: number): Task => adjust(decideSubmit(task, answer, { ...turn, now }), now);
  // Decides once ahead, to know what to seal; the decision inside `update` counts.
  const ahead = decide(begun.task, deps.now());
  const keep = answerToKeep(begun.task, answer);
  if (keep !== null) deps.session.answered(keep);
  const again = ahead.submit.phase === "due" && begun.parts === 0;
  const reading = answer.kind === "accepted" ? answer.reading : null;
  const [sealed, parts] = await Promise.all([
    sealAnswer(deps, ahead, { json: keep, reading }),
    again ? sealParts(deps, ahead, body) : undefined,
  ]);
  const random = deps.random();
  const after = recordTask(deps, createId, ({ task: before, sync }, now) => {
    if (before.submit.phase !== "begun") return null;
    const task = withKnownEndpoints(deps, decide(before, now));
    const schedule = firstSchedule(task, {
      now,
      random,
      limits: pollLimits(deps.settings, task),
      forecast: sync.forecast,
      streamed: deps.streamed(),
    });
    return { task, schedule, ...sealed, ...(parts ? { parts } : {}) };
  });
  if (after) {
    logAnswer(deps, after.task, answer);
    if (answer.kind === "accepted") deps.keyAccepted(after.task);
  }
  return after;
}

/** The upstream's JSON that the task shows; null if it is about the operator's key or balance. */
function answerToKeep(task: Task, answer: SubmitAnswer): string | null {
  if (answer.kind === "later") return null;
  return answer.kind === "refused" && isOperatorCredentialError(task.mode, answer.status)
    ? null
    : answer.json;
}

function logAnswer(deps: TaskDeps, task: Task, answer: SubmitAnswer): void {
  deps.log("submit.answered", {
    ...taskFields(task),
    mode: task.mode,
    answer: answer.kind,
    ...("status" in answer ? { status_code: answer.status } : {}),
    ...("why" in answer ? { reason: answer.why } : {}),
  });
}

/** A begun submit without an outcome: its process is gone. Never repeated. */
export function markSubmitLost(deps: TaskDeps, adjust: Adjust = AS_IT_IS): void {
  const createId = deps.store.load()?.task.createId ?? "";
  recordTask(deps, createId, ({ task }, now) => ({ task: adjust(submitLost(task, now), now) }));
}

/** The deadline of a task that never reached the upstream, or that can no longer be asked about. */
export function expireStep(deps: TaskDeps): void {
  const createId = deps.store.load()?.task.createId ?? "";
  recordTask(deps, createId, ({ task }, now) => ({ task: endedAtDeadline(task, now) }));
}
