import { submitBackoffMs } from "../../src/domain/submit-backoff.ts";
import { Pacer, type LaneKind } from "../../src/domain/pacing.ts";
import { createRateLimiter } from "../../dev/gateway-validation.ts";
import { seeded } from "../policy/random.ts";

/** Many tasks of one key against a limit, in virtual time: what the pacer alone makes of it. */

export interface PacingWorld {
  tasks: number;
  accounts: number;
  submitsPerSecond: number;
  pollsPerSecond: number;
  /** Seconds from a submit to the end of a task. */
  runSeconds: number;
  seed: number;
  /** The limits change so late, in seconds, by this factor. */
  change?: { at: number; factor: number };
}

export interface PacingResult {
  calls: Record<LaneKind, { passed: number[]; refused: number[] }>;
  questions: number;
  /** Seconds until each account's last task had ended. */
  ended: Map<string, number>;
  finished: number;
}

interface Step {
  at: number;
  run: () => void;
}

const LATENCY_MS = 30;
const POLL_GAP_MS = 5_000;

export function simulatePacing(world: PacingWorld): PacingResult {
  const random = seeded(world.seed);
  const pacer = new Pacer();
  const queue: Step[] = [];
  const later = (at: number, run: () => void): void => void queue.push({ at, run });
  let limiters = limitersOf(world, 1);
  if (world.change)
    later(world.change.at * 1000, () => (limiters = limitersOf(world, world.change?.factor ?? 1)));
  const result: PacingResult = {
    calls: { submit: { passed: [], refused: [] }, poll: { passed: [], refused: [] } },
    questions: 0,
    ended: new Map(),
    finished: 0,
  };
  let now = 0;

  for (let index = 0; index < world.tasks; index++)
    startTask(`account ${index % world.accounts}`, index * 10);

  function startTask(account: string, at: number): void {
    const paced: Record<LaneKind, boolean> = { submit: false, poll: false };
    const refusals: Record<LaneKind, number> = { submit: 0, poll: 0 };
    let endsAt = Infinity;

    const ask = (lane: LaneKind): void => {
      result.questions += 1;
      const answer = pacer.ask(lane, account, now, random());
      paced[lane] = answer.kind !== "free";
      if (answer.kind === "free") call(lane, false);
      else if (answer.kind === "again") later(answer.at, () => ask(lane));
      else later(Math.max(answer.at, now) + 5 * random(), () => call(lane, true));
    };
    const due = (lane: LaneKind): void => (paced[lane] ? ask(lane) : call(lane, false));
    const call = (lane: LaneKind, hadSlot: boolean): void => {
      const sentAt = now;
      later(now + LATENCY_MS * (0.7 + 0.6 * random()), () => {
        const passes = limiters[lane]("key", now);
        result.calls[lane][passes ? "passed" : "refused"].push(now / 1000);
        later(now + LATENCY_MS / 2, () => {
          if (!passes) {
            paced[lane] = true;
            pacer.refuse(lane, { sentAt, hadSlot, retryAfterMs: null }, now);
            refusals[lane] += 1;
            later(now + submitBackoffMs(refusals[lane], null, random()), () => ask(lane));
          } else if (lane === "submit") {
            // As when it registers.
            paced.poll = pacer.isPaced("poll", now);
            endsAt = now + world.runSeconds * 1000 * (0.7 + 0.6 * random());
            later(now + POLL_GAP_MS, () => due("poll"));
          } else refusals[lane] = 0;
          if (!passes || lane === "submit") return;
          if (now >= endsAt) {
            result.finished += 1;
            result.ended.set(account, now / 1000);
          } else later(now + POLL_GAP_MS * (0.9 + 0.2 * random()), () => due("poll"));
        });
      });
    };
    later(at, () => call("submit", false));
  }

  for (let steps = 0; steps < 5_000_000 && queue.length > 0; steps++) {
    let first = 0;
    for (let index = 1; index < queue.length; index++) {
      if ((queue[index]?.at ?? 0) < (queue[first]?.at ?? 0)) first = index;
    }
    const [step] = queue.splice(first, 1);
    if (!step) break;
    now = Math.max(now, step.at);
    step.run();
  }
  return result;
}

function limitersOf(
  world: PacingWorld,
  factor: number,
): Record<LaneKind, (key: string, now: number) => boolean> {
  return {
    submit: createRateLimiter(world.submitsPerSecond * factor),
    poll: createRateLimiter(world.pollsPerSecond * factor),
  };
}
