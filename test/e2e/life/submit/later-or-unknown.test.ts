import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { startGateway } from "../../../../dev/gateway.ts";
import { OWN_KEY, submitsTo } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import { onlyEvent, submittedBodies, unknownAnswers, useSubmits } from "./upstream-answers.ts";

/*
 * With the caller's own key, the answers after which Ringback submits later, or never again.
 *
 * scenario                                               requirement
 * 429, 503 with Retry-After                              Submit, row 3: 202, queued, submitted later, never before Retry-After
 * everything else                                        row 4: 202, submit_unknown, never resubmitted (guarantee 2)
 * redirects                                              row 4; threats T2: the key does not follow
 * respond-async                                          a definite no or an unknown becomes a failed task
 */

describe("with the caller's own key", () => {
  const { stack, hook, created } = useSubmits();

  describe("not now", () => {
    const RETRY_AFTER = { "retry-after": "1" };

    it.each(
      byDay([
        ["429 with Retry-After", { status: 429, headers: RETRY_AFTER }],
        ["503 with Retry-After", { status: 503, headers: RETRY_AFTER }],
        ["503 with a Retry-After of a page", { status: 503, headers: RETRY_AFTER, body: "<h1>Busy</h1>" }],
      ]),
    )("%s is 202 queued, and submitted later, not before that", async (_name, answer) => {
      const task = await created(answer);
      expect(task).toMatchObject({
        status: "queued",
        upstream_task_id: null,
        submitted_at: null,
        finished_at: null,
        error: null,
      });
      const event = await onlyEvent(stack, hook(), task.task_id);
      expect(event).toMatchObject({ type: "video.succeeded", data: { task_id: task.task_id } });
      const [first, second, ...others] = submitsTo(stack.gateway);
      expect(others).toEqual([]);
      expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1000);
      expect(second?.body.equals(first?.body ?? Buffer.alloc(0))).toBe(true);
      expect(second?.headers).toEqual(first?.headers);
      expect(second?.authorization).toBe(`Bearer ${OWN_KEY}`);
    });

    it("may be said as a date", async () => {
      // Whole seconds: the date may be up to a second nearer than it says.
      const date = new Date(Date.now() + 2000).toUTCString();
      const task = await created({ status: 503, headers: { "retry-after": date } });
      expect(task.status).toBe("queued");
      await onlyEvent(stack, hook(), task.task_id);
      const [first, second] = submitsTo(stack.gateway);
      expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1000);
    });

    it("may be said without a Retry-After if it is a 429", async () => {
      const task = await created({ status: 429 });
      expect(task.status).toBe("queued");
      const event = await onlyEvent(stack, hook(), task.task_id);
      expect(event.type).toBe("video.succeeded");
      expect(submitsTo(stack.gateway)).toHaveLength(2);
    });

    it("sends the very same 5 MB again", async () => {
      const image = randomBytes(3_750_000).toString("base64");
      const task = await created({ status: 429, headers: RETRY_AFTER }, { image, seed: [1.0, "é😀"] });
      expect(task.status).toBe("queued");
      await onlyEvent(stack, hook(), task.task_id);
      const [first, second, ...others] = submittedBodies(stack.gateway);
      expect(others).toEqual([]);
      expect(second).toBe(first);
      const sent = JSON.parse(submitsTo(stack.gateway)[1]?.body.toString() ?? "") as Record<string, unknown>;
      expect(sent["image"] === image).toBe(true);
    });

    it.each(
      byDay([
        [400, "upstream_rejected"],
        [402, "upstream_payment_required"],
        [500, "submit_unknown"],
      ]),
    )("and then %i is a failed task with %s and one callback", async (status, code) => {
      stack.gateway.fault({ on: "submit", status: 429, headers: { "retry-after": "0" } });
      const task = await created({ status });
      expect(task.status).toBe("queued");
      const event = await onlyEvent(stack, hook(), task.task_id);
      expect(event).toMatchObject({ type: "video.failed", data: { status: "failed", error: { code } } });
      expect(submitsTo(stack.gateway)).toHaveLength(2);
    });
  });

  describe("an unknown outcome", () => {
    it.each(byDay(unknownAnswers()))(
      "is a failed task, one create and one callback: %s",
      async (_name, answer) => {
        const task = await created(answer);
        expect(task).toMatchObject({
          status: "failed",
          upstream_task_id: null,
          video_url: null,
          finished_at: expect.any(String) as string,
          error: { code: "submit_unknown", message: expect.stringMatching(/./) as string },
        });
        expect(task.error_message).toBe(task.error?.message);
        const event = await onlyEvent(stack, hook(), task.task_id);
        expect(event).toMatchObject({
          type: "video.failed",
          data: { task_id: task.task_id, status: "failed", error: { code: "submit_unknown" } },
        });
        expect(stack.gateway.calls.map(({ method }) => method)).toEqual(["POST"]);
      },
    );

    it("may well have been accepted upstream, which is why it is not sent again", async () => {
      const task = await created({ drop: "after" });
      await onlyEvent(stack, hook(), task.task_id);
      expect(stack.gateway.tasks.size).toBe(1);
      expect(submitsTo(stack.gateway)).toHaveLength(1);
    });

    it.each(byDay([300, 301, 302, 303, 304, 307, 308]))(
      "is a redirect, %i, and the key does not follow it",
      async (status) => {
        const other = await startGateway();
        try {
          const location = `${other.baseUrl}/videos`;
          const task = await created({ status, headers: { location }, body: { task_id: "cgt-redirected" } });
          expect(task).toMatchObject({ status: "failed", error: { code: "submit_unknown" } });
          await onlyEvent(stack, hook(), task.task_id);
          expect(submitsTo(stack.gateway)).toHaveLength(1);
          expect(other.calls).toEqual([]);
        } finally {
          await other.close();
        }
      },
    );

    it.each(byDay(unknownAnswers().filter(([, { status = 0, drop }]) => status < 500 || drop !== undefined)))(
      "is not sent again under retry_ambiguous_submit either, unless it is a whole 5xx: %s",
      async (_name, answer) => {
        const task = await created(answer, { retry_ambiguous_submit: true });
        expect(task).toMatchObject({ status: "failed", error: { code: "submit_unknown" } });
        await onlyEvent(stack, hook(), task.task_id);
        expect(submitsTo(stack.gateway)).toHaveLength(1);
      },
    );

    it("is a 5xx that breaks off, whatever retry_ambiguous_submit says", async () => {
      const task = await created({ status: 500, drop: "mid-body" }, { retry_ambiguous_submit: true });
      expect(task).toMatchObject({ status: "failed", error: { code: "submit_unknown" } });
      await onlyEvent(stack, hook(), task.task_id);
      expect(submitsTo(stack.gateway)).toHaveLength(1);
    });
  });

  describe("after respond-async", () => {
    it.each(
      byDay([
        [400, "upstream_rejected"],
        [401, "upstream_unauthorized"],
        [402, "upstream_payment_required"],
        [403, "upstream_forbidden"],
        [404, "upstream_not_found"],
        [418, "upstream_rejected"],
        [422, "upstream_rejected"],
        [408, "submit_unknown"],
        [302, "submit_unknown"],
        [500, "submit_unknown"],
      ]),
    )("%i is a failed task with %s, and one callback", async (status, code) => {
      const task = await created({ status, body: { message: "Why." } }, {}, { prefer: "respond-async" });
      expect(task).toMatchObject({ status: "queued", error: null });
      const event = await onlyEvent(stack, hook(), task.task_id);
      expect(event).toMatchObject({
        type: "video.failed",
        data: { task_id: task.task_id, status: "failed", error: { code } },
      });
      const read = await stack.task(task.task_id);
      expect(read).toMatchObject({ status: "failed", upstream_task_id: null, error: { code } });
      expect(submitsTo(stack.gateway)).toHaveLength(1);
    });

    it("a definite no is shown with the upstream's own words", async () => {
      const task = await created({ status: 422, body: { message: "Why." } }, {}, { prefer: "respond-async" });
      await onlyEvent(stack, hook(), task.task_id);
      expect((await stack.task(task.task_id)).upstream).toEqual({ message: "Why." });
    });

    it.each(
      byDay([
        ["a broken connection", { drop: "after" as const }],
        ["a 2xx without an id", { status: 200, body: {} }],
      ]),
    )("%s is a failed task with submit_unknown, and one callback", async (_name, answer) => {
      const task = await created(answer, {}, { prefer: "respond-async" });
      const event = await onlyEvent(stack, hook(), task.task_id);
      expect(event).toMatchObject({ type: "video.failed", data: { error: { code: "submit_unknown" } } });
      expect(submitsTo(stack.gateway)).toHaveLength(1);
    });
  });
});
