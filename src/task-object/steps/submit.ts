import type { TaskState } from "../../domain/task/due-work.ts";
import { firstSchedule } from "../../domain/task/poll.ts";
import {
  beginSubmit,
  decideSubmit,
  isOperatorCredentialError,
  submitLost,
} from "../../domain/task/submit.ts";
import { LEASE_MARGIN_MS } from "../../domain/delivery/delivery.ts";
import { timedOut, type Task } from "../../domain/task/task.ts";
import type { SubmitAnswer } from "../../domain/task/upstream-answer.ts";
import { submitTimeoutMs } from "../../upstream/http-upstream.ts";
import { taskFields, timing, type TaskDeps } from "../deps.ts";
import { passFor, tellRefusal } from "./pace.ts";
import { recordTask } from "./record.ts";
import { openParts, sealParts, sealText } from "../sealed.ts";

/** Until when a submit that begins now may still report. */
export function submitLeaseUntil(deps: TaskDeps, bodyBytes: number): number {
  return deps.now() + submitTimeoutMs(deps.settings.upstreamTimeoutMs, bodyBytes) + LEASE_MARGIN_MS;
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
  // Everything that can fail without a request fails here, before the begun-row.
  const body = await openParts(deps, queued.task);
  const upstream = await deps.upstream(queued.task);
  const state = deps.store.load();
  const begun = state && beginSubmit(state.task, submitLeaseUntil(deps, body.byteLength));
  if (!begun) return;
  deps.store.apply({ task: begun }, timing(deps));
  await deps.store.durable();
  const current = deps.store.load()?.task;
  // Deleted meanwhile, and perhaps created anew under the same idempotency key.
  if (current?.createId !== begun.createId || current.submit.phase !== "begun") return;
  const answer = await upstream.submit(body);
  await recordSubmit(deps, answer, body);
  if (isSlowDown(answer)) {
    await tellRefusal(deps, "submit", { ...pass, retryAfterMs: answer.retryAfterMs });
  }
}

/** The rate is what the upstream objects to; a 503 is about itself. */
export function isSlowDown(answer: SubmitAnswer): answer is SubmitAnswer & { kind: "later" } {
  return answer.kind === "later" && answer.status === 429;
}

/**
 * Records an answer to the begun submit. `body` is sealed away if it has to be sent again.
 * Returns the state after it, or null if the submit is no longer ours to record.
 */
export async function recordSubmit(
  deps: TaskDeps,
  answer: SubmitAnswer,
  body: Uint8Array,
  adjust: (task: Task) => Task = (task) => task,
): Promise<TaskState | null> {
  const begun = deps.store.load();
  if (!begun || begun.task.submit.phase !== "begun") return null;
  const turn = {
    now: deps.now(),
    random: deps.random(),
    resultMissingMs: deps.settings.poll.resultMissingMs,
  };
  const task = adjust(decideSubmit(begun.task, answer, turn));
  const again = task.submit.phase === "due";
  const parts = again && deps.store.rows.parts().length === 0 ? await sealParts(deps, task, body) : undefined;
  const keep = answerToKeep(begun.task, answer);
  if (keep !== null) deps.lastAnswer = keep;
  const sealedAnswer = keep === null ? undefined : await sealText(deps, task, "answer", keep);
  // Sealing took a turn of the event loop: only the begun submit that was decided on may be recorded.
  if (deps.store.load()?.task !== begun.task) return null;
  logAnswer(deps, task, answer);
  if (answer.kind === "accepted") deps.keyAccepted(task);
  return recordTask(deps, begun, task, {
    ...(parts ? { parts } : {}),
    ...(sealedAnswer ? { answer: sealedAnswer } : {}),
    schedule: firstSchedule(task, {
      now: turn.now,
      random: deps.random(),
      limits: deps.settings.poll,
      forecast: begun.sync.forecast,
      streamed: deps.streamed(),
    }),
  });
}

/** The upstream's JSON as the task shows it; not where it is about the operator's key or balance. */
function answerToKeep(task: Task, answer: SubmitAnswer): string | null {
  if (answer.kind === "later") return null;
  return answer.kind === "refused" && isOperatorCredentialError(task.mode, answer.status)
    ? null
    : answer.json;
}

function logAnswer(deps: TaskDeps, task: Task, answer: SubmitAnswer): void {
  deps.log("submit.answered", {
    ...taskFields(task),
    answer: answer.kind,
    ...("status" in answer ? { status_code: answer.status } : {}),
    ...("why" in answer ? { reason: answer.why } : {}),
  });
}

/** A begun submit without an outcome: its process is gone. Never repeated. */
export function submitLostStep(deps: TaskDeps, adjust: (task: Task) => Task = (task) => task): void {
  const state = deps.store.load();
  if (state) recordTask(deps, state, adjust(submitLost(state.task, deps.now())));
}

/** The deadline of a task that never reached the upstream, or that can no longer be asked about. */
export function expireStep(deps: TaskDeps): void {
  const state = deps.store.load();
  if (state) recordTask(deps, state, timedOut(state.task, deps.now()));
}
