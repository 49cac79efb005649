import { hasManualAttempt } from "../../domain/delivery/delivery.ts";
import { isReportedTogether, mustBeHeard, needsBriefing } from "../../domain/task/due-work.ts";
import type { SyncState } from "../../domain/task/state.ts";
import { reportOf, type TaskReport } from "../../domain/account/report.ts";
import { summaryOf } from "../../domain/account/summary.ts";
import { OverloadedError } from "../../domain/errors/unavailable.ts";
import { cadenceClass, lessonOf } from "../../domain/task/cadence.ts";
import { firstSchedule } from "../../domain/task/poll.ts";
import { takenAlong } from "../../domain/endpoint/taken-along.ts";
import type { BriefedEndpoint } from "../../domain/endpoint/endpoint.ts";
import { announce } from "../../domain/task/events/announce.ts";
import { isFollowed } from "../../domain/task/events/event.ts";
import { awaitsProof } from "../../domain/task/key-proof.ts";
import { isTerminal, type PollSchedule, type Task } from "../../domain/task/task.ts";
import type { TaskDeps } from "../deps.ts";
import { pollLimits } from "../task-upstream.ts";
import { changed, type Change, type TaskDocument } from "../document/document.ts";

/**
 * Reports the task to its account, takes its briefing, and stores both. A report that fails throws: its step is
 * repeated in a minute, for as long as the task is kept, and nothing else waits for it.
 */
export async function reportStep(deps: TaskDeps): Promise<void> {
  const before = deps.store.load();
  if (!before) return;
  const { heard, endpoints } = await report(deps, before);
  // Erased meanwhile, and perhaps created anew under the same idempotency key: then the account knows nothing of it.
  const after = deps.store.update(before.task.createId, (document, now) => {
    const sync = { ...document.sync, ...heard, paced: document.sync.paced || heard.paced === true };
    const learned = endpoints && learn(deps, document, endpoints, now);
    const task = learned?.task ?? document.task;
    if (!isTerminal(task))
      return { ...learned, sync, schedule: scheduleWith(deps, document, { task, sync }) };
    const isSpent =
      document.sealed.key !== null && !awaitsProof(task, changed(document, learned ?? {}).deliveries);
    if (isSpent) return { ...learned, sync, sealed: { key: null } };
    // A process that does not know repeats the last report, which does no harm; storing it would cost a row a task.
    const isWorthARow = learned?.task.endpoints?.length || document.deliveries.some(hasManualAttempt);
    return isWorthARow ? { ...learned, sync } : { ...learned, sync, inMemory: true };
  });
  if (after === null) return;
  // What a task learns late has happened already: its attempts are due.
  deps.running.wake();
  if (needsBriefing(after)) throw new OverloadedError("the cadence did not answer");
  deps.store.unstall("report");
}

/** A task that begins with a forecast needs no report of its own before its first poll. */
export async function reportAccepted(deps: TaskDeps): Promise<void> {
  const document = deps.store.load();
  if (!document || !isReportedTogether(document.sync) || isTerminal(document.task)) return;
  await deps.syncTogether(reportFrom(deps, document));
}

/** What a report has come to; `endpoints` are null for one that brings no answer. */
interface Reported {
  /** What the account has taken, and what it has told. */
  heard: Partial<SyncState>;
  endpoints: readonly BriefedEndpoint[] | null;
}

async function report(deps: TaskDeps, document: TaskDocument): Promise<Reported> {
  const { task, sync, version: lastReported } = document;
  const asked = needsBriefing(document) ? cadenceClass(task) : null;
  const needsAnswer = asked !== null || task.endpoints === null || sync.lastReported === 0;
  if (!needsAnswer && !mustBeHeard(document)) {
    await deps.syncTogether(reportFrom(deps, document));
    return { heard: { lastReported }, endpoints: null };
  }
  const { outlook, endpoints } = await deps.sync(reportFrom(deps, document), asked);
  return { heard: { lastReported, ...(outlook ? { isBriefed: true, ...outlook } : {}) }, endpoints };
}

/** The task with its endpoints, and the deliveries to them of what has happened. Null: it knows them already. */
function learn(
  deps: TaskDeps,
  document: TaskDocument,
  briefed: readonly BriefedEndpoint[],
  now: number,
): (Change & { task: Task }) | null {
  if (document.task.endpoints !== null) return null;
  const task = { ...document.task, endpoints: takenAlong(document.task, briefed) };
  return { task, ...announce(document, task, { now, newMessageId: () => deps.newMessageId() }) };
}

function reportFrom({ settings }: TaskDeps, document: TaskDocument): TaskReport {
  const lesson = isTerminal(document.task) ? lessonOf(document.task, document.schedule) : null;
  return reportOf(summaryOf(document, settings.retentionMs), lesson);
}

/**
 * The first poll was planned by the prior, and for the receivers that were known. Once the forecast has arrived, or an
 * endpoint that follows the task, and before that poll, it is planned again.
 */
function scheduleWith(
  deps: TaskDeps,
  { task: before, schedule, sync: { forecast: known } }: TaskDocument,
  { task, sync: { forecast } }: { task: Task; sync: SyncState },
): PollSchedule {
  const isFresh = (forecast !== null && known === null) || isFollowed(task) !== isFollowed(before);
  if (!isFresh || schedule.polls > 0 || task.submit.phase !== "done" || task.submittedAt === null)
    return schedule;
  return firstSchedule(task, {
    now: task.submittedAt,
    random: deps.random(),
    limits: pollLimits(deps.settings, task),
    forecast,
    streamed: deps.streamed(),
  });
}
