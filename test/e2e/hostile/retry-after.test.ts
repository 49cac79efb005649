import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpAnswer, type Exchange } from "../../support/wire/raw-server.ts";
import { SPELLINGS, type Meaning } from "../../support/wire/retry-after-spellings.ts";
import { startRawUpstream, type Answer, type RawUpstream } from "../../support/upstreams/raw-upstream.ts";
import { auditUpstream } from "../../support/checks/audit.ts";
import {
  eventually,
  isTerminal,
  OWN_KEY,
  startStack,
  type Stack,
  type TaskBody,
} from "../../support/stack.ts";
import { byDay } from "../../support/checks/by-day.ts";

/*
 * Every spelling of an upstream's `Retry-After`, after a submit and after a poll, by clocks that are right, wrong, or
 * missing.
 *
 * scenario                                            requirement
 * seconds, whole and with a fraction                  RFC 9110, 10.2.3; contract, Submit and Polling: never before it
 * dates in the three forms of HTTP                    the same; faults 5.2: against the answer's own Date
 * a clock that is hours off                           faults 5.2: a skewed clock turns no short wait into an hour
 * zero, the past                                      faults 5.2: our own backoff
 * negative, words, two at once                        faults 5.2: ignored; for a 503 the submit's outcome is unknown
 * 1e9 and more                                        contract, Settings: up to an hour, never past 5 s before the deadline
 */

const DEADLINE_MS = 12_000;
/** The latest moment at which a wish to wait is honoured, counted from the task's creation. */
const LATEST_MS = DEADLINE_MS - 5000;
/** Timers of two busy cores, and a clock read in two processes. Less than any wait that must not be read. */
const LATE_MS = 4000;
const EARLY_MS = 2;

let upstream: RawUpstream;
let stack: Stack;
beforeAll(async () => {
  upstream = await startRawUpstream();
  stack = await startStack({
    settings: {
      AIO_BASE_URL: upstream.baseUrl,
      TASK_TIMEOUT_SECONDS: String(DEADLINE_MS / 1000),
      UPSTREAM_TIMEOUT_SECONDS: "10",
    },
  });
});
afterAll(async () => {
  await stack.close();
  await upstream.close();
});

/** When the request after the first came: after the first, and after the task's creation. */
interface Wait {
  gapMs: number;
  sinceCreationMs: number;
}

let keys = 0;

async function follow(
  on: "submit" | "poll",
  status: number,
  headers: () => Record<string, string>,
): Promise<Wait | "unknown"> {
  // An id would say that the submit was accepted.
  const said = (id: string): object =>
    on === "submit" ? { message: "busy" } : { task_id: id, status: "running" };
  const answer: Answer = (socket, { id }) =>
    socket.end(httpAnswer(status, JSON.stringify(said(id)), headers()));
  const scene = upstream.scene({ [on]: [answer] });
  // A key of its own: a 429 slows down all tasks of a key, and each of these is about one.
  keys += 1;
  const response = await stack.create(scene.fields, { authorization: `Bearer ${OWN_KEY}-${keys}` });
  expect(response.status).toBe(202);
  const task = (await response.json()) as TaskBody;
  if (task.error?.code === "submit_unknown") return "unknown";
  expect(task.status).toBe("queued");
  await stack.task(task.task_id, isTerminal);
  const exchanges = on === "submit" ? scene.submits : scene.polls;
  const [first, second] = (await eventually(
    async () => exchanges,
    ({ length }) => length === 2,
  )) as [Exchange, Exchange];
  return {
    gapMs: second.request.at - first.request.at,
    sinceCreationMs: second.request.at - Date.parse(task.created_at),
  };
}

/** What to measure, and between which bounds: what the header asks for, or our own backoff, whichever is longer. */
function measure(
  wait: Wait | "unknown",
  meaning: Meaning,
  own: readonly [from: number, to: number],
): { waitedMs: number; fromMs: number; toMs: number } {
  const { gapMs, sinceCreationMs } = wait === "unknown" ? { gapMs: NaN, sinceCreationMs: NaN } : wait;
  if (meaning === "long")
    return { waitedMs: sinceCreationMs, fromMs: LATEST_MS - EARLY_MS, toMs: LATEST_MS + LATE_MS };
  const told = meaning === "unreadable" ? 0 : meaning;
  // A submit adds jitter, and a date without a clock to compare is up to a second later than asked for here.
  const [from, to] = told > own[0] ? [told, told + 1000] : own;
  return { waitedMs: gapMs, fromMs: from - EARLY_MS, toMs: to + LATE_MS };
}

const SUBMIT_BACKOFF_MS = [800, 1200] as const;
const POLL_GAP_MS = [50, 100] as const;
/** A 429 slows the polls down beyond their gap. */
const POLL_BACKOFF_MS = [900, 1100] as const;

describe.concurrent("Retry-After after a submit", () => {
  it.each(byDay(SPELLINGS))("that says %s, with 429: the next submit", async (_name, headers, meaning) => {
    const wait = await follow("submit", 429, headers);
    const { waitedMs, fromMs, toMs } = measure(wait, meaning, SUBMIT_BACKOFF_MS);
    expect(waitedMs).toBeGreaterThanOrEqual(fromMs);
    expect(waitedMs).toBeLessThan(toMs);
  });

  it.each(byDay(SPELLINGS))(
    "that says %s, with 503: the next submit, or none",
    async (_name, headers, meaning) => {
      const wait = await follow("submit", 503, headers);
      expect(wait === "unknown").toBe(meaning === "unreadable");
      if (wait === "unknown") return;
      const { waitedMs, fromMs, toMs } = measure(wait, meaning, SUBMIT_BACKOFF_MS);
      expect(waitedMs).toBeGreaterThanOrEqual(fromMs);
      expect(waitedMs).toBeLessThan(toMs);
    },
  );
});

describe.concurrent("Retry-After after a poll", () => {
  const answers: [status: number, own: readonly [from: number, to: number]][] = [
    [200, POLL_GAP_MS],
    [503, POLL_GAP_MS],
    [429, POLL_BACKOFF_MS],
  ];
  it.each(byDay(SPELLINGS))(
    "that says %s, with 200, 503 and 429: the next poll",
    async (_name, headers, meaning) => {
      const waits = answers.map(async ([status, own]) =>
        measure(await follow("poll", status, headers), meaning, own),
      );
      for (const { waitedMs, fromMs, toMs } of await Promise.all(waits)) {
        expect(waitedMs).toBeGreaterThanOrEqual(fromMs);
        expect(waitedMs).toBeLessThan(toMs);
      }
    },
  );
});

it("lost, doubled and leaked nothing in all of that", async () => {
  const tally = await auditUpstream("every spelling of Retry-After, by clocks that are off", {
    stack,
    upstream,
    submitsMax: 2,
  });
  expect(tally).toMatchObject({ lost: 0, doubled: 0, leaked: 0 });
  // Each spelling with two answers to a submit and three to a poll.
  expect(tally.runs).toBe(5 * byDay(SPELLINGS).length);
});
