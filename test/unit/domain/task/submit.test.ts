import { describe, expect, it } from "vitest";
import { beginSubmit, decideSubmit, submitLost } from "../../../../src/domain/task/submit.ts";
import { timedOut } from "../../../../src/domain/task/task.ts";
import type { SubmitAnswer } from "../../../../src/domain/task/upstream-answer.ts";
import { anUnsubmittedTask, aReading, aTask, T0 } from "../../../support/builders.ts";

const at = { now: T0 + 1000, random: 0.5, resultMissingMs: 120_000 };

function refused(status: number, message: string | null = null): SubmitAnswer {
  return { kind: "refused", status, upstreamStatus: status, body: "", message, json: null };
}

function unknown(completeServerError: boolean): SubmitAnswer {
  return { kind: "unknown", why: "http_500", completeServerError, json: null };
}

describe("an accepted submit", () => {
  it("makes a queued task that is polled under the upstream's id", () => {
    const answer: SubmitAnswer = {
      kind: "accepted",
      ids: ["up-9", "vid-7"],
      reading: aReading({ status: "queued" }),
      json: "{}",
    };
    expect(decideSubmit(anUnsubmittedTask("begun"), answer, at)).toMatchObject({
      status: "queued",
      upstreamTaskId: "up-9",
      upstreamAliases: ["vid-7"],
      submittedAt: at.now,
      submit: { phase: "done", leaseUntil: null },
    });
  });

  it("that carries the end already ends the task", () => {
    const reading = aReading({
      status: "succeeded",
      result: { url: "https://cdn/v.mp4", containsKey: false, needsKey: false },
    });
    const answer: SubmitAnswer = { kind: "accepted", ids: ["up-9"], reading, json: "{}" };
    expect(decideSubmit(anUnsubmittedTask("begun"), answer, at)).toMatchObject({
      status: "succeeded",
      videoUrl: "https://cdn/v.mp4",
      finishedAt: at.now,
    });
  });
});

describe("a definite no after the answer", () => {
  it.each([
    [400, "upstream_rejected"],
    [401, "upstream_unauthorized"],
    [402, "upstream_payment_required"],
    [403, "upstream_forbidden"],
    [404, "upstream_not_found"],
    [413, "upstream_rejected"],
    [422, "upstream_rejected"],
    [451, "upstream_rejected"],
  ])("of status %i fails the task with %s", (status, code) => {
    const task = decideSubmit(anUnsubmittedTask("begun"), refused(status, "because"), at);
    expect(task).toMatchObject({ status: "failed", error: { code, message: "because" }, finishedAt: at.now });
  });

  it("about the operator's key or balance does not repeat the upstream's words", () => {
    const begun = { ...anUnsubmittedTask("begun"), mode: "operator" as const };
    expect(decideSubmit(begun, refused(402, "balance of acme: 0"), at).error?.message).not.toContain("acme");
    expect(decideSubmit(begun, refused(400, "bad prompt"), at).error?.message).toBe("bad prompt");
  });
});

describe("a definite not-now", () => {
  it.each([
    { refusals: 0, retryAfterMs: null, waitMs: 1000 },
    { refusals: 1, retryAfterMs: null, waitMs: 2000 },
    { refusals: 5, retryAfterMs: null, waitMs: 32_000 },
    { refusals: 9, retryAfterMs: null, waitMs: 60_000 },
  ])("waits $waitMs ms after $refusals earlier ones", ({ refusals, retryAfterMs, waitMs }) => {
    const task = decideSubmit(
      anUnsubmittedTask("begun", { refusals }),
      { kind: "later", status: 429, retryAfterMs },
      at,
    );
    expect(task.submit).toMatchObject({ phase: "due", refusals: refusals + 1, dueAt: at.now + waitMs });
    expect(task.status).toBe("queued");
  });

  it("never comes back before Retry-After, nor later than 5 s before the deadline because of it", () => {
    const begun = anUnsubmittedTask("begun");
    const later = (retryAfterMs: number) =>
      decideSubmit(begun, { kind: "later", status: 503, retryAfterMs }, at).submit.dueAt;
    expect(later(7000)).toBeGreaterThanOrEqual(at.now + 7000);
    expect(later(7000)).toBeLessThan(at.now + 8000);
    expect(later(3_600_000)).toBe(begun.deadlineAt - 5000);
  });

  it("at the deadline is timed_out, and safe to send again", () => {
    const late = { ...at, now: T0 + 3_600_000 };
    const task = decideSubmit(
      anUnsubmittedTask("begun"),
      { kind: "later", status: 429, retryAfterMs: null },
      late,
    );
    expect(task).toMatchObject({ status: "failed", error: { code: "timed_out", retryable: true } });
  });
});

describe("an unknown outcome", () => {
  it("ends the task as submit_unknown, and is never retryable", () => {
    for (const complete of [true, false]) {
      expect(decideSubmit(anUnsubmittedTask("begun"), unknown(complete), at)).toMatchObject({
        status: "failed",
        error: { code: "submit_unknown", retryable: false },
      });
    }
  });

  it("is repeated three times when the caller asked for it and the 5xx was complete, and then it is the end", () => {
    let task = anUnsubmittedTask("begun", { repeatServerErrors: true });
    for (let repeat = 1; repeat <= 3; repeat++) {
      task = decideSubmit(task, unknown(true), at);
      expect(task.submit).toMatchObject({ phase: "due", serverErrors: repeat });
      task = beginSubmit(task, at.now + 25_000) ?? task;
      expect(task.submit.phase).toBe("begun");
    }
    expect(decideSubmit(task, unknown(true), at).error?.code).toBe("submit_unknown");
  });

  it("of a timeout or a broken connection is not repeated even then", () => {
    const task = decideSubmit(anUnsubmittedTask("begun", { repeatServerErrors: true }), unknown(false), at);
    expect(task.error?.code).toBe("submit_unknown");
  });

  it("is what a begun submit without an outcome is", () => {
    expect(submitLost(anUnsubmittedTask("begun"), at.now).error?.code).toBe("submit_unknown");
    expect(submitLost(anUnsubmittedTask("due"), at.now).error).toBeNull();
  });

  it("is the end of a create that nothing answers, so the account may hear of it", () => {
    const task = anUnsubmittedTask("begun");
    const inCreate = { ...task, submit: { ...task.submit, inCreate: true } };
    expect(submitLost(inCreate, at.now).submit).toMatchObject({ phase: "done", inCreate: false });
    expect(timedOut(inCreate, at.now).submit).toMatchObject({ phase: "done", inCreate: false });
  });

  it("is what it is at the deadline, too, if nothing could run before it", () => {
    expect(timedOut(anUnsubmittedTask("begun"), at.now).error?.code).toBe("submit_unknown");
    expect(timedOut(anUnsubmittedTask("due"), at.now).error?.code).toBe("timed_out");
  });
});

it("a submit begins only when it is due, and an answer counts only for a begun one", () => {
  expect(beginSubmit(anUnsubmittedTask("begun"), 1)).toBeNull();
  expect(beginSubmit(aTask(), 1)).toBeNull();
  const done = aTask();
  expect(decideSubmit(done, refused(400), at)).toBe(done);
});
