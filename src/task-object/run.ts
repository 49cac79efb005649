import { attemptKey, stepKey, type Step } from "../domain/task/due-work.ts";
import { nextStartAt, startable, type AlarmRun } from "../domain/task/startable.ts";
import { isRingbackFault } from "../domain/errors/stall.ts";
import { copyUnderWay } from "../domain/task/keep.ts";
import { isDecided } from "../domain/task/task.ts";
import { errorFields } from "../log.ts";
import {
  attemptLostStep,
  attemptStep,
  giveUpAttempt,
  sendAttempt,
  type BegunAttempt,
} from "./steps/attempt.ts";
import { copyStep } from "./steps/copy.ts";
import { taskFields, type TaskDeps } from "./deps.ts";
import { tellRefusal } from "./steps/pace.ts";
import { pollStep } from "./steps/poll.ts";
import { deleteFilesStep, eraseStep } from "./steps/remove.ts";
import { reportAccepted, reportStep } from "./steps/report.ts";
import { expireStep, markSubmitLost, submitStep } from "./steps/submit.ts";

/**
 * One run starts nothing new after this: an update of the runtime gives work in flight 30 s, and a run should end within
 * minutes.
 */
const RUN_MS = 30_000;
/** Ringback tries a step that failed for a reason of its own (a seal that does not open) again after this. */
export const STALL_MS = 60_000;

/**
 * Does what is due and goes on while something is on the wire, so that a slow receiver never holds up a poll, nor a
 * slow upstream a callback. A step that fails for a reason of our own moves a minute on, up to the deadline.
 * @throws what storage and the platform throw, once everything else that is on the wire has come to its end
 */
export async function advance(deps: TaskDeps): Promise<void> {
  const { running } = deps;
  const run = { stopAt: deps.now() + RUN_MS, running };
  const open = new OpenSteps();
  // One that a call makes in passing: without waiting for it, the run would be armed again at once, each millisecond.
  const report = running.ended("report");
  if (report) open.add(report);
  for (;;) {
    const waitMs = open.failure === null ? startDue(deps, run, open) : null;
    if (open.count === 0) break;
    await nextTurn(deps, open, waitMs);
  }
  if (open.failure !== null) throw open.failure.error;
  await deps.store.rearm();
}

/** Starts what is due. Returns the milliseconds until the next start; null: no start depends on time. */
function startDue(deps: TaskDeps, run: AlarmRun, open: OpenSteps): number | null {
  try {
    for (const step of startable(stepsOf(deps), deps.now(), run)) open.add(start(deps, step));
    if (open.count === 0) return null;
    const now = deps.now();
    const next = nextStartAt(stepsOf(deps), now, run);
    return next === null ? null : Math.max(next - now, 1);
  } catch (error) {
    open.fail(error);
    return null;
  }
}

/** The steps that this run has on the wire. Most runs are one poll, so nothing here is made for many. */
class OpenSteps {
  count = 0;
  /** The first error of the platform: the run starts nothing more and still records what is in flight. */
  failure: { error: unknown } | null = null;
  /** Called each time that one has ended. */
  ended: () => void = () => undefined;

  add(step: Promise<void>): void {
    this.count += 1;
    step.then(
      () => this.#end(),
      (error: unknown) => {
        this.fail(error);
        this.#end();
      },
    );
  }

  fail(error: unknown): void {
    this.failure ??= { error };
  }

  #end(): void {
    this.count -= 1;
    this.ended();
  }
}

/**
 * Tells the cadence of a create's 429, and the account of the task, if the report is due: after an answer, so that the alarm
 * need not come for it.
 */
export async function tellInPassing(deps: TaskDeps): Promise<void> {
  const refusal = deps.pacing.takeRefusal();
  if (refusal) await tellRefusal(deps, "submit", refusal);
  await reportAccepted(deps);
  const run = { stopAt: Infinity, running: deps.running };
  const report = startable(stepsOf(deps), deps.now(), run).find(({ kind }) => kind === "report");
  if (!report) return;
  await start(deps, report);
  await deps.store.rearm();
}

/** Runs a step. A poll or a copy returns the attempt that its end began; an attempt step sends its own. */
async function start(deps: TaskDeps, step: Step): Promise<void> {
  const begun = await deps.running.track(stepKey(step), runStep(deps, step));
  if (begun) await deps.running.track(attemptKey(begun.delivery.seq), sendAttempt(deps, begun));
}

function stepsOf(deps: TaskDeps): readonly Step[] {
  const document = deps.store.load();
  return document ? deps.store.steps(document) : [];
}

/** Waits until a step ends, a step becomes due, or `wake()` is called. */
async function nextTurn(deps: TaskDeps, open: OpenSteps, dueInMs: number | null): Promise<void> {
  let timer = null as ReturnType<typeof setTimeout> | null;
  await new Promise<void>((resolve) => {
    open.ended = resolve;
    deps.running.onWake(resolve);
    if (dueInMs !== null) timer = setTimeout(resolve, dueInMs);
  });
  if (timer !== null) clearTimeout(timer);
}

async function runStep(deps: TaskDeps, step: Step): Promise<BegunAttempt | null> {
  try {
    return await perform(deps, step);
  } catch (error) {
    if (!isRingbackFault(error)) throw error;
    stall(deps, step, error);
    return null;
  }
}

/**
 * A step that failed for a reason of our own waits a minute, an unfinished task's no longer than to its deadline, a copy to
 * the end of its patience, and an attempt while its delivery may last.
 */
function stall(deps: TaskDeps, step: Step, error: unknown): void {
  const task = deps.store.load()?.task;
  if (!task) return;
  deps.log("step.stalled", { ...taskFields(task), step: step.kind, ...errorFields(error) });
  const now = deps.now();
  if (step.kind === "attempt" && giveUpAttempt(deps, step.seq)) return;
  const open = !isDecided(task) && (step.kind === "poll" || step.kind === "submit");
  const lastAt = open ? task.deadlineAt : step.kind === "copy" ? copyUnderWay(task)?.until : null;
  if (open && now >= task.deadlineAt) expireStep(deps);
  else deps.store.stall(step, Math.min(now + STALL_MS, lastAt ?? Infinity));
}

async function perform(deps: TaskDeps, step: Step): Promise<BegunAttempt | null> {
  switch (step.kind) {
    case "poll":
      return pollStep(deps);
    case "submit":
      await submitStep(deps);
      break;
    case "copy":
      return copyStep(deps);
    case "submit_lost":
      markSubmitLost(deps);
      break;
    case "expire":
      expireStep(deps);
      break;
    case "attempt":
      await attemptStep(deps, step.seq);
      break;
    case "attempt_lost":
      attemptLostStep(deps, step.seq);
      break;
    case "report":
      await reportStep(deps);
      break;
    case "delete_files":
      await deleteFilesStep(deps);
      break;
    case "erase":
      await eraseStep(deps);
      break;
    default:
      step satisfies never;
  }
  return null;
}
