import { describe, expect, it } from "vitest";
import { liveEveryMs, type TaskView } from "../../../../../src/console/pages/task/task-view.ts";
import { en } from "../../../../../src/console/text/en.ts";
import { zh } from "../../../../../src/console/text/zh.ts";
import { timelineOf } from "../../../../../src/console/pages/task/timeline.ts";
import { aDeliveryView, anAttempt, aView, iso } from "../views.ts";
import { T0 } from "../../../../support/builders.ts";

const labels = (view: TaskView): string[] =>
  timelineOf(view, en, T0 + 10_000).map(({ label, detail }) =>
    detail === null ? label : `${label}: ${detail}`,
  );

describe("the timeline", () => {
  it("tells what happened, what is going on and what is to come, in this order", () => {
    const view = aView({ diagnostics: { running_at: iso(4000), polls: 3, next_poll_at: iso(11_000) } });
    expect(labels(view)).toEqual([
      "Accepted by Ringback",
      "Submitted to the provider",
      "Running",
      "Checked 3 times",
      "Next check",
      "Deadline",
    ]);
  });

  it.each([
    ["due", 0, ["Accepted by Ringback", "Submit to the provider", "Deadline"]],
    [
      "due",
      2,
      ["Accepted by Ringback", "The provider was busy 2 times so far", "Submit to the provider", "Deadline"],
    ],
    ["begun", 0, ["Accepted by Ringback", "Submitting to the provider", "Deadline"]],
  ] as const)("of a submit that is %s after %i refusals", (phase, refusals, expected) => {
    const dueAt = phase === "due" ? iso(12_000) : null;
    const view = aView({
      task: { status: "queued", submitted_at: null },
      diagnostics: { submit: { phase, due_at: dueAt, refusals } },
    });
    expect(labels(view)).toEqual(expected);
  });

  it.each([
    [0, "Copying the file"],
    [1, "Copying the file: One try failed; the next follows"],
    [4, "Copying the file: 4 tries failed; the next follows"],
  ])("of a copy under way after %i failures, during which no deadline counts", (failures, copying) => {
    const copy = { failures, until: iso(129_000) };
    const view = aView({ diagnostics: { running_at: iso(4000), polls: 3, ready_at: iso(9000), copy } });
    expect(labels(view)).toEqual([
      "Accepted by Ringback",
      "Submitted to the provider",
      "Running",
      "Finished by the provider",
      copying,
      "Copied or given up",
    ]);
  });

  it("of a task whose result was kept says when it was there, and when the task ended", () => {
    const view = aView({
      task: { status: "succeeded", finished_at: iso(9500) },
      diagnostics: { ready_at: iso(9000) },
    });
    expect(labels(view)).toEqual([
      "Accepted by Ringback",
      "Submitted to the provider",
      "Finished by the provider",
      "Succeeded",
    ]);
  });

  it("says of a test nothing that sounds like the upstream", () => {
    const diagnostics = { polls: 2, next_poll_at: iso(11_000) };
    expect(labels(aView({ task: { test: true }, diagnostics }))).toEqual([
      "Accepted by Ringback",
      "The test is running",
      "Deadline",
    ]);
    const ended = { test: true, status: "failed", finished_at: iso(19_000) } as const;
    expect(labels(aView({ task: ended, diagnostics: { polls: 2 } }))).toEqual([
      "Accepted by Ringback",
      "Failed",
    ]);
  });

  it("has each attempt with its answer and latency among the rest", () => {
    const attempts = [
      anAttempt({ status_code: 503, outcome: "retryable", reason: "http_503", duration_ms: 1200 }),
      anAttempt({
        number: 2,
        started_at: iso(30_000),
        status_code: null,
        outcome: "retryable",
        reason: "timeout",
        duration_ms: 15_000,
      }),
      anAttempt({
        number: 3,
        started_at: iso(40_000),
        trigger: "manual",
        status_code: null,
        outcome: "unknown",
        reason: "in_flight",
        duration_ms: null,
      }),
    ];
    const view = aView({
      task: { status: "succeeded", finished_at: iso(19_000) },
      deliveries: {
        data: [
          {
            message_id: "msg_1",
            event: "video.succeeded",
            endpoint: null,
            status: "pending",
            next_attempt_at: iso(60_000),
            attempts,
          },
        ],
      },
      diagnostics: { polls: 7 },
    });
    expect(labels(view)).toEqual([
      "Accepted by Ringback",
      "Submitted to the provider",
      "Succeeded: Checked 7 times",
      "Callback attempt 1: video.succeeded · HTTP 503 · 1.2 s",
      "Callback attempt 2: video.succeeded · No answer in time · 15 s",
      "Callback attempt 3: video.succeeded · Sending",
      "Next callback attempt",
    ]);
  });

  it("names the other URL that an attempt went to, and takes its answer for neither good nor bad", () => {
    const elsewhere = { trigger: "manual", host: "b.example.com" } as const;
    const attempts = [
      anAttempt({ status_code: 503, outcome: "retryable", reason: "http_503" }),
      anAttempt({ number: 2, started_at: iso(30_000), ...elsewhere }),
      anAttempt({
        number: 3,
        started_at: iso(40_000),
        status_code: 410,
        outcome: "permanent",
        reason: "gone",
        ...elsewhere,
      }),
      anAttempt({
        number: 4,
        started_at: iso(50_000),
        status_code: null,
        outcome: "unknown",
        reason: "in_flight",
        duration_ms: null,
        ...elsewhere,
      }),
    ];
    const view = aView({
      task: { status: "failed", finished_at: iso(19_000) },
      deliveries: { data: [aDeliveryView({ status: "exhausted", attempts })] },
    });
    const told = (text: typeof en): string[] =>
      timelineOf(view, text, T0 + 60_000)
        .slice(-4)
        .map(({ detail, tone }) => `${tone}: ${detail}`);
    expect(told(en)).toEqual([
      "warn: video.succeeded · HTTP 503 · 12 ms",
      "done: video.succeeded · to b.example.com · HTTP 200 · 12 ms",
      "done: video.succeeded · to b.example.com · HTTP 410 · 12 ms",
      "now: video.succeeded · to b.example.com · Sending",
    ]);
    expect(told(zh)[1]).toBe("done: video.succeeded · 发往 b.example.com · HTTP 200 · 12 毫秒");
  });
});

