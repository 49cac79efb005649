import { hasManualAttempt } from "../../domain/delivery/delivery.ts";
import {
  isReportedTogether,
  mustBeHeard,
  needsBriefing,
  type SyncState,
} from "../../domain/task/due-work.ts";
import { reportOf, type TaskReport } from "../../domain/account/report.ts";
import { summaryOf } from "../../domain/account/summary.ts";
import { OverloadedError } from "../../domain/errors/unavailable.ts";
import { cadenceClass, lessonOf } from "../../domain/task/cadence.ts";
import { firstSchedule } from "../../domain/task/poll.ts";
import { isTerminal, type PollSchedule } from "../../domain/task/task.ts";
import type { TaskDeps } from "../deps.ts";
import type { TaskDocument } from "../document.ts";

/**
 * Reports the task to its account, takes its briefing, and stores both. A report that fails throws: its step is
 * repeated in a minute, for as long as the task is kept, and nothing else waits for it.
 */
export async function reportStep(deps: TaskDeps): Promise<void> {
  const before = deps.store.load();
  if (!before) return;
  const news = await report(deps, before);
  // Erased meanwhile, and perhaps created anew under the same idempotency key: then the account knows nothing of it.
  const after = deps.store.update(before.task.createId, (document) => {
    const sync = { ...document.sync, ...news, paced: document.sync.paced || news.paced === true };
    // A process that does not know repeats the last report, which does no harm; storing it would cost a row a task.
    if (!isTerminal(document.task)) return { sync, schedule: scheduleWith(deps, document, sync) };
    return document.deliveries.some(hasManualAttempt) ? { sync } : { sync, inMemory: true };
  });
  if (after === null) return;
  if (needsBriefing(after)) throw new OverloadedError("the cadence did not answer");
  deps.store.unstall("report");
}

/** A task that begins with a forecast needs no report of its own before its first poll. */
export async function reportAccepted(deps: TaskDeps): Promise<void> {
  const document = deps.store.load();
  if (!document || !isReportedTogether(document.sync) || isTerminal(document.task)) return;
  await deps.syncTogether(reportFrom(deps, document));
}

async function report(deps: TaskDeps, document: TaskDocument): Promise<Partial<SyncState>> {
  const { task, sync, version: lastReported } = document;
  const asked = needsBriefing(document) ? cadenceClass(task) : null;
  if (asked === null && sync.lastReported > 0 && !mustBeHeard(document)) {
    await deps.syncTogether(reportFrom(deps, document));
    return { lastReported };
  }
  const { outlook } = await deps.sync(reportFrom(deps, document), asked);
  return { lastReported, ...(outlook ? { isBriefed: true, ...outlook } : {}) };
}

function reportFrom({ settings }: TaskDeps, document: TaskDocument): TaskReport {
  const lesson = isTerminal(document.task) ? lessonOf(document.task, document.schedule) : null;
  return reportOf(summaryOf(document, settings.retentionMs), lesson);
}

/** The first poll was planned by the prior; once the forecast has arrived, and before that poll, it is planned again. */
function scheduleWith(
  deps: TaskDeps,
  { task, schedule, sync: before }: TaskDocument,
  { forecast }: SyncState,
): PollSchedule {
  const fresh = forecast !== null && before.forecast === null && schedule.polls === 0;
  if (!fresh || isTerminal(task) || task.submittedAt === null) return schedule;
  return firstSchedule(task, {
    now: task.submittedAt,
    random: deps.random(),
    limits: deps.settings.poll,
    forecast,
    streamed: deps.streamed(),
  });
}
