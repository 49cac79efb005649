import { Pacer, type LaneKind } from "../../src/domain/pacing/pacing.ts";
import { submitBackoffMs } from "../../src/domain/task/submit.ts";
import { seeded } from "../policy/random.ts";
import { Agenda } from "./agenda.ts";
import { limiterOf, type Limit } from "./limits.ts";

/** Many tasks of one key against a limit, in virtual time: what the pacer makes of it. */

export interface PacingWorld {
  tasks: number;
  limits: Record<LaneKind, Limit> | { shared: Limit };
  /** From a submit to the end of a task, give or take a third. */
  runSeconds: number;
  seed: number;
  /** The account of each task; one for all if left out. */
  account?: (index: number) => string;
  /** All at once if left out. */
  createsPerSecond?: number;
  /** From a call to its answer. */
  latencyMs?: number;
  /** How late an alarm may be. */
  lateMs?: number;
  retryAfterMs?: number;
  /** From so many seconds on these limits count. */
  change?: { at: number; limits: Record<LaneKind, Limit> };
}

/** One call from when it was due until it got through, in seconds. */
interface Wait {
  from: number;
  to: number;
}

export interface LaneResult {
  /** Seconds. */
  passed: number[];
  refused: number[];
  waits: Wait[];
}

export interface PacingResult {
  lanes: Record<LaneKind, LaneResult>;
  finished: number;
  seconds: number;
  /** When the tasks asked the cadence, seconds. */
  questions: number[];
  /** From the upstream's end of a task to when it was seen, seconds. */
  delays: number[];
  /** When the last task of each account had ended, seconds. */
  ended: Map<string, number>;
}

const STEPS_MAX = 20_000_000;
const POLL_FIRST_MS = 5_000;
const POLL_GAP_MS = 2_000;
/** All at once, as they come over one connection after another. */
const BURST_PER_SECOND = 300;

export function simulatePacing(world: PacingWorld): PacingResult {
  const play = new Play(world);
  return play.result;
}

class Play {
  readonly #world: PacingWorld;
  readonly #random: () => number;
  readonly #agenda = new Agenda();
  readonly #pacer = new Pacer();
  #limiters: ReturnType<typeof limitersOf>;
  readonly result: PacingResult = {
    lanes: { submit: { passed: [], refused: [], waits: [] }, poll: { passed: [], refused: [], waits: [] } },
    finished: 0,
    seconds: 0,
    questions: [],
    delays: [],
    ended: new Map(),
  };

  constructor(world: PacingWorld) {
    this.#world = world;
    this.#random = seeded(world.seed);
    this.#limiters = limitersOf(world.limits);
    const { tasks, change, createsPerSecond = BURST_PER_SECOND, account = () => "one" } = world;
    if (change) this.#agenda.later(change.at * 1000, () => (this.#limiters = limitersOf(change.limits)));
    for (let index = 0; index < tasks; index++) {
      const task = {
        name: `task ${index}`,
        account: account(index),
        createdAt: (index * 1000) / createsPerSecond,
        endsAt: Infinity,
        dueAt: 0,
        refusals: 0,
        paced: { submit: false, poll: false },
      };
      this.#agenda.later(task.createdAt, () => this.#call(task, "submit", null));
    }
    this.#agenda.run(STEPS_MAX);
    this.result.seconds = this.#agenda.now / 1000;
  }

