import { cadenceNews, type SyncState } from "../../domain/task/due-work.ts";
import { summaryOf, stageOf } from "../../domain/account/summary.ts";
import { firstSchedule } from "../../domain/task/poll.ts";
import { finishSample } from "../../domain/task/observations.ts";
import { isTerminal, type PollSchedule } from "../../domain/task/task.ts";
import type { TaskDeps } from "../deps.ts";
import type { TaskDocument } from "../document.ts";

/**
 * Tells the account and the cadence how far the task is, both at once, and writes down what they took. A report that
 * fails throws: its step is repeated in a minute, for as long as the task is kept, and nothing else waits for it.
 */
export async function reportStep(deps: TaskDeps): Promise<void> {
  const before = deps.store.load();
  if (!before) return;
  const [account, cadence] = await Promise.allSettled([tellAccount(deps, before), tellCadence(deps, before)]);
  // Erased meanwhile, and perhaps created anew under the same idempotency key: then it has heard nothing.
  const after = deps.store.update(before.task.createId, (document) => {
    const sync = {
      ...document.sync,
      ...(account.status === "fulfilled" ? { account: account.value } : {}),
      ...(cadence.status === "fulfilled" ? cadence.value : {}),
    };
    // Said again by a process that does not know, the last word does no harm; written down it would cost a row a task.
    if (isTerminal(document.task)) return { sync, inMemory: true };
    return { sync, schedule: scheduleWith(deps, document, sync) };
  });
  if (after === null) return;
  if (account.status === "rejected") throw account.reason;
  if (cadence.status === "rejected") throw cadence.reason;
  deps.store.unstall("report");
}

/** A task that has taken its forecast along needs no report of its own before its first poll. */
export async function register(deps: TaskDeps): Promise<void> {
  const state = deps.store.load();
  if (!state?.sync.registered || state.sync.account !== null || isTerminal(state.task)) return;
  await deps.register(summaryOf(state, deps.settings.retentionMs));
}

async function tellAccount(deps: TaskDeps, state: TaskDocument): Promise<string> {
  const summary = summaryOf(state, deps.settings.retentionMs);
  const stage = stageOf(summary);
  if (stage === state.sync.account) return stage;
  // An account that knows of the task looks for its end by itself; one that does not must be told for certain.
  const isFound = isTerminal(state.task) && state.sync.account !== null;
  await (isFound ? deps.reportEnd(summary) : deps.report(summary));
  return stage;
}

async function tellCadence(deps: TaskDeps, state: TaskDocument): Promise<Partial<SyncState>> {
  const { task, schedule } = state;
  const news = cadenceNews(state);
  if (news === null) return {};
  if (news === "join") return { cadence: "joined", ...(await deps.joinCadence(task)) };
  const sample = finishSample(task, schedule.observations);
  if (sample) await deps.learnFinish(task, sample);
  return { cadence: "settled" };
}

/** The first poll was planned by the prior; with a forecast in hand, and before it was made, it is planned anew. */
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
