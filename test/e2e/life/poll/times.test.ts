import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isTerminal, startStack, type Stack, type TaskBody } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import { DONE, LATE_MS, RUNNING, VIDEO, follow, gapsMs, type Planned } from "./follow.ts";

/*
 * When the upstream is asked.
 *
 * scenario                                            requirement
 * first poll, gaps, `Retry-After`, 429                contract, Settings and Polling
 * the deadline                                        contract, The task: one last poll, and its answer wins
 * 100 reads                                           contract, Reads: never calls upstream
 */

describe("with measurable gaps", () => {
  const FIRST_MS = 300;
  const MIN_MS = 150;
  const MAX_MS = 300;
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({
      settings: { POLL_FIRST_SECONDS: "0.3", POLL_MIN_SECONDS: "0.15", POLL_MAX_SECONDS: "0.3" },
    });
  });
  afterEach(() => stack.gateway.clearFaults());
  afterAll(async () => stack.close());

  it("polls first exactly at POLL_FIRST_SECONDS, then with gaps from POLL_MIN_SECONDS to POLL_MAX_SECONDS", async () => {
    const { created, id, polls } = await follow(stack, [{ ...RUNNING, times: 5 }, DONE]);
    await stack.task(id, isTerminal);
    const firstAfterMs = (polls()[0]?.at ?? Number.NaN) - Date.parse(created.submitted_at ?? "");
    expect(firstAfterMs).toBeGreaterThanOrEqual(FIRST_MS);
    expect(firstAfterMs).toBeLessThan(FIRST_MS + LATE_MS);
    expect(polls()).toHaveLength(6);
    for (const gap of gapsMs(polls())) {
      expect(gap).toBeGreaterThanOrEqual(MIN_MS);
      expect(gap).toBeLessThan(MAX_MS + LATE_MS);
    }
  });

  it("keeps the gaps through an outage", async () => {
    const { id, polls } = await follow(stack, [{ status: 500, times: 3 }, { drop: "after", times: 3 }, DONE]);
    await stack.task(id, isTerminal);
    for (const gap of gapsMs(polls())) {
      expect(gap).toBeGreaterThanOrEqual(MIN_MS);
      expect(gap).toBeLessThan(MAX_MS + LATE_MS);
    }
  });

  /** The date a whole second or more after now, as a header has it. */
  const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1000).toUTCString();

  const bounds: [name: string, trouble: () => Planned, gapMs: number][] = [
    ["Retry-After: 1", () => ({ ...RUNNING, headers: { "retry-after": "1" } }), 1000],
    ["openai-poll-after-ms: 700", () => ({ ...RUNNING, headers: { "openai-poll-after-ms": "700" } }), 700],
    [
      "the later one of both",
      () => ({ ...RUNNING, headers: { "retry-after": "1", "openai-poll-after-ms": "300" } }),
      1000,
    ],
    // Whole seconds: the header's own date may be up to a second before its instant.
    ["a Retry-After date", () => ({ ...RUNNING, headers: { "retry-after": inSeconds(2) } }), 1000],
    ["429 with Retry-After", () => ({ status: 429, headers: { "retry-after": "1" } }), 1000],
    ["503 with Retry-After", () => ({ status: 503, headers: { "retry-after": "1" } }), 1000],
    ["404 with Retry-After", () => ({ status: 404, headers: { "retry-after": "1" } }), 1000],
  ];
  it.each(byDay(bounds))("takes %s as a lower bound for the next poll", async (_name, trouble, gapMs) => {
    const { id, polls } = await follow(stack, [trouble(), DONE]);
    await stack.task(id, isTerminal);
    const [gap] = gapsMs(polls());
    expect(gap).toBeGreaterThanOrEqual(gapMs);
    expect(gap).toBeLessThan(gapMs + 1000 + LATE_MS);
  });

  it.each(byDay(["0", "-5", "abc", "120.1 s", "Thu, 01 Jan 1970 00:00:00 GMT", ""]))(
    "is not hurried or stopped by Retry-After: %s",
    async (header) => {
      const { id, polls } = await follow(stack, [{ ...RUNNING, headers: { "retry-after": header } }, DONE]);
      await stack.task(id, isTerminal);
      const [gap] = gapsMs(polls());
      expect(gap).toBeGreaterThanOrEqual(MIN_MS);
      expect(gap).toBeLessThan(MAX_MS + LATE_MS);
    },
  );

  it("calls no upstream for 100 reads of a task", async () => {
    const { id, polls } = await follow(stack, [{ ...RUNNING, headers: { "retry-after": "3600" } }]);
    await stack.task(id, ({ status }) => status === "running");
    const before = stack.gateway.calls.length;
    const reads = await Promise.all(Array.from({ length: 100 }, async () => stack.call(`/v1/videos/${id}`)));
    const bodies = await Promise.all(reads.map(async (response) => response.text()));
    expect(new Set(reads.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(bodies).size).toBe(1);
    expect(stack.gateway.calls.length).toBe(before);
    expect(polls()).toHaveLength(1);
  });
});

