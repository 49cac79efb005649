import { describe, expect, it } from "vitest";
import { httpAnswer, type RawRequest } from "../../../support/wire/raw-server.ts";
import { eventually, isTerminal, type DeliveryBody, type TaskBody } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import {
  LATE_MS,
  STEPS_MS,
  TIMEOUT_MS,
  accepts,
  answers,
  firstThenAccepts,
  isEnd,
  onlyDelivery,
  progressOf,
  settled,
  typeOf,
  useCallbacks,
} from "./stage.ts";

/*
 * The attempts of each event, and which events there are.
 *
 * scenario                                            requirement
 * attempts of one event                               guarantee 4: same id, same bytes, fresh timestamp and signature
 * each status code                                    contract, The callback: 2xx, 410 and 501, everything else
 * 3xx                                                 the same: never followed, the Location named
 * running, progress, and the end that stops them      contract, callback_events and The callback
 * a receiver that hangs                               design, Shape: polls go on
 */

describe("a callback", () => {
  const { stack, create, verify } = useCallbacks();

  describe.concurrent("that is not taken", () => {
    it.each(byDay([400, 401, 403, 404, 405, 408, 409, 422, 429, 500, 502, 503, 504, 599]))(
      "with %i is repeated by the schedule, then exhausted after exactly 1 + 3 attempts",
      async (status) => {
        const { id, requests } = await create(answers(status, "no"));
        const delivery = await onlyDelivery(stack, id);
        expect(delivery).toEqual({
          message_id: expect.stringMatching(/^msg_/) as string,
          event: "video.succeeded",
          endpoint: null,
          status: "exhausted",
          next_attempt_at: null,
          attempts: [1, 2, 3, 4].map((number) => ({
            number,
            trigger: "scheduled",
            started_at: expect.any(String) as string,
            duration_ms: expect.any(Number) as number,
            status_code: status,
            outcome: "retryable",
            reason: `http_${status}`,
            response_excerpt: "no",
          })),
        });
        expect((await stack.task(id)).callback).toMatchObject({
          status: "exhausted",
          attempts: 4,
          next_attempt_at: null,
        });
        for (const [index, stepMs] of STEPS_MS.entries()) {
          const [before, after] = delivery.attempts.slice(index) as [
            DeliveryBody["attempts"][number],
            DeliveryBody["attempts"][number],
          ];
          const endedAt = Date.parse(before.started_at) + (before.duration_ms ?? 0);
          const waited = Date.parse(after.started_at) - endedAt;
          expect(waited).toBeGreaterThanOrEqual(stepMs * 0.8 - 1);
          expect(waited).toBeLessThan(stepMs * 1.2 + LATE_MS);
        }
        expect(requests()).toHaveLength(4);
      },
    );

    it("is repeated with the same id and bytes, a fresh timestamp and signature, and counted", async () => {
      const { id, requests } = await create(answers(500), { callback_headers: { "x-key": "static" } });
      const delivery = await onlyDelivery(stack, id);
      const sent = requests();
      expect(sent.map(({ headers }) => headers["ringback-attempt"])).toEqual(["1", "2", "3", "4"]);
      expect(new Set(sent.map(({ headers }) => headers["webhook-id"]))).toEqual(
        new Set([delivery.message_id]),
      );
      expect(new Set(sent.map(({ body }) => body)).size).toBe(1);
      expect(sent.map(({ headers }) => headers["x-key"])).toEqual(Array(4).fill("static"));
      for (const request of sent) {
        const age = request.at / 1000 - Number(request.headers["webhook-timestamp"]);
        expect(age).toBeGreaterThanOrEqual(0);
        expect(age).toBeLessThan(1 + LATE_MS / 1000);
        expect(() => verify(request)).not.toThrow();
      }
      // The second step is longer than a second, so that these two cannot fall into the same one.
      const [second, third] = sent.slice(1) as [RawRequest, RawRequest];
      expect(third.headers["webhook-timestamp"]).not.toBe(second.headers["webhook-timestamp"]);
      expect(third.headers["webhook-signature"]).not.toBe(second.headers["webhook-signature"]);
    });

    it("is repeated only until it is", async () => {
      const { id, requests } = await create((socket, attempt) =>
        socket.end(httpAnswer(attempt < 3 ? 503 : 200)),
      );
      const { status, attempts } = await onlyDelivery(stack, id);
      expect(status).toBe("delivered");
      expect(attempts.map(({ outcome }) => outcome)).toEqual(["retryable", "retryable", "delivered"]);
      expect(requests()).toHaveLength(3);
    });

    it.each(
      byDay([
        [410, "gone"],
        [501, "http_501"],
      ]),
    )("with %i is not repeated, and stops the task's later ones", async (status, reason) => {
      const { task, id, requests } = await create(answers(status), {
        prompt: "[slow]",
        callback_events: ["video.running", "video.progress", "video.succeeded"],
      });
      await stack.deliveries(id, settled);
      const upstreamId = task.upstream_task_id ?? "";
      Object.assign(stack.gateway.tasks.get(upstreamId) ?? {}, progressOf(50));
      await stack.task(id, ({ progress }) => progress === 50);
      stack.gateway.finish(upstreamId, "succeeded");
      await stack.task(id, isTerminal);
      const data = await stack.deliveries(id);
      expect(data.map(({ event }) => event).toSorted()).toEqual([
        "video.progress",
        "video.running",
        "video.succeeded",
      ]);
      expect(data.map(({ status: now, next_attempt_at: next }) => [now, next])).toEqual(
        data.map(() => ["stopped", null]),
      );
      // One attempt in all, that of the first event; the later ones are recorded and not sent.
      expect(data.find(({ event }) => event === "video.running")?.attempts).toMatchObject([
        { number: 1, status_code: status, outcome: "permanent", reason },
      ]);
      expect(data.flatMap(({ attempts }) => attempts)).toHaveLength(1);
      expect((await stack.task(id)).callback).toMatchObject({ status: "stopped", next_attempt_at: null });
      expect(requests()).toHaveLength(1);
    });

    it.each([301, 302, 303, 307, 308])("with %i is not followed, and names the Location", async (status) => {
      const target = `${stack.receiver.url}/redirected`;
      const { id, requests } = await create(firstThenAccepts(answers(status, "moved", { location: target })));
      const { attempts } = await onlyDelivery(stack, id);
      expect(attempts).toHaveLength(2);
      expect(attempts[0]).toMatchObject({
        status_code: status,
        outcome: "retryable",
        reason: "redirect",
        response_excerpt: expect.stringContaining(target) as string,
      });
      expect(requests().map(({ method }) => method)).toEqual(["POST", "POST"]);
      expect(stack.receiver.received.filter(({ path }) => path.includes("redirected"))).toEqual([]);
    });

    it("with a redirect to itself does not go round", async () => {
      const { id, requests } = await create(
        firstThenAccepts((socket, _attempt, { path }) => socket.end(httpAnswer(307, "", { location: path }))),
      );
      expect((await onlyDelivery(stack, id)).attempts[0]?.reason).toBe("redirect");
      expect(requests()).toHaveLength(2);
    });
  });

  describe.concurrent("that is taken", () => {
    it.each(byDay([200, 201, 202, 203, 204, 205, 206, 226, 299]))(
      "with %i is delivered at once",
      async (status) => {
        const { id, requests } = await create(answers(status));
        expect(await onlyDelivery(stack, id)).toMatchObject({
          status: "delivered",
          next_attempt_at: null,
          attempts: [{ number: 1, status_code: status, outcome: "delivered", reason: null }],
        });
        expect((await stack.task(id)).callback).toMatchObject({ status: "delivered", attempts: 1 });
        expect(requests()).toHaveLength(1);
      },
    );

    it("is the only one for a test task that fails at once", async () => {
      const { id, requests } = await create(accepts, { test: { outcome: "failed", delay_seconds: 0 } });
      expect(await onlyDelivery(stack, id)).toMatchObject({ event: "video.failed", status: "delivered" });
      expect(requests().map(typeOf)).toEqual(["video.failed"]);
    });
  });

  describe.concurrent("before the end", () => {
    it("tells video.running once, and video.progress whenever it grew by 10 or more", async () => {
      const { task, id, requests } = await create(accepts, {
        prompt: "[slow]",
        callback_events: ["video.running", "video.progress", "video.succeeded", "video.failed"],
      });
      const upstreamId = task.upstream_task_id ?? "";
      const upstream = stack.gateway.tasks.get(upstreamId);
      for (const percent of [5, 9, 12, 15, 21, 22, 80]) {
        Object.assign(upstream ?? {}, progressOf(percent));
        await stack.task(id, ({ progress }) => progress === percent);
      }
      // Back to the queue and running again: an event that was sent already.
      Object.assign(upstream ?? {}, { runsAt: Date.now() + 1e9 });
      await stack.task(id, ({ status }) => status === "queued");
      Object.assign(upstream ?? {}, progressOf(80));
      await stack.task(id, ({ status }) => status === "running");
      stack.gateway.finish(upstreamId, "succeeded");
      const data = await stack.deliveries(id, (all) => settled(all) && all.some(isEnd));
      expect(data.map(({ status }) => status)).toEqual(data.map(() => "delivered"));
      const events = requests().map((request) => verify(request) as { type: string; data: TaskBody });
      expect(
        events.filter(({ type }) => type === "video.running").map(({ data: told }) => told.status),
      ).toEqual(["running"]);
      const told = events.filter(({ type }) => type === "video.progress");
      expect(told.map(({ data: { progress } }) => progress)).toEqual([12, 22, 80]);
      expect(events.filter(({ type }) => type === "video.succeeded")).toHaveLength(1);
      expect(events).toHaveLength(5);
      expect(new Set(requests().map(({ headers }) => headers["webhook-id"])).size).toBe(5);
    });

    it("is not sent without a subscription", async () => {
      const { task, id, requests } = await create(accepts, { prompt: "[slow]" });
      await stack.task(id, ({ status }) => status === "running");
      stack.gateway.finish(task.upstream_task_id ?? "", "succeeded");
      await onlyDelivery(stack, id);
      expect(requests().map(typeOf)).toEqual(["video.succeeded"]);
    });

    it("is sent alone where nothing else is subscribed", async () => {
      const { task, id, requests } = await create(accepts, {
        prompt: "[slow]",
        callback_events: ["video.running"],
      });
      await onlyDelivery(stack, id);
      stack.gateway.finish(task.upstream_task_id ?? "", "succeeded");
      const ended = await stack.task(id, isTerminal);
      expect(ended.callback).toMatchObject({ events: ["video.running"], status: "delivered", attempts: 1 });
      expect(requests().map(typeOf)).toEqual(["video.running"]);
    });

    it("is stopped by the end, which is sent all the same", async () => {
      const { task, id, requests } = await create(
        // The end is repeated until the time is long past at which running would have been.
        (socket, attempt, request) =>
          socket.end(httpAnswer(typeOf(request) === "video.succeeded" && attempt === 4 ? 200 : 500)),
        { prompt: "[slow]", callback_events: ["video.running", "video.succeeded"] },
      );
      await stack.deliveries(id, ([running]) => running?.attempts[1]?.outcome === "retryable");
      stack.gateway.finish(task.upstream_task_id ?? "", "succeeded");
      const data = await stack.deliveries(id, (all) => settled(all) && all.some(isEnd));
      const byEvent = Object.fromEntries(data.map((delivery) => [delivery.event, delivery]));
      expect(byEvent["video.running"]).toMatchObject({ status: "stopped", next_attempt_at: null });
      expect(byEvent["video.running"]?.attempts).toHaveLength(2);
      expect(byEvent["video.succeeded"]).toMatchObject({ status: "delivered" });
      expect(requests().map(typeOf)).toEqual([
        ...Array<string>(2).fill("video.running"),
        ...Array<string>(4).fill("video.succeeded"),
      ]);
    });

    it("does not delay a poll when its receiver hangs", async () => {
      const { task, id, requests } = await create(() => undefined, {
        prompt: "[slow]",
        callback_events: ["video.running"],
      });
      await eventually(
        async () => requests().length,
        (count) => count === 1,
      );
      const hangsFrom = requests()[0]?.at ?? Number.NaN;
      const path = `/v1/videos/${task.upstream_task_id}`;
      const meanwhile = () => stack.gateway.calls.filter((call) => call.path === path && call.at > hangsFrom);
      await eventually(
        async () => meanwhile().length,
        (count) => count >= 5,
      );
      const [delivery] = await stack.deliveries(id);
      expect(delivery?.attempts).toEqual([
        expect.objectContaining({ number: 1, outcome: "unknown", duration_ms: null, status_code: null }),
      ]);
      // And the end is seen while it still hangs.
      stack.gateway.finish(task.upstream_task_id ?? "", "succeeded");
      const ended = await stack.task(id, isTerminal);
      expect(Date.parse(ended.finished_at ?? "") - hangsFrom).toBeLessThan(TIMEOUT_MS);
    });
  });
});
