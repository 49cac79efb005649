import { isAttemptKey, stepKey, type Step } from "./due-work.ts";

/** `stepKey`s of what is on the wire. */
export interface OnTheWire {
  has(key: string): boolean;
  keys(): Iterable<string>;
}

/** One run of the alarm, as far as it decides what may start. */
export interface AlarmRun {
  /** From here on the run comes to its end: only what it waits for anyway may have company. */
  stopAt: number;
  /** In this process. */
  running: OnTheWire;
}

/**
 * The platform opens six connections for an object and queues the rest, whose time limits would run meanwhile.
 *
 * | attempt                  | starts beside at most                                          |
 * | ------------------------ | -------------------------------------------------------------- |
 * | of the end, own callback | anything: the last place of the six is its own                 |
 * | of the end, an endpoint  | four others                                                    |
 * | of news, own callback    | four others, three of them of news                             |
 * | of news, an endpoint     | four others, three of them of news, two of these at endpoints  |
 *
 * So the polls, the submit or the two of a copy have room beside news, no endpoint that hangs delays the own callback, and
 * ten endpoints, the most that there are, have their turn in two rounds of five.
 */
const ATTEMPTS_MAX = 6;
const NEWS_MAX = 4;

type AttemptStep = Step & { kind: "attempt" | "attempt_lost" };

function isAttempt(step: Step): step is AttemptStep {
  return step.kind === "attempt" || step.kind === "attempt_lost";
}

/** Whether one more attempt may be on the wire beside those. */
function hasRoom(step: Step, onTheWire: readonly AttemptStep[]): boolean {
  if (step.kind !== "attempt" || isOwnEnd(step)) return true;
  const others = onTheWire.filter((one) => !isOwnEnd(one));
  if (others.length >= ATTEMPTS_MAX - 1) return false;
  if (step.isTerminal) return true;
  const news = others.filter((one) => !one.isTerminal);
  return news.length < NEWS_MAX && (step.isOwn || news.filter((one) => !one.isOwn).length < NEWS_MAX - 1);
}

/** One of a task at most. */
function isOwnEnd({ isTerminal, isOwn }: AttemptStep): boolean {
  return isTerminal && isOwn;
}

function attemptsOnTheWire(steps: readonly Step[], { running }: AlarmRun): AttemptStep[] {
  return steps.filter(isAttempt).filter((step) => running.has(stepKey(step)));
}

/**
 * Whether a step that is due may start. Before `stopAt` each may. After it the run comes to its end, and only what it waits
 * for anyway may have company:
 *
 * | step                  | beside an attempt | beside a copy | beside anything else, or nothing |
 * | --------------------- | ----------------- | ------------- | -------------------------------- |
 * | attempt of the end    | yes               | yes           | no                               |
 * | attempt of news       | no                | yes           | no                               |
 * | poll, copy            | yes               | no            | no                               |
 * | report                | yes               | yes           | yes: no alarm comes for it       |
 *
 * The run still ends: a copy has its patience, and the growing waits between the attempts of receivers that hang leave a gap.
 */
function mayStart(step: Step, now: number, { stopAt, running }: AlarmRun): boolean {
  if (running.has(stepKey(step))) return false;
  if (now < stopAt || step.kind === "report") return true;
  if (isAttempt(step) && running.has("copy")) return true;
  const isCompany = isAttempt(step) ? step.isTerminal : step.kind === "poll" || step.kind === "copy";
  return isCompany && Array.from(running.keys()).some(isAttemptKey);
}

/** What is due and may start now, the most urgent first. */
export function startable(steps: readonly Step[], now: number, run: AlarmRun): Step[] {
  const due = steps.filter((step) => step.dueAt <= now && mayStart(step, now, run));
  // An erased task reports nothing: its account would take the report for a new task.
  const erase = due.find(({ kind }) => kind === "erase");
  if (erase) return [erase];
  const onTheWire = attemptsOnTheWire(steps, run);
  return due.toSorted(byUrgency).filter((step) => {
    if (!hasRoom(step, onTheWire)) return false;
    if (isAttempt(step)) onTheWire.push(step);
    return true;
  });
}

/**
 * Attempts of the end before those of news, at receivers without trouble before the others, then the oldest. So each one
 * of the end is passed by each other receiver at most once.
 */
function byUrgency(a: Step, b: Step): number {
  return urgency(a) - urgency(b) || a.dueAt - b.dueAt;
}

function urgency(step: Step): number {
  if (!isAttempt(step)) return 0;
  return (step.isTerminal ? 0 : 2) + (step.isTroubled ? 1 : 0);
}

/** When a step becomes startable by time alone; always later than now if nothing is startable. Null: none does. */
export function nextStartAt(steps: readonly Step[], now: number, run: AlarmRun): number | null {
  const onTheWire = attemptsOnTheWire(steps, run);
  const later = steps
    .filter((step) => mayStart(step, Math.max(step.dueAt, now), run) && hasRoom(step, onTheWire))
    .map((step) => step.dueAt);
  return later.length === 0 ? null : Math.min(...later);
}
