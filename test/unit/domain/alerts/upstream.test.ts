import { describe, expect, it } from "vitest";
import {
  causeOfTrouble,
  maskedMessage,
  showsRecovery,
  signOfPoll,
  signOfSubmit,
  withTrouble,
  type UpstreamTrouble,
} from "../../../../src/domain/alerts/upstream.ts";
import { UpstreamWatch } from "../../../../src/domain/alerts/upstream-watch.ts";
import type { Down, PollAnswer, SubmitAnswer } from "../../../../src/domain/task/upstream-answer.ts";
import { aQueuedSummary, aReading, aSummary, T0 } from "../../../support/builders.ts";

/*
 * scenario                         requirement
 * one answer                       shows that the upstream works, is down, or refuses the operator
 * answers of an isolate            five 5xx or silences in a row are told once; refusals once a minute
 * the upstream's words             have no key, nothing quoted, no address, 200 characters
 * a report after trouble           shows a recovery only by what happened after it
 */

const carried = { json: null, notBeforeMs: null };

function unknown(why: string, down: Down = {}): SubmitAnswer {
  return { kind: "unknown", why, completeServerError: false, json: null, ...down };
}

function refused(status: number): SubmitAnswer {
  return { kind: "refused", status, upstreamStatus: status, body: "", message: "no", json: null };
}

describe("an answer to a submit", () => {
  it.each<[SubmitAnswer, object]>([
    [{ kind: "accepted", ids: ["a"], reading: aReading(), json: null }, { kind: "works" }],
    [refused(400), { kind: "works" }],
    [refused(401), { kind: "refuses", status: 401, message: "no" }],
    [refused(402), { kind: "refuses", status: 402, message: "no" }],
    [refused(403), { kind: "refuses", status: 403, message: "no" }],
    [{ kind: "later", status: 429, retryAfterMs: null }, { kind: "works" }],
    [
      { kind: "later", status: 503, retryAfterMs: 1 },
      { kind: "down", reason: "http_503" },
    ],
    [unknown("the words decide nothing", { down: "http_502" }), { kind: "down", reason: "http_502" }],
    [unknown("the words decide nothing", { down: "no_answer" }), { kind: "down", reason: "no_answer" }],
    [unknown("no complete answer"), { kind: "works" }],
    [unknown("http_200 without a task id"), { kind: "works" }],
    [unknown("http_409"), { kind: "works" }],
  ])("%j shows %j", (answer, sign) => {
    expect(signOfSubmit(answer)).toEqual(sign);
  });
});

describe("an answer to a poll", () => {
  it.each<[PollAnswer, object]>([
    [{ ...carried, kind: "read", reading: aReading() }, { kind: "works" }],
    [{ ...carried, kind: "not_found" }, { kind: "works" }],
    [{ ...carried, kind: "slow_down" }, { kind: "works" }],
    [{ ...carried, kind: "other", status: 400 }, { kind: "works" }],
    [
      { ...carried, kind: "other", status: 402 },
      { kind: "refuses", status: 402, message: null },
    ],
    [
      { ...carried, kind: "unauthorized", status: 403 },
      { kind: "refuses", status: 403, message: null },
    ],
    [
      { ...carried, kind: "nothing", why: "http_500", down: "http_500" },
      { kind: "down", reason: "http_500" },
    ],
    [
      { ...carried, kind: "nothing", why: "no complete answer", down: "no_answer" },
      { kind: "down", reason: "no_answer" },
    ],
    [{ ...carried, kind: "nothing", why: "another task's id" }, { kind: "works" }],
  ])("%j shows %j", (answer, sign) => {
    expect(signOfPoll(answer)).toEqual(sign);
  });
});

describe("an upstream that is watched", () => {
  const caller = { account: "acme", upstream: "aio", call: "poll" } as const;
  const down = { kind: "down", reason: "http_500" } as const;
  const works = { kind: "works" } as const;
  const refuses = { kind: "refuses", status: 401, message: "no" } as const;

  it("is told of after five calls in a row without an answer, whatever calls they are, and once a minute", () => {
    const watch = new UpstreamWatch();
    let second = 0;
    const hear = (call: "submit" | "poll", sign: typeof down | typeof works) =>
      watch.hear({ ...caller, call }, sign, T0 + 1000 * second);
    for (let calls = 1; calls <= 4; calls += 1) expect(hear("poll", down)).toBeNull();
    expect(hear("submit", down)).toMatchObject({ status: null, reason: "http_500", calls: 5 });
    for (second = 1; second <= 59; second += 1) expect(hear("poll", down)).toBeNull();
    expect(hear("submit", down)).toMatchObject({ reason: "http_500", calls: 60 });
    // As many as are a row again, and not within the minute.
    second = 200;
    for (let calls = 1; calls <= 4; calls += 1) expect(hear("poll", down)).toBeNull();
    expect(hear("poll", down)).toMatchObject({ calls: 5 });
  });

  it("is told of anew when it has answered in between, and never twice within a minute", () => {
    const watch = new UpstreamWatch();
    const hear = (sign: typeof down | typeof works, second: number) =>
      watch.hear(caller, sign, T0 + 1000 * second)?.calls ?? null;
    const five = (second: number) => Array.from({ length: 5 }, () => hear(down, second));
    expect(five(0)).toEqual([null, null, null, null, 5]);
    hear(works, 10);
    expect(five(20)).toEqual([null, null, null, null, null]);
    expect(hear(down, 60)).toBe(6);
    hear(works, 61);
    expect(five(121)).toEqual([null, null, null, null, 5]);
  });

  it("starts to count anew with any answer, and counts each account by itself", () => {
    const watch = new UpstreamWatch();
    for (let turn = 0; turn < 20; turn += 1) {
      for (let calls = 1; calls <= 4; calls += 1) expect(watch.hear(caller, down, T0)).toBeNull();
      expect(watch.hear(caller, works, T0)).toBeNull();
    }
    for (const account of ["a", "b", "c", "d", "e"]) {
      expect(watch.hear({ ...caller, account }, down, T0)).toBeNull();
    }
  });

  it("is told of at once when it refuses, then once a minute with the count", () => {
    const watch = new UpstreamWatch();
    const told = [0, 10, 50, 60, 61, 200].map(
      (s) => watch.hear(caller, refuses, T0 + 1000 * s)?.calls ?? null,
    );
    expect(told).toEqual([1, null, null, 3, null, 2]);
    const ofSubmit = watch.hear({ ...caller, call: "submit" }, refuses, T0 + 201_000);
    expect(ofSubmit).toEqual({
      account: "acme",
      upstream: "aio",
      at: T0 + 201_000,
      status: 401,
      reason: null,
      message: "no",
      calls: 1,
      isAboutSubmits: true,
    });
  });
});