describe("a live page asks again", () => {
  const now = T0 + 10_000;
  const ended = { status: "failed", finished_at: iso(1000) } as const;
  const pendingUntil = (next: string | null) => [
    {
      message_id: "m",
      event: "video.failed" as const,
      endpoint: null,
      status: "pending" as const,
      next_attempt_at: next,
      attempts: [],
    },
  ];
  it.each([
    ["every two seconds while the task is not at its end", aView(), 2000],
    ["never once all is settled", aView({ task: ended }), null],
    [
      "every two seconds before an attempt",
      aView({ task: ended, deliveries: { data: pendingUntil(iso(30_000)) } }),
      2000,
    ],
    [
      "rarely while the next attempt is hours away",
      aView({ task: ended, deliveries: { data: pendingUntil(iso(7_200_000)) } }),
      15_000,
    ],
    [
      "while an attempt by hand waits for its turn",
      aView({
        task: ended,
        diagnostics: { deliveries: [{ message_id: "m", endpoint_id: null, by_hand: 1 }] },
      }),
      2000,
    ],
    [
      "while one is on the wire",
      aView({
        task: ended,
        deliveries: {
          data: [
            {
              message_id: "m",
              event: "video.failed",
              endpoint: null,
              status: "exhausted",
              next_attempt_at: null,
              attempts: [anAttempt({ reason: "in_flight" })],
            },
          ],
        },
      }),
      2000,
    ],
  ])("%s", (_name, view, expected) => {
    expect(liveEveryMs(view, now)).toBe(expected);
  });
});
