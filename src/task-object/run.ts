import { nextStartAt, startable, stepKey, type AlarmRun, type Step } from "../domain/task/due-work.ts";
import { isRingbackFault } from "../domain/errors/stall.ts";
import { isTerminal } from "../domain/task/task.ts";
import { errorFields } from "../log.ts";
import { attemptLostStep, attemptStep } from "./steps/attempt.ts";
import { taskFields, timing, type Running, type TaskDeps } from "./deps.ts";
import { tellRefusal } from "./steps/pace.ts";
import { pollStep } from "./steps/poll.ts";
import { register, reportStep } from "./steps/report.ts";
import { expireStep, submitLostStep, submitStep } from "./steps/submit.ts";

/**
 * One run starts nothing new after this: an update of the runtime gives work in flight 30 s, and a run should end within
 * minutes.
 */
const RUN_MS = 30_000;
/** A step that cannot run for a reason of our own (a seal that does not open) is looked at again after this. */
export const STALL_MS = 60_000;

/**
 * Does what is due and goes on while something is on the wire, so that a slow receiver never holds up a poll, nor a
 * slow upstream a callback. A step that fails for a reason of our own moves a minute on, up to the deadline.
 * @throws what storage and the platform throw, once everything else that is on the wire has come to its end
 */
export async function advance(deps: TaskDeps, running: Running): Promise<void> {
  const run = { stopAt: deps.now() + RUN_MS, running };
  const turns = new Turns();
  for (;;) {
    const waitMs = turns.failure === null ? startDue(deps, run, turns) : null;
    if (turns.open === 0) break;
    await settledOrDue(deps, turns, waitMs);
  }
  if (turns.failure !== null) throw turns.failure.error;
  await deps.store.rearm(timing(deps));
}

/** Starts what is due. In how many milliseconds more may be; null: nothing by time alone. */
function startDue(deps: TaskDeps, run: AlarmRun & { running: Running }, turns: Turns): number | null {
  try {
    for (const step of startable(stepsOf(deps), deps.now(), run)) turns.add(start(deps, step, run.running));
    if (turns.open === 0) return null;
    const now = deps.now();
    const next = nextStartAt(stepsOf(deps), now, run);
    return next === null ? null : Math.max(next - now, 1);
  } catch (error) {
    turns.fail(error);
    return null;
  }
}

/** The steps that this run has on the wire. Most runs are one poll, so nothing here is made for many. */
class Turns {
  open = 0;
  /** The first one that was not ours to bear: nothing more is started, and what is on the wire is still recorded. */
  failure: { error: unknown } | null = null;
  /** Told each time that one has settled. */
  settled: () => void = () => undefined;

  add(turn: Promise<void>): void {
    this.open += 1;
    turn.then(
      () => this.#settle(),
      (error: unknown) => {
        this.fail(error);
        this.#settle();
      },
    );
  }

  fail(error: unknown): void {
    this.failure ??= { error };
  }

  #settle(): void {
    this.open -= 1;
    this.settled();
  }
}

/** Only the report, if it is due: after a create's answer, so that the alarm need not come for it. */
export async function reportInPassing(deps: TaskDeps, running: Running): Promise<void> {
  if (deps.refusal) {
    const { refusal } = deps;
    deps.refusal = null;
    await tellRefusal(deps, "submit", refusal);
  }
  await register(deps);
  const run = { stopAt: Infinity, running };
  const report = startable(stepsOf(deps), deps.now(), run).find(({ kind }) => kind === "report");
  if (!report) return;
  await start(deps, report, running);
  await deps.store.rearm(timing(deps));
}

/** `running` knows a step for as long as it is on the wire. */
async function start(deps: TaskDeps, step: Step, running: Running): Promise<void> {
  const key = stepKey(step);
  const turn = runStep(deps, step);
  // Others that wait for it only want to know that the wire is quiet.
  running.set(
    key,
    turn.catch(() => undefined),
  );
  try {
    await turn;
  } finally {
    running.delete(key);
  }
}

function stepsOf(deps: TaskDeps): readonly Step[] {
  const state = deps.store.load();
  return state ? deps.store.steps(state, deps.settings.retentionMs) : [];
}

async function settledOrDue(deps: TaskDeps, turns: Turns, dueInMs: number | null): Promise<void> {
  let timer = null as ReturnType<typeof setTimeout> | null;
  await new Promise<void>((resolve) => {
    turns.settled = resolve;
    deps.wake = resolve;
    if (dueInMs !== null) timer = setTimeout(resolve, dueInMs);
  });
  if (timer !== null) clearTimeout(timer);
}

async function runStep(deps: TaskDeps, step: Step): Promise<void> {
  try {
    await perform(deps, step);
  } catch (error) {
    if (!isRingbackFault(error)) throw error;
    const state = deps.store.load();
    if (!state) return;
    const { task } = state;
    deps.log("step.stalled", { ...taskFields(task), step: step.kind, ...errorFields(error) });
    const now = deps.now();
    const open = !isTerminal(task) && (step.kind === "poll" || step.kind === "submit");
    if (open && now >= task.deadlineAt) expireStep(deps);
    else deps.store.stall(step, open ? Math.min(now + STALL_MS, task.deadlineAt) : now + STALL_MS);
  }
}

async function perform(deps: TaskDeps, step: Step): Promise<void> {
  switch (step.kind) {
    case "submit":
      return submitStep(deps);
    case "submit_lost":
      return submitLostStep(deps);
    case "poll":
      return pollStep(deps);
    case "expire":
      return expireStep(deps);
    case "attempt":
      return attemptStep(deps, step.seq);
    case "attempt_lost":
      return attemptLostStep(deps, step.seq);
    case "report":
      return reportStep(deps);
    case "erase":
      return deps.store.erase(deps.now());
    default:
      return step satisfies never;
  }
}