describe("with a deadline 6 s away", () => {
  const TIMEOUT_MS = 6000;
  /** From here on no request to wait counts. */
  const LATEST_MS = TIMEOUT_MS - 5000;
  const GAP_MS = 700;
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({
      settings: {
        TASK_TIMEOUT_SECONDS: String(TIMEOUT_MS / 1000),
        POLL_MIN_SECONDS: String(GAP_MS / 1000),
        POLL_MAX_SECONDS: String(GAP_MS / 1000),
      },
    });
  });
  afterEach(() => stack.gateway.clearFaults());
  afterAll(async () => stack.close());

  it.each(
    byDay([
      ["Retry-After", { ...RUNNING, headers: { "retry-after": "3600" } }],
      ["openai-poll-after-ms", { ...RUNNING, headers: { "openai-poll-after-ms": "3600000" } }],
      ["Retry-After of a 429", { status: 429, headers: { "retry-after": "1000000000" } }],
    ]),
  )("honours %s at most until 5 s before it", async (_name, bound) => {
    const { created, id, polls } = await follow(stack, [bound, DONE]);
    await stack.task(id, isTerminal);
    const secondAfterMs = (polls()[1]?.at ?? Number.NaN) - Date.parse(created.created_at);
    expect(secondAfterMs).toBeGreaterThanOrEqual(LATEST_MS);
    expect(secondAfterMs).toBeLessThan(LATEST_MS + LATE_MS);
    expect(polls()).toHaveLength(2);
  });

  it("honours no Retry-After within the last 5 s: gaps are ordinary there", async () => {
    const bound = { ...RUNNING, headers: { "retry-after": "3600" } };
    const { id, polls } = await follow(stack, [bound, bound, DONE]);
    await stack.task(id, isTerminal);
    const [, gap] = gapsMs(polls());
    expect(gap).toBeGreaterThanOrEqual(GAP_MS);
    expect(gap).toBeLessThan(GAP_MS + LATE_MS);
  });

  it("shortens no gap below POLL_MIN_SECONDS for it", async () => {
    const { id, polls } = await follow(stack, [RUNNING, RUNNING, DONE]);
    await stack.task(id, isTerminal);
    for (const gap of gapsMs(polls())) expect(gap).toBeGreaterThanOrEqual(GAP_MS);
  });
});

describe("at the deadline", () => {
  const TIMEOUT_MS = 800;
  let stack: Stack;
  beforeAll(async () => {
    // After the first poll none is due before the deadline: whatever comes then is the last one.
    stack = await startStack({
      settings: {
        TASK_TIMEOUT_SECONDS: String(TIMEOUT_MS / 1000),
        POLL_MIN_SECONDS: "5",
        POLL_MAX_SECONDS: "5",
        UPSTREAM_TIMEOUT_SECONDS: "0.4",
      },
    });
  });
  afterEach(() => stack.gateway.clearFaults());
  afterAll(async () => stack.close());

  const ends: [name: string, last: Planned, end: object][] = [
    ["success wins", DONE, { status: "succeeded", video_url: VIDEO, error: null }],
    [
      "failure wins",
      { body: { status: "failed", error_message: "Refused by review." } },
      { status: "failed", error: { code: "generation_failed", message: "Refused by review." } },
    ],
    ["running is timed_out", RUNNING, { status: "failed", error: { code: "timed_out" } }],
    [
      "an unknown word is timed_out",
      { body: { status: "archiving" } },
      { status: "failed", error: { code: "timed_out" } },
    ],
    ["a 500 is timed_out", { status: 500 }, { status: "failed", error: { code: "timed_out" } }],
    [
      "a 429 is timed_out",
      { status: 429, headers: { "retry-after": "60" } },
      { status: "failed", error: { code: "timed_out" } },
    ],
    [
      "silence is timed_out",
      { ...DONE, delayMs: 700 },
      { status: "failed", error: { code: "timed_out" }, video_url: null },
    ],
  ];
  it.each(byDay(ends))("one last poll is made: %s", async (_name, last, end) => {
    const { created, id, polls } = await follow(stack, [RUNNING, last]);
    const deadlineAt = Date.parse(created.deadline_at);
    expect(deadlineAt - Date.parse(created.created_at)).toBe(TIMEOUT_MS);
    const task = await stack.task(id, isTerminal);
    expect(task).toMatchObject(end);
    const calls = polls();
    expect(calls).toHaveLength(2);
    expect(calls[1]?.at).toBeGreaterThanOrEqual(deadlineAt);
    expect(calls[1]?.at).toBeLessThan(deadlineAt + LATE_MS);
    expect(Date.parse(task.finished_at ?? "")).toBeGreaterThanOrEqual(deadlineAt);
  });

  it("a task that the upstream never took is timed_out without a poll", async () => {
    stack.gateway.fault({ on: "submit", status: 429, headers: { "retry-after": "3600" }, times: Infinity });
    const before = stack.gateway.calls.length;
    const created = (await (await stack.create()).json()) as TaskBody;
    expect(created).toMatchObject({ status: "queued", upstream_task_id: null, submitted_at: null });
    const task = await stack.task(created.task_id, isTerminal);
    expect(task).toMatchObject({ status: "failed", error: { code: "timed_out" }, upstream_task_id: null });
    expect(Date.parse(task.finished_at ?? "")).toBeGreaterThanOrEqual(Date.parse(task.deadline_at));
    expect(stack.gateway.calls.slice(before).map(({ method }) => method)).toEqual(["POST"]);
  });
});
