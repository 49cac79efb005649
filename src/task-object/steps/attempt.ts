import type { TaskState } from "../../domain/task/due-work.ts";
import {
  beginAttempt,
  neverSent,
  settleAttempt,
  stopDelivery,
  type AttemptResult,
  type Delivery,
} from "../../domain/delivery/delivery.ts";
import { judgeEndpoint } from "../../domain/delivery/endpoint-policy.ts";
import { versionsInForce, type SigningVersion } from "../../domain/account/signing-versions.ts";
import type { Task } from "../../domain/task/task.ts";
import { signingSecret } from "../../keys/derive.ts";
import { RINGBACK_VERSION } from "../../version.ts";
import { taskFields, timing, type TaskDeps } from "../deps.ts";
import { isKeyProved } from "./prove-key.ts";
import { openText } from "../sealed.ts";
import type { AttemptRow, Change } from "../rows.ts";

/** One attempt of one delivery: lease and attempt row first, then the request, then the result. */
export async function attemptStep(deps: TaskDeps, seq: number): Promise<void> {
  const before = deps.store.load();
  const { callback } = before?.task ?? {};
  if (!before || !callback || !(await isKeyProved(deps, before.task))) return;
  const versions = await signingVersions(deps, before.task);
  const secrets = await secretsInForce(deps, before.task, versions);
  const headers = JSON.parse((await openText(deps, before.task, "headers")) ?? "[]") as [string, string][];

  // Check-and-set: whatever happened meanwhile, only a delivery that is due and free is taken.
  const startedAt = deps.now();
  const state = deps.store.load();
  const delivery = state?.deliveries.find((candidate) => candidate.seq === seq);
  const begun = delivery && beginAttempt(delivery, startedAt, deps.settings.callback.timeoutMs);
  if (!state || !begun) return;
  const attempt: AttemptRow = {
    seq,
    number: begun.attempts,
    trigger: begun.trigger ?? "scheduled",
    startedAt,
    result: null,
  };
  const task = sameVersions(state.task.signing, versions) ? undefined : { ...state.task, signing: versions };
  write(deps, { deliveries: [begun], attempt, ...(task ? { task } : {}) });
  await deps.store.durable();
  // Deleted meanwhile.
  if (!openDelivery(deps.store.load(), begun)) return;

  const rules = {
    allowPrivate: deps.settings.callback.allowPrivate,
    ownHosts: [callback.ownHost, ...deps.settings.ownHosts],
  };
  const verdict = judgeEndpoint(callback.url, rules);
  const result = verdict.ok
    ? await deps.send({
        url: verdict.url,
        headers,
        messageId: begun.messageId,
        body: deps.store.rows.messageBody(seq),
        attempt: begun.attempts,
        secrets,
        timeoutMs: deps.settings.callback.timeoutMs,
        version: RINGBACK_VERSION,
      })
    : neverSent("url_rejected");
  recordAttempt(deps, begun, result, attempt);
}

/** An attempt whose process is gone: it may have arrived, so it counts, and the schedule goes on. */
export function attemptLostStep(deps: TaskDeps, seq: number): void {
  const delivery = deps.store.load()?.deliveries.find((candidate) => candidate.seq === seq);
  if (!delivery || delivery.leaseUntil === null) return;
  const unknown: AttemptResult = {
    ...neverSent("interrupted"),
    outcome: "unknown",
    durationMs: null,
  };
  recordAttempt(deps, delivery, unknown, deps.store.rows.attempt(seq, delivery.attempts));
}

/** `row`: the attempt as it was written before it left. */
function recordAttempt(deps: TaskDeps, begun: Delivery, result: AttemptResult, row: AttemptRow | null): void {
  const state = deps.store.load();
  const current = openDelivery(state, begun);
  // Another turn has recorded this attempt (its lease ran out) or the task is gone: the row stands as it is.
  if (!state || !current) return;
  const now = deps.now();
  const limits = { retryMs: deps.settings.callback.retryMs };
  const settled = settleAttempt(current, result, { now, random: deps.random(), limits });
  // An attempt by hand is a question; only the schedule's own answer stops the schedule.
  const gone = begun.trigger === "scheduled" && (result.statusCode === 410 || result.statusCode === 501);
  write(deps, {
    deliveries: [settled, ...(gone ? stopOthers(state, begun.seq, now) : [])],
    ...(row ? { attempt: { ...row, result } } : {}),
    ...(gone && state.task.callback ? { task: withStopped(state.task) } : {}),
  });
  deps.log("callback.attempted", {
    ...taskFields(state.task),
    message_id: begun.messageId,
    attempt: begun.attempts,
    outcome: result.outcome,
    reason: result.reason,
    status_code: result.statusCode,
    duration_ms: result.durationMs,
    delivery: settled.status,
  });
}

/** The delivery as it is now, if this attempt is its newest and still open. */
function openDelivery(state: TaskState | null, begun: Delivery): Delivery | undefined {
  return state?.deliveries.find(
    ({ seq, leaseUntil, attempts }) =>
      seq === begun.seq && leaseUntil === begun.leaseUntil && attempts === begun.attempts,
  );
}

function withStopped(task: Task): Task {
  return task.callback ? { ...task, callback: { ...task.callback, stopped: true } } : task;
}

function stopOthers(state: TaskState, seq: number, now: number): Delivery[] {
  return state.deliveries
    .filter((other) => other.seq !== seq && other.status === "pending")
    .map((other) => stopDelivery(other, now));
}

function write(deps: TaskDeps, change: Change): void {
  deps.store.apply(change, timing(deps));
}

/** What the account says; what it said last if it does not answer. */
async function signingVersions(deps: TaskDeps, task: Task): Promise<readonly SigningVersion[]> {
  try {
    return await deps.signingVersions(task.account);
  } catch (error) {
    deps.log("account.silent", {
      ...taskFields(task),
      error: error instanceof Error ? error.name : "unknown",
    });
    return task.signing;
  }
}

function sameVersions(a: readonly SigningVersion[], b: readonly SigningVersion[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Every secret that signs now: each version in force, under the current root secret and the previous one. */
async function secretsInForce(
  deps: TaskDeps,
  task: Task,
  versions: readonly SigningVersion[],
): Promise<string[]> {
  const secrets = versionsInForce(versions, deps.now()).flatMap(({ version }) =>
    deps.settings.roots.map(async (root) => signingSecret(root, task.account, version)),
  );
  return Promise.all(secrets);
}