  #act(task: SimulatedTask, lane: LaneKind): void {
    if (!task.paced[lane]) {
      this.#call(task, lane, null);
      return;
    }
    const { now } = this.#agenda;
    const { name, account } = task;
    this.result.questions.push(now / 1000);
    const since = lane === "submit" ? task.createdAt : task.dueAt;
    const answer = this.#pacer.ask(lane, { name, account, since }, now, this.#random());
    if (answer.kind === "free") {
      task.paced[lane] = false;
      this.#call(task, lane, null);
    } else if (answer.kind === "again") this.#agenda.later(answer.at, () => this.#act(task, lane));
    else this.#agenda.later(answer.at + this.#late(), () => this.#call(task, lane, answer.at));
  }

  #late(): number {
    return (this.#world.lateMs ?? 5) * this.#random();
  }

  #call(task: SimulatedTask, lane: LaneKind, slotAt: number | null): void {
    const { latencyMs = 30 } = this.#world;
    this.#agenda.later(this.#agenda.now + latencyMs * (0.7 + 0.6 * this.#random()), () => {
      const { now } = this.#agenda;
      const passes = this.#limiters[lane](now);
      this.result.lanes[lane][passes ? "passed" : "refused"].push(now / 1000);
      this.#agenda.later(now + latencyMs / 2, () => {
        if (passes) this.#passed(task, lane);
        else this.#refused(task, lane, slotAt);
      });
    });
  }

  #refused(task: SimulatedTask, lane: LaneKind, slotAt: number | null): void {
    const { now } = this.#agenda;
    const { retryAfterMs = null } = this.#world;
    task.paced[lane] = true;
    task.refusals += 1;
    this.#pacer.refuse(lane, { slotAt, retryAfterMs }, now);
    const backoffMs = submitBackoffMs(task.refusals, retryAfterMs, this.#random());
    this.#agenda.later(now + backoffMs, () => this.#act(task, lane));
  }

  #passed(task: SimulatedTask, lane: LaneKind): void {
    const { now } = this.#agenda;
    const from = lane === "submit" ? task.createdAt : task.dueAt;
    this.result.lanes[lane].waits.push({ from: from / 1000, to: now / 1000 });
    task.refusals = 0;
    if (lane === "submit") {
      // As when it registers.
      task.paced.poll = this.#pacer.isPaced("poll", now);
      task.endsAt = now + this.#world.runSeconds * 1000 * (0.7 + 0.6 * this.#random());
    } else if (now >= task.endsAt) {
      this.result.finished += 1;
      this.result.delays.push((now - task.endsAt) / 1000);
      this.result.ended.set(task.account, now / 1000);
      return;
    }
    const gapMs = lane === "submit" ? POLL_FIRST_MS : POLL_GAP_MS * (0.9 + 0.2 * this.#random());
    task.dueAt = now + gapMs;
    this.#agenda.later(task.dueAt, () => this.#act(task, "poll"));
  }
}

interface SimulatedTask {
  name: string;
  account: string;
  createdAt: number;
  endsAt: number;
  /** When its call was to be made. */
  dueAt: number;
  refusals: number;
  paced: Record<LaneKind, boolean>;
}

function limitersOf(limits: PacingWorld["limits"]): Record<LaneKind, (now: number) => boolean> {
  if (!("shared" in limits)) return { submit: limiterOf(limits.submit), poll: limiterOf(limits.poll) };
  const both = limiterOf(limits.shared);
  return { submit: both, poll: both };
}

export interface LaneFigures {
  /** 429s among the calls after the first minute. */
  refusedShare: number;
  /** What got through after the first minute, of what the limit allows, in the seconds in which a task waited. */
  quota: number;
  backlogSeconds: number;
}

const LEARNING_SECONDS = 60;

export function figuresOf({ passed, refused, waits }: LaneResult, perSecond: number): LaneFigures {
  const waited = secondsWaited(waits);
  const inBacklog = passed.filter((at) => waited.has(Math.floor(at))).length;
  const [latePassed, lateRefused] = [afterLearning(passed).length, afterLearning(refused).length];
  return {
    refusedShare: lateRefused / Math.max(lateRefused + latePassed, 1),
    quota: inBacklog / (perSecond * waited.size),
    backlogSeconds: waited.size,
  };
}

function afterLearning(seconds: readonly number[]): number[] {
  return seconds.filter((at) => at >= LEARNING_SECONDS);
}

/** The seconds after the first minute in which a task waited throughout. */
function secondsWaited(waits: readonly Wait[]): Set<number> {
  const change = new Map<number, number>();
  for (const { from, to } of waits) {
    const [first, end] = [Math.ceil(from), Math.floor(to)];
    if (first >= end) continue;
    change.set(first, (change.get(first) ?? 0) + 1);
    change.set(end, (change.get(end) ?? 0) - 1);
  }
  const seconds = new Set<number>();
  let waiting = 0;
  for (let second = 0; second <= Math.max(0, ...change.keys()); second++) {
    waiting += change.get(second) ?? 0;
    if (waiting > 0 && second >= LEARNING_SECONDS) seconds.add(second);
  }
  return seconds;
}
