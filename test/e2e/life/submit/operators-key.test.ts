import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  newHook,
  startStack,
  submitsTo,
  type Hook,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import {
  OPERATOR,
  OPERATOR_KEY,
  TOKEN,
  onlyEvent,
  unknownAnswers,
  type ErrorAnswer,
} from "./upstream-answers.ts";

/*
 * With the operator's key: what differs by it, and one of each kind of answer.
 *
 * scenario                                               requirement
 * 401, 402, 403                                          Submit, row 2: 502 without the body
 * 2xx, any other 4xx, 429, an unknown outcome            rows 1 to 4, as with the caller's own key
 */

/** One of each kind: an answer is read alike, with either key; what follows may differ. */
const UNKNOWN_KINDS = new Set([
  "409",
  "503",
  "500 with Retry-After",
  "200 without an id",
  "200 that breaks off",
  "400 that breaks off",
  "a connection closed after it was processed",
  "an answer after the timeout",
]);

describe("with the operator's key", () => {
  let stack: Stack;
  let hook: Hook;
  beforeAll(async () => {
    stack = await startStack(OPERATOR);
  });
  beforeEach(() => {
    stack.gateway.calls.length = 0;
    hook = newHook(stack);
  });
  afterEach(() => stack.gateway.clearFaults());
  afterAll(async () => stack.close());

  const CANARY = "the operator's balance is 0.42";
  const words = { error: { message: CANARY, code: "planned" } };
  const codes: [number, string][] = [
    [401, "upstream_unauthorized"],
    [402, "upstream_payment_required"],
    [403, "upstream_forbidden"],
  ];

  it("every call of a task's life carries the operator's key and never the caller's token", async () => {
    const { task_id: id } = (await (await stack.create({ callback_url: hook.url })).json()) as TaskBody;
    await onlyEvent(stack, hook, id);
    const keys = new Set(stack.gateway.calls.map(({ authorization }) => authorization));
    expect([...keys]).toEqual([`Bearer ${OPERATOR_KEY}`]);
    expect(JSON.stringify(stack.gateway.calls.map(({ headers }) => headers))).not.toContain(TOKEN);
  });

  it.each(
    byDay([
      [
        "well",
        { task_id: "cgt-done", status: "succeeded", video_url: "https://cdn.example.com/v.mp4" },
        "video.succeeded",
      ],
      [
        "badly",
        { task_id: "cgt-done", status: "failed", error_message: "Refused by review." },
        "video.failed",
      ],
    ]),
  )(
    "a 2xx of a task that has ended %s ends it in the 202, and exactly one event follows",
    async (_name, body, type) => {
      stack.gateway.fault({ on: "submit", status: 200, body });
      const response = await stack.create({ callback_url: hook.url });
      expect(response.status).toBe(202);
      const task = (await response.json()) as TaskBody;
      expect(task).toMatchObject({ status: body.status, upstream: body });
      expect(await onlyEvent(stack, hook, task.task_id)).toMatchObject({ type });
      expect(stack.gateway.calls.map(({ method }) => method)).toEqual(["POST"]);
    },
  );

  it.each(byDay(codes))("%i is 502 with %s and without the upstream's words", async (status, code) => {
    stack.gateway.fault({ on: "submit", status, body: words });
    const response = await stack.create({ callback_url: hook.url });
    expect(response.status).toBe(502);
    expect(response.headers.get("location")).toBeNull();
    const text = await response.text();
    expect(text).not.toContain(CANARY);
    const { error } = JSON.parse(text) as ErrorAnswer;
    expect(error).toMatchObject({ code, message: expect.stringMatching(/./) as string });
    expect(error.upstream ?? {}).not.toHaveProperty("body");
    expect(submitsTo(stack.gateway)).toHaveLength(1);
  });

  it("429 that no waiting helps is the operator's balance: 502 without the upstream's words", async () => {
    const body = { error: { code: "billing_not_active", message: CANARY } };
    stack.gateway.fault({ on: "submit", status: 429, body });
    const response = await stack.create({ callback_url: hook.url });
    expect(response.status).toBe(502);
    const text = await response.text();
    expect(text).not.toContain(CANARY);
    const { error } = JSON.parse(text) as ErrorAnswer;
    expect(error.code).toBe("upstream_payment_required");
    expect(error.message).toContain(
      `operator of this deployment has to act; the request is ${error.request_id}`,
    );
  });

  it.each(
    byDay([
      [400, "upstream_rejected"],
      [404, "upstream_not_found"],
      [405, "upstream_rejected"],
      [413, "upstream_rejected"],
      [418, "upstream_rejected"],
      [422, "upstream_rejected"],
    ]),
  )("%i is for the caller to solve: the same status, %s and the upstream's words", async (status, code) => {
    stack.gateway.fault({ on: "submit", status, body: words });
    const response = await stack.create({ callback_url: hook.url });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code, upstream: { status, body: words } } });
  });

  it("a definite no leaves no callback behind", async () => {
    for (const status of [400, 401, 402, 403, 404, 422]) {
      stack.gateway.fault({ on: "submit", status });
      await stack.create({ callback_url: hook.url });
    }
    const other = newHook(stack);
    const { task_id: id } = (await (await stack.create({ callback_url: other.url })).json()) as TaskBody;
    await onlyEvent(stack, other, id);
    expect(hook.received()).toEqual([]);
  });

  it.each([...codes, [400, "upstream_rejected"] as const])(
    "after respond-async, %i is a failed task with %s, in words for the caller",
    async (status, code) => {
      stack.gateway.fault({ on: "submit", status, body: words });
      const response = await stack.create({ callback_url: hook.url }, { prefer: "respond-async" });
      expect(response.status).toBe(202);
      const { task_id: id } = (await response.json()) as TaskBody;
      const event = await onlyEvent(stack, hook, id);
      expect(event).toMatchObject({ type: "video.failed", data: { error: { code } } });
      const task = await (await stack.call(`/v1/videos/${id}`)).text();
      const isHidden = status !== 400;
      expect(task.includes(CANARY)).toBe(!isHidden);
      expect(hook.received()[0]?.body.includes(CANARY)).toBe(!isHidden);
    },
  );

  it.each(
    byDay([
      ["429", { status: 429, headers: { "retry-after": "1" } }],
      ["503 with Retry-After", { status: 503, headers: { "retry-after": "1" } }],
    ]),
  )("%s is 202 queued, and submitted later, not before that", async (_name, answer) => {
    stack.gateway.fault({ on: "submit", ...answer });
    const response = await stack.create({ callback_url: hook.url });
    expect(response.status).toBe(202);
    const { task_id: id, status } = (await response.json()) as TaskBody;
    expect(status).toBe("queued");
    const event = await onlyEvent(stack, hook, id);
    expect(event.type).toBe("video.succeeded");
    const [first, second, ...others] = submitsTo(stack.gateway);
    expect(others).toEqual([]);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1000);
    expect(second?.body.equals(first?.body ?? Buffer.alloc(0))).toBe(true);
  });

  it.each(byDay(unknownAnswers().filter(([name]) => UNKNOWN_KINDS.has(name))))(
    "an unknown outcome is a failed task, one create and one callback: %s",
    async (_name, answer) => {
      stack.gateway.fault({ on: "submit", ...answer });
      const response = await stack.create({ callback_url: hook.url });
      expect(response.status).toBe(202);
      const task = (await response.json()) as TaskBody;
      expect(task).toMatchObject({ status: "failed", error: { code: "submit_unknown" } });
      const event = await onlyEvent(stack, hook, task.task_id);
      expect(event).toMatchObject({ type: "video.failed", data: { error: { code: "submit_unknown" } } });
      expect(submitsTo(stack.gateway)).toHaveLength(1);
    },
  );
});
