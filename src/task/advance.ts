import { nextStartAt, startable, stepKey, type Step } from "../domain/agenda.ts";
import { isTerminal } from "../domain/task.ts";
import { errorFields } from "../log.ts";
import { attemptLostStep, attemptStep } from "./attempt-step.ts";
import { taskFields, type TaskDeps } from "./deps.ts";
import { tellRefusal } from "./pace.ts";
import { pollStep } from "./poll-step.ts";
import { register, reportStep } from "./report-step.ts";
import { expireStep, submitLostStep, submitStep } from "./submit-step.ts";

/** One run starts nothing new after this: a deploy gives work in flight 30 s, and a run should end within minutes. */
const RUN_MS = 30_000;
/** A step that cannot run (a seal that does not open, a store that fails) is looked at again after this. */
export const STALL_MS = 60_000;

/**
 * Does what is due and goes on while something is on the wire, so that a slow receiver never holds up a poll, nor a
 * slow upstream a callback. Never throws for a step that fails: the step moves a minute on, up to the deadline.
 * `running` are the steps on the wire in this process, those of other turns included.
 */
export async function advance(deps: TaskDeps, running: Map<string, Promise<void>>): Promise<void> {
  const run = { stopAt: deps.now() + RUN_MS, running };
  const turns = new Turns();
  for (;;) {
    for (const step of startable(stepsOf(deps), deps.now(), run)) turns.add(start(deps, step, running));
    if (turns.open === 0) break;
    const now = deps.now();
    const next = nextStartAt(stepsOf(deps), now, run);
    await settledOrDue(deps, turns, next === null ? null : Math.max(next - now, 1));
    if (turns.failure !== null) throw turns.failure.error;
  }
  deps.store.rearm({ now: deps.now(), retentionMs: deps.settings.retentionMs });
}

/** The steps that this run has on the wire. Most runs are one poll, so nothing here is made for many. */
class Turns {
  open = 0;
  /** Of a step that could not even be stalled. */
  failure: { error: unknown } | null = null;
  /** Told each time that one has settled. */
  settled: () => void = () => undefined;

  add(turn: Promise<void>): void {
    this.open += 1;
    turn.then(
      () => this.#settle(),
      (error: unknown) => {
        this.failure ??= { error };
        this.#settle();
      },
    );
  }

  #settle(): void {
    this.open -= 1;
    this.settled();
  }
}

/** Only the report, if it is due: after a create's answer, so that the alarm need not come for it. */
export async function reportInPassing(deps: TaskDeps, running: Map<string, Promise<void>>): Promise<void> {
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
  deps.store.rearm({ now: deps.now(), retentionMs: deps.settings.retentionMs });
}

/** `running` knows a step for as long as it is on the wire. */
async function start(deps: TaskDeps, step: Step, running: Map<string, Promise<void>>): Promise<void> {
  const key = stepKey(step);
  const turn = runStep(deps, step);
  running.set(key, turn);
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
