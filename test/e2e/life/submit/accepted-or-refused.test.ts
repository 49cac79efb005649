import { describe, expect, it } from "vitest";
import { eventually, MODEL, newHook, OWN_KEY, sendRaw, submitsTo } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import { PROMPT, onlyEvent, useSubmits, type ErrorAnswer } from "./upstream-answers.ts";

/*
 * With the caller's own key, the answers that say whether the upstream accepted.
 *
 * scenario                                               requirement
 * 2xx with a task id, also a terminal one                Submit, row 1; exactly one terminal event follows
 * every 4xx but 408, 409, 425, 429, 499                  row 2: a definite no, same status, no task, no callback
 * ids: 19 digits, in data, with slashes                  The task: taken with all digits, percent-encoded
 */

describe("with the caller's own key", () => {
  const { stack, hook, create, created } = useSubmits();

  describe("a 2xx with a task id", () => {
    it.each([200, 201, 202, 299])("%i is accepted: 202, and one event at the end", async (status) => {
      const task = await created({ status, process: true });
      expect(task).toMatchObject({
        status: "queued",
        error: null,
        submitted_at: expect.any(String) as string,
      });
      const event = await onlyEvent(stack, hook(), task.task_id);
      expect(event).toMatchObject({ type: "video.succeeded", data: { task_id: task.task_id } });
      expect(submitsTo(stack.gateway)).toHaveLength(1);
    });

    it("that has already succeeded ends the task in the 202, and exactly one event follows", async () => {
      const body = { task_id: "cgt-done", status: "succeeded", video_url: "https://cdn.example.com/v.mp4" };
      const task = await created({ status: 200, body });
      expect(task).toMatchObject({
        status: "succeeded",
        progress: 100,
        video_url: "https://cdn.example.com/v.mp4",
        finished_at: expect.any(String) as string,
        upstream: body,
      });
      const event = await onlyEvent(stack, hook(), task.task_id);
      expect(event).toMatchObject({ type: "video.succeeded", data: { video_url: body.video_url } });
      expect(stack.gateway.calls.map(({ method }) => method)).toEqual(["POST"]);
    });

    it("that has already failed ends the task in the 202, and exactly one event follows", async () => {
      const body = { id: "cgt-done", status: "FAILED", error: { message: "Refused by review." } };
      const task = await created({ status: 200, body });
      expect(task).toMatchObject({
        status: "failed",
        error: { code: "generation_failed", message: "Refused by review." },
        error_message: "Refused by review.",
        upstream_task_id: "cgt-done",
      });
      const event = await onlyEvent(stack, hook(), task.task_id);
      expect(event).toMatchObject({ type: "video.failed", data: { error: { code: "generation_failed" } } });
      expect(stack.gateway.calls.map(({ method }) => method)).toEqual(["POST"]);
    });

    it.each(
      byDay([
        ["a number of 19 digits", '{"task_id":9007199254740993123}', "9007199254740993123"],
        ["in data", '{"code":0,"data":{"task_id":"cgt-in-data"}}', "cgt-in-data"],
        ["with slashes", '{"task_id":"cgt/../a?b#c%2F d"}', "cgt/../a?b#c%2F d"],
      ]),
    )("whose id is %s polls that very id, percent-encoded", async (_name, body, id) => {
      stack.gateway.fault({ on: "poll", status: 200, body: { status: "failed" } });
      const task = await created({ status: 200, body });
      expect(task.upstream_task_id).toBe(id);
      await onlyEvent(stack, hook(), task.task_id);
      const polls = stack.gateway.calls.filter(({ method }) => method === "GET");
      expect(polls.map(({ path }) => path)).toEqual([`/v1/videos/${encodeURIComponent(id)}`]);
    });
  });

  describe("another answer with a task_id", () => {
    it.each(byDay([405, 408, 409, 410, 425, 429, 499, 500, 502, 503]))(
      "%i says that the task exists: 202, polled under that id, and its words do not count",
      async (status) => {
        const data = { task_id: `cgt-of-${status}`, status: "failed" };
        const task = await created(
          { status, body: { code: "x", message: "do not submit again", data } },
          { retry_ambiguous_submit: true },
        );
        expect(task).toMatchObject({ status: "queued", upstream_task_id: data.task_id, error: null });
        await eventually(
          async () => stack.gateway.calls.some(({ path }) => path.endsWith(`/videos/${data.task_id}`)),
          Boolean,
        );
        expect(submitsTo(stack.gateway)).toHaveLength(1);
      },
    );

    it("that the request named says nothing", async () => {
      const task = await created({ status: 409, body: { task_id: "mine-7" } }, { task_id: "mine-7" });
      expect(task).toMatchObject({ status: "failed", error: { code: "submit_unknown" } });
    });
  });

  it("429 that no waiting helps is a 402 with the upstream's own status and words", async () => {
    const body = { error: { code: "insufficient_quota", message: "top up" } };
    const response = await create({ status: 429, body });
    expect(response.status).toBe(402);
    expect(await response.json()).toMatchObject({
      error: { code: "upstream_payment_required", message: "top up", upstream: { status: 429, body } },
    });
    expect(submitsTo(stack.gateway)).toHaveLength(1);
  });

  describe("a definite no", () => {
    const CODES: Record<number, string> = {
      401: "upstream_unauthorized",
      402: "upstream_payment_required",
      403: "upstream_forbidden",
      404: "upstream_not_found",
    };
    const NOT_DEFINITE = new Set([408, 409, 425, 429, 499]);
    const statuses = Array.from({ length: 100 }, (_, index) => 400 + index).filter(
      (status) => !NOT_DEFINITE.has(status),
    );
    const words = { error: { message: "No, and here is why.", code: "planned", seed: 1 } };

    it.each(byDay([400, 401, 402, 403, 404, 405, 413, 415, 418, 422, 451]))(
      "%i is answered with the same status, the code and the upstream's own words",
      async (status) => {
        const response = await create({ status, body: words });
        expect(response.status).toBe(status);
        expect(response.headers.get("location")).toBeNull();
        expect(await response.json()).toMatchObject({
          error: {
            code: CODES[status] ?? "upstream_rejected",
            message: expect.stringMatching(/./) as string,
            upstream: { status, body: words },
            request_id: response.headers.get("x-request-id"),
          },
        });
        expect(submitsTo(stack.gateway)).toHaveLength(1);
      },
    );

    it("is every other 4xx too, and leaves no task and no callback behind", async () => {
      const answers: [number, number, string][] = [];
      for (const status of statuses) {
        stack.gateway.fault({ on: "submit", status, body: words });
        // Not `fetch`: it takes a 407 for a proxy's.
        const response = await sendRaw(`${stack.worker.url}/v1/videos`, {
          method: "POST",
          headers: { authorization: `Bearer ${OWN_KEY}`, "content-type": "application/json" },
          chunks: [JSON.stringify({ model: MODEL, prompt: PROMPT, callback_url: hook().url })],
        });
        const { error } = JSON.parse(response.body) as ErrorAnswer;
        expect(error).not.toHaveProperty("task_id");
        expect(error.upstream).toEqual({ status, body: words });
        answers.push([status, response.status, error.code]);
      }
      expect(answers).toEqual(
        statuses.map((status) => [status, status, CODES[status] ?? "upstream_rejected"]),
      );
      // A whole life of another task is time enough for whatever would still come of these.
      const other = newHook(stack);
      const { task_id: id } = await created({}, { callback_url: other.url });
      await onlyEvent(stack, other, id);
      expect(hook().received()).toEqual([]);
      expect(submitsTo(stack.gateway)).toHaveLength(statuses.length + 1);
    });

    it.each(
      byDay([
        ["a page", "<h1>No</h1>"],
        ["nothing", ""],
        ["half of a JSON", '{"error":'],
      ]),
    )("may be explained by %s, which is passed on as text", async (_name, body) => {
      const response = await create({ status: 422, body });
      expect(response.status).toBe(422);
      const { error } = (await response.json()) as ErrorAnswer;
      expect(error).toMatchObject({ code: "upstream_rejected", upstream: { status: 422, body } });
    });

    it("may be explained in JSON of 8,000 levels", async () => {
      const response = await create({ status: 400, body: `${"[".repeat(8000)}${"]".repeat(8000)}` });
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('"code":"upstream_rejected"');
    });

    it("may be explained in bytes that are no text", async () => {
      const response = await create({ status: 400, body: Buffer.from([0xff, 0xfe, 0x00, 0xd8]) });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error: { code: "upstream_rejected", upstream: { status: 400 } },
      });
    });

    it("keeps the digits of the upstream's numbers", async () => {
      const response = await create({ status: 400, body: '{"seed":12345678901234567890}' });
      expect(await response.text()).toContain("12345678901234567890");
    });

    it.each(
      byDay([
        ["Latin letters", "x"],
        ["Chinese characters", "界"],
      ]),
    )("is passed on to 16 KB, counted in bytes: %s", async (_name, character) => {
      const response = await create({ status: 400, body: character.repeat(30_000) });
      const { error } = (await response.json()) as ErrorAnswer;
      const body = String(error.upstream?.body);
      expect(body).toMatch(new RegExp(`^${character}+$`));
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(16_384);
      expect(Buffer.byteLength(body)).toBeGreaterThan(16_384 - 4);
    });
  });
});
