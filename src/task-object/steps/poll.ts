import { decidePoll, idToAsk, isOdd } from "../../domain/task/poll.ts";
import { isOperatorCredentialError } from "../../domain/task/submit.ts";
import { isDecided, type Task } from "../../domain/task/task.ts";
import type { PollAnswer } from "../../domain/task/upstream-answer.ts";
import { taskFields, type TaskDeps } from "../deps.ts";
import type { Change, TaskDocument } from "../document/document.ts";
import { firstAttempt, withFirstAttempt, type BegunAttempt } from "./attempt.ts";
import { passFor, tellRefusal } from "./pace.ts";
import { prepareForEnd } from "./prepare.ts";
import { changeOf, logStatus, sealAnswer } from "./record.ts";
import { pollLimits } from "../task-upstream.ts";

/**
 * Asks the upstream once. Takes no lease, because asking twice costs nothing; unchanged, it writes only the alarm.
 * Returns the first attempt of the terminal event, if it began with the end.
 */
export async function pollStep(deps: TaskDeps): Promise<BegunAttempt | null> {
  const pass = await passFor(deps, "poll");
  const document = deps.store.load();
  const id = document && idToAsk(document.task, document.schedule);
  if (pass === null || !document || !id) return null;
  const startedAt = deps.now();
  const upstream = await deps.session.connect(document);
  const answer = await upstream.poll(id);
  const begun = await recordPoll(deps, document.task.createId, { answer, startedAt });
  if (answer.kind === "slow_down") {
    await tellRefusal(deps, "poll", { ...pass, retryAfterMs: answer.notBeforeMs });
  }
  return begun;
}

async function recordPoll(
  deps: TaskDeps,
  createId: string,
  { answer, startedAt }: { answer: PollAnswer; startedAt: number },
): Promise<BegunAttempt | null> {
  const before = deps.store.load();
  if (before?.task.createId !== createId) return null;
  const limits = pollLimits(deps.settings, before.task);
  const turn = { startedAt, random: deps.random(), limits };
  const decide = ({ task, schedule, sync: { forecast } }: TaskDocument, now: number) =>
    decidePoll(task, schedule, answer, { ...turn, now, forecast });
  // Decides once ahead, to know what to seal; the decision inside `update` counts. An answer without news
  // seals nothing.
  const { task: ahead } = decide(before, deps.now());
  logOddAnswer(deps, ahead, answer);
  const json = hidesAnswer(ahead, answer) ? null : answer.json;
  if (json !== null) deps.session.answered(json);
  const isNews = ahead !== before.task;
  const reading = answer.kind === "read" ? answer.reading : null;
  const [sealed, prepared] = isNews
    ? await Promise.all([sealAnswer(deps, ahead, { json, reading }), prepareForEnd(deps, before, ahead)])
    : [{}, null];
  const after = deps.store.update(createId, (document, now) => {
    if (isDecided(document.task)) return null;
    const { task, schedule } = decide(document, now);
    if (task === document.task) return unchanged(deps, document, { schedule, answer });
    const change = changeOf(deps, document, { task, schedule, ...sealed }, now);
    return prepared === null ? change : withFirstAttempt(deps, change, prepared, now);
  });
  if (after === null) return null;
  logStatus(deps, before.task, after.task);
  return prepared && firstAttempt(after, prepared);
}

/**
 * The alarm keeps the time of the next poll. If another step sets the alarm, the document must keep the upstream's lower
 * bound.
 */
function unchanged(
  deps: TaskDeps,
  document: TaskDocument,
  { schedule, answer }: { schedule: TaskDocument["schedule"]; answer: PollAnswer },
): Change {
  const others = deps.store.steps(document).some(({ kind }) => kind !== "poll");
  return answer.notBeforeMs !== null && others ? { schedule } : { schedule, inMemory: true };
}

function hidesAnswer(task: Task, answer: PollAnswer): boolean {
  return answer.kind === "unauthorized" && isOperatorCredentialError(task.mode, answer.status);
}

/**
 * An answer without news is worth a line: an outage, a lost key, a word that the upstream made up, or a success whose
 * result Ringback did not find. The members' names show an operator what to add.
 */
function logOddAnswer(deps: TaskDeps, task: Task, answer: PollAnswer): void {
  if (!isOdd(answer)) return;
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