describe("the upstream's message", () => {
  const KEY = "sk-the-operators-own-key";

  it.each([
    ["The balance is used up.", "The balance is used up."],
    [`Invalid key ${KEY}.`, "Invalid key [redacted]."],
    ["Invalid key sk-a1b2********************c3d4.", "Invalid key …"],
    ['The prompt "a canary" is refused', "The prompt … is refused"],
    ["Top up at https://upstream.example.com/pay?canary=1 now", "Top up at … now"],
    ["Top up at upstream.example.com/pay?canary now", "Top up at … now"],
    ["two\nlines", "two lines"],
    ["x".repeat(500), "x".repeat(200)],
  ])("%j is told as %j", (message, masked) => {
    expect(maskedMessage(message, KEY)).toBe(masked);
  });

  it("is none where there is none", () => {
    expect(maskedMessage(null, KEY)).toBeNull();
  });
});

function trouble(overrides: Partial<UpstreamTrouble> = {}): UpstreamTrouble {
  return {
    account: "acme",
    upstream: "aio",
    at: T0,
    status: 402,
    reason: null,
    message: null,
    calls: 1,
    isAboutSubmits: true,
    ...overrides,
  };
}

describe("an upstream in trouble", () => {
  it("is known by the time of its first trouble", () => {
    const first = withTrouble({}, trouble());
    const later = trouble({ at: T0 + 5000, calls: 7 });
    const cause = causeOfTrouble(later, withTrouble(first, later));
    expect(cause).toMatchObject({ since: T0, count: 7, code: "upstream_payment_required", upstream: "aio" });
    expect(causeOfTrouble(trouble({ status: null, reason: "http_500" }), {})).toMatchObject({
      code: null,
      reason: "http_500",
    });
  });

  it.each([
    { what: "a task that was accepted after it", summary: aQueuedSummary({ submittedAt: T0 + 1 }), is: true },
    { what: "a task that was accepted before it", summary: aSummary({ submittedAt: T0 - 1 }), is: false },
    {
      what: "a test",
      summary: aQueuedSummary({ submittedAt: T0 + 1, test: true }),
      is: false,
    },
    {
      what: "a task of another upstream",
      summary: aQueuedSummary({ submittedAt: T0 + 1, upstreamName: "ark" }),
      is: false,
    },
  ])("has recovered by the report of $what: $is", ({ summary, is }) => {
    expect(showsRecovery(withTrouble({}, trouble()), summary)).toBe(is);
  });

  it("has recovered by the end of an older task, unless it is about submits, or the end was none of the upstream's", () => {
    const polls = withTrouble({}, trouble({ isAboutSubmits: false }));
    const ended = aSummary({ submittedAt: T0 - 9, finishedAt: T0 + 9 });
    expect(showsRecovery(polls, ended)).toBe(true);
    expect(showsRecovery(withTrouble({}, trouble()), ended)).toBe(false);
    const both = [
      trouble(),
      trouble({ at: T0 + 1, status: null, reason: "no_answer", isAboutSubmits: false }),
    ];
    for (const troubles of [both, both.toReversed()]) {
      expect(showsRecovery(troubles.reduce(withTrouble, {}), ended)).toBe(false);
      expect(showsRecovery(troubles.reduce(withTrouble, {}), aSummary({ submittedAt: T0 + 2 }))).toBe(true);
    }
    const timedOut = { code: "timed_out", message: "", retryable: false } as const;
    expect(showsRecovery(polls, { ...ended, status: "failed", error: timedOut })).toBe(false);
    const failed = { ...timedOut, code: "generation_failed" } as const;
    expect(showsRecovery(polls, { ...ended, status: "failed", error: failed })).toBe(true);
  });
});
