import { decidePoll, idToAsk } from "../../domain/task/poll.ts";
import { isOperatorCredentialError } from "../../domain/task/submit.ts";
import type { Task } from "../../domain/task/task.ts";
import type { PollAnswer, TaskReading } from "../../domain/task/upstream-answer.ts";
import { taskFields, type TaskDeps } from "../deps.ts";
import { passFor, tellRefusal } from "./pace.ts";
import { recordTask } from "./record.ts";
import { sealText } from "../sealed.ts";

/** Asks the upstream once. Takes no lease, because asking twice costs nothing; unchanged, it writes only the alarm. */
export async function pollStep(deps: TaskDeps): Promise<void> {
  const pass = await passFor(deps, "poll");
  const state = deps.store.load();
  const id = state && idToAsk(state.task, state.schedule);
  if (pass === null || !state || !id) return;
  const startedAt = deps.now();
  const upstream = await deps.upstream(state.task);
  const answer = await upstream.poll(id);
  await recordPoll(deps, answer, startedAt);
  if (answer.kind === "slow_down") {
    await tellRefusal(deps, "poll", { ...pass, retryAfterMs: answer.notBeforeMs });
  }
}

async function recordPoll(deps: TaskDeps, answer: PollAnswer, startedAt: number): Promise<void> {
  const state = deps.store.load();
  if (!state) return;
  const { forecast } = state.sync;
  const turn = { startedAt, now: deps.now(), random: deps.random(), limits: deps.settings.poll, forecast };
  const { task, schedule } = decidePoll(state.task, state.schedule, answer, turn);
  logOddAnswer(deps, task, answer);
  const json = hidesAnswer(task, answer) ? null : answer.json;
  if (json !== null) deps.lastAnswer = json;
  if (task === state.task) {
    // The alarm remembers the time by itself, unless something else comes first: then a lower bound from the upstream
    // has to be written down to outlive this process.
    const { retentionMs } = deps.settings;
    const others = deps.store.steps(state, retentionMs).some(({ kind }) => kind !== "poll");
    const keep = answer.notBeforeMs !== null && others ? { task } : {};
    deps.store.apply({ schedule, ...keep }, { now: deps.now(), retentionMs });
    return;
  }
  const sealed = json === null ? null : await sealText(deps, task, "answer", json);
  // Sealing took a turn of the event loop: the decision stands only if nothing else changed the task.
  const current = deps.store.load();
  if (!current || current.task !== state.task) return;
  recordTask(deps, current, task, { schedule, ...(sealed ? { answer: sealed } : {}) });
}

function hidesAnswer(task: Task, answer: PollAnswer): boolean {
  return answer.kind === "unauthorized" && isOperatorCredentialError(task.mode, answer.status);
}

/**
 * An answer without news is worth a line: an outage, a lost key, a word that the upstream made up, or a success whose
 * result Ringback did not find. The members' names show an operator what to add.
 */
function logOddAnswer(deps: TaskDeps, task: Task, answer: PollAnswer): void {
  if (answer.kind === "read" && !isOdd(answer.reading)) return;
  deps.log("poll.without_news", {
    ...taskFields(task),
    answer: answer.kind,
    ...("why" in answer ? { reason: answer.why } : {}),
    ...("status" in answer ? { status_code: answer.status } : {}),
    ...("reading" in answer
      ? { word: answer.reading.word?.slice(0, 40), members: answer.reading.members.join(" ") }
      : {}),
  });
}

function isOdd({ status, isAmbiguous, result }: TaskReading): boolean {
  return status === null || isAmbiguous || (status === "succeeded" && result === null);
}
