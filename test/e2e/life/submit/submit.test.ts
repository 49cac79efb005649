import { createHash, randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from "vitest";
import { startGateway, type Fault, type Gateway } from "../../../../dev/gateway.ts";
import type { Received } from "../../../../dev/receiver.ts";
import {
  eventually,
  isTerminal,
  MODEL,
  newHook,
  OWN_KEY,
  sendRaw,
  startStack,
  submitsTo,
  type Hook,
  type Stack,
  type StackOptions,
  type TaskBody,
} from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";

/*
 * Every row of the contract's submit table with the caller's own key; with the operator's what differs by it, and one of
 * each kind of answer.
 *
 * scenario                                               requirement
 * 2xx with a task id, also a terminal one                Submit, row 1; exactly one terminal event follows
 * every 4xx but 408, 409, 425, 429, 499                  row 2: a definite no, same status, no task, no callback
 * 401, 402, 403 with the operator's key                  row 2: 502 without the body
 * 429, 503 with Retry-After                              row 3: 202, queued, submitted later, never before Retry-After
 * 429 until the deadline                                 row 3: timed_out without ever being submitted
 * everything else                                        row 4: 202, submit_unknown, never resubmitted (guarantee 2)
 * redirects                                              row 4; threats T2: the key does not follow
 * retry_ambiguous_submit                                 row 4: a complete 5xx again, at most 3 times
 * respond-async                                          a definite no or an unknown becomes a failed task
 * ids: 19 digits, in data, with slashes                  The task: taken with all digits, percent-encoded
 */

type Answer = Omit<Fault, "on">;

interface ErrorAnswer {
  error: {
    code: string;
    message: string;
    request_id: string;
    upstream?: { status: number; body?: unknown };
  };
}

const PROMPT = "A lighthouse at dusk.";

const TOKEN = "rb-the-token-of-alice";
const OPERATOR_KEY = "sk-the-operators-key";
const OPERATOR: StackOptions = {
  token: TOKEN,
  settings: {
    AIO_API_KEY: OPERATOR_KEY,
    RINGBACK_KEYS: `alice:${createHash("sha256").update(TOKEN).digest("hex")}`,
  },
};

/** The answers of the upstream that tell nothing about whether it accepted. */
function unknownAnswers(): [name: string, answer: Answer][] {
  const page = { body: "<!doctype html><title>A page</title>", headers: { "content-type": "text/html" } };
  const accepted = JSON.stringify({ task_id: "cgt-1", status: "queued" });
  return [
    ...[408, 409, 425, 499].map((status): [string, Answer] => [`${status}`, { status }]),
    ...[500, 501, 502, 503, 504, 505, 507, 511, 520, 522, 524, 530, 599].map((status): [string, Answer] => [
      `${status}`,
      { status },
    ]),
    ["502 with a page", { status: 502, ...page }],
    ["500 with a bare id", { status: 500, body: { id: "error-5" } }],
    ["409 with a bare id", { status: 409, body: { id: "request-5", message: "busy" } }],
    ["500 with Retry-After", { status: 500, headers: { "retry-after": "1" } }],
    ["504 with Retry-After", { status: 504, headers: { "retry-after": "1" } }],
    ["503 with an unreadable Retry-After", { status: 503, headers: { "retry-after": "soon" } }],
    ["503 with a negative Retry-After", { status: 503, headers: { "retry-after": "-5" } }],
    ["200 with a page", { status: 200, ...page }],
    ["200 with an empty body", { status: 200, body: "" }],
    ["204", { status: 204 }],
    ["200 with null", { status: 200, body: "null" }],
    ["200 with a list", { status: 200, body: `[${accepted}]` }],
    ["200 without an id", { status: 200, body: { status: "queued" } }],
    ["202 with an empty object", { status: 202, body: {} }],
    ["200 with an error in it", { status: 200, body: { code: 1, message: "busy", data: null } }],
    ["200 with an id that is no id", { status: 200, body: { task_id: { a: 1 } } }],
    ["200 with half of its JSON", { status: 200, body: accepted.slice(0, -5) }],
    ["200 that breaks off", { status: 200, body: accepted, drop: "mid-body" }],
    ["400 that breaks off", { status: 400, drop: "mid-body" }],
    ["a connection closed before it was processed", { drop: "before" }],
    ["a connection closed after it was processed", { drop: "after" }],
    ["a connection closed within the headers", { drop: "mid-headers" }],
    ["an answer after the timeout", { delayMs: 1500 }],
    ["an answer that never ends", { process: true, drip: { chunk: " ", everyMs: 100 } }],
  ];
}

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

/** Waits for the terminal callback and gives its event; fails if there is, or will be, a second one. */
async function onlyEvent(stack: Stack, hook: Hook, id: string): Promise<{ type: string; data: TaskBody }> {
  await hook.waitFor(1);
  const settled = await stack.task(id, ({ callback }) => callback?.status === "delivered");
  expect(settled.callback?.attempts).toBe(1);
  expect(await stack.deliveries(id)).toHaveLength(1);
  expect(hook.received()).toHaveLength(1);
  return eventOf(hook.received()[0]);
}

function eventOf(received: Received | undefined): { type: string; data: TaskBody } {
  return JSON.parse(received?.body ?? "null") as { type: string; data: TaskBody };
}

function submittedBodies(gateway: Gateway): string[] {
  return submitsTo(gateway).map(({ body }) => createHash("sha256").update(body).digest("hex"));
}

describe("with the caller's own key", () => {
  let stack: Stack;
  let hook: Hook;
  beforeAll(async () => {
    stack = await startStack();
  });
  beforeEach(() => {
    stack.gateway.calls.length = 0;
    stack.gateway.tasks.clear();
    hook = newHook(stack);
  });
  afterEach(() => stack.gateway.clearFaults());
  afterAll(async () => stack.close());

  /** A create whose submit is answered as planned. */
  async function create(
    answer: Answer,
    fields = {},
    headers: Record<string, string> = {},
  ): Promise<Response> {
    stack.gateway.fault({ on: "submit", ...answer });
    return stack.create({ prompt: PROMPT, callback_url: hook.url, ...fields }, headers);
  }

  async function created(
    answer: Answer,
    fields = {},
    headers: Record<string, string> = {},
  ): Promise<TaskBody> {
    const response = await create(answer, fields, headers);
    expect(response.status).toBe(202);
    return (await response.json()) as TaskBody;
  }

  describe("a 2xx with a task id", () => {
    it.each([200, 201, 202, 299])("%i is accepted: 202, and one event at the end", async (status) => {
      const task = await created({ status, process: true });
      expect(task).toMatchObject({
        status: "queued",
        error: null,
        submitted_at: expect.any(String) as string,
      });
      const event = await onlyEvent(stack, hook, task.task_id);
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
      const event = await onlyEvent(stack, hook, task.task_id);
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
      const event = await onlyEvent(stack, hook, task.task_id);
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
      await onlyEvent(stack, hook, task.task_id);
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
          chunks: [JSON.stringify({ model: MODEL, prompt: PROMPT, callback_url: hook.url })],
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
      expect(hook.received()).toEqual([]);
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
      const event = await onlyEvent(stack, hook, task.task_id);
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
      await onlyEvent(stack, hook, task.task_id);
      const [first, second] = submitsTo(stack.gateway);
      expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1000);
    });

    it("may be said without a Retry-After if it is a 429", async () => {
      const task = await created({ status: 429 });
      expect(task.status).toBe("queued");
      const event = await onlyEvent(stack, hook, task.task_id);
      expect(event.type).toBe("video.succeeded");
      expect(submitsTo(stack.gateway)).toHaveLength(2);
    });

    it("sends the very same 5 MB again", async () => {
      const image = randomBytes(3_750_000).toString("base64");
      const task = await created({ status: 429, headers: RETRY_AFTER }, { image, seed: [1.0, "é😀"] });
      expect(task.status).toBe("queued");
      await onlyEvent(stack, hook, task.task_id);
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
      const event = await onlyEvent(stack, hook, task.task_id);
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
        const event = await onlyEvent(stack, hook, task.task_id);
        expect(event).toMatchObject({
          type: "video.failed",
          data: { task_id: task.task_id, status: "failed", error: { code: "submit_unknown" } },
        });
        expect(stack.gateway.calls.map(({ method }) => method)).toEqual(["POST"]);
      },
    );

    it("may well have been accepted upstream, which is why it is not sent again", async () => {
      const task = await created({ drop: "after" });
      await onlyEvent(stack, hook, task.task_id);
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
          await onlyEvent(stack, hook, task.task_id);
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
        await onlyEvent(stack, hook, task.task_id);
        expect(submitsTo(stack.gateway)).toHaveLength(1);
      },
    );

    it("is a 5xx that breaks off, whatever retry_ambiguous_submit says", async () => {
      const task = await created({ status: 500, drop: "mid-body" }, { retry_ambiguous_submit: true });
      expect(task).toMatchObject({ status: "failed", error: { code: "submit_unknown" } });
      await onlyEvent(stack, hook, task.task_id);
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
      const event = await onlyEvent(stack, hook, task.task_id);
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
      await onlyEvent(stack, hook, task.task_id);
      expect((await stack.task(task.task_id)).upstream).toEqual({ message: "Why." });
    });

    it.each(
      byDay([
        ["a broken connection", { drop: "after" as const }],
        ["a 2xx without an id", { status: 200, body: {} }],
      ]),
    )("%s is a failed task with submit_unknown, and one callback", async (_name, answer) => {
      const task = await created(answer, {}, { prefer: "respond-async" });
      const event = await onlyEvent(stack, hook, task.task_id);
      expect(event).toMatchObject({ type: "video.failed", data: { error: { code: "submit_unknown" } } });
      expect(submitsTo(stack.gateway)).toHaveLength(1);
    });
  });
});

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

/** What takes seconds by its nature: at the same time, each with a stack of its own. */
describe.concurrent("over seconds", () => {
  const modes: [name: string, mode: StackOptions][] = [
    ["the caller's own key", {}],
    ["the operator's key", OPERATOR],
  ];

  async function own(
    { onTestFinished }: TestContext,
    settings: Record<string, string> = {},
    mode: StackOptions = {},
  ): Promise<{ stack: Stack; hook: Hook }> {
    // A loaded machine must not turn an answer that is on its way into a timeout.
    const patient = { UPSTREAM_TIMEOUT_SECONDS: "20", CALLBACK_TIMEOUT_SECONDS: "15" };
    const stack = await startStack({ ...mode, settings: { ...mode.settings, ...patient, ...settings } });
    onTestFinished(async () => stack.close());
    return { stack, hook: newHook(stack) };
  }

  async function created({ stack, hook }: { stack: Stack; hook: Hook }, fields = {}): Promise<TaskBody> {
    const response = await stack.create({ callback_url: hook.url, ...fields });
    expect(response.status).toBe(202);
    return (await response.json()) as TaskBody;
  }

  function gapsMs(gateway: Gateway): number[] {
    const calls = submitsTo(gateway);
    return calls.slice(1).map(({ at }, index) => at - (calls[index]?.at ?? Number.NaN));
  }

  it.for(modes)(
    "429 without an end backs off and ends at the deadline, with %s: timed_out, never submitted",
    async ([, mode], context) => {
      const { stack, hook } = await own(context, { TASK_TIMEOUT_SECONDS: "5" }, mode);
      stack.gateway.fault({ on: "submit", status: 429, times: Infinity });
      const task = await created({ stack, hook });
      expect(Date.parse(task.deadline_at) - Date.parse(task.created_at)).toBe(5000);
      const event = await onlyEvent(stack, hook, task.task_id);
      expect(event).toMatchObject({ type: "video.failed", data: { error: { code: "timed_out" } } });
      const ended = await stack.task(task.task_id);
      expect(ended).toMatchObject({
        status: "failed",
        error: { code: "timed_out" },
        upstream_task_id: null,
        submitted_at: null,
      });
      expect(Date.parse(ended.finished_at ?? "")).toBeGreaterThanOrEqual(Date.parse(task.deadline_at));
      expect(stack.gateway.tasks.size).toBe(0);
      // Neither a poll nor a submit that was accepted; so an own key is asked about before the callback.
      const calls = stack.gateway.calls.map(({ method, path, status }) => `${method} ${path} ${status}`);
      if (mode !== OPERATOR) expect(calls.pop()).toBe("GET /v1/models 200");
      expect(new Set(calls)).toEqual(new Set(["POST /v1/videos 429"]));
      // 1 and 2 seconds with a fifth of jitter each: at most 3.6 s, so the third submit comes before the deadline.
      const [first = 0, second = 0] = gapsMs(stack.gateway);
      expect(second).toBeGreaterThan(first);
    },
  );

  it("a Retry-After beyond the deadline leaves time for one more submit, 5 s before it", async (context) => {
    const { stack, hook } = await own(context, { TASK_TIMEOUT_SECONDS: "7" });
    stack.gateway.fault({ on: "submit", status: 429, headers: { "retry-after": "3600" } });
    const task = await created({ stack, hook });
    expect((await onlyEvent(stack, hook, task.task_id)).type).toBe("video.succeeded");
    const [, again, ...others] = submitsTo(stack.gateway);
    expect(others).toEqual([]);
    // 5 s before the deadline is 2 s after the creation, however late the first submit was.
    const afterMs = (again?.at ?? Number.NaN) - Date.parse(task.created_at);
    expect(afterMs).toBeGreaterThan(1900);
    expect(afterMs).toBeLessThan(3500);
  });

  it("retry_ambiguous_submit repeats a whole 500 three times, backing off, and then succeeds", async (context) => {
    const { stack, hook } = await own(context);
    stack.gateway.fault({ on: "submit", status: 500, times: 3 });
    const task = await created({ stack, hook }, { retry_ambiguous_submit: true, seed: 1 });
    expect(task).toMatchObject({ status: "queued", error: null, submitted_at: null });
    await hook.waitFor(1, 20_000);
    const event = await onlyEvent(stack, hook, task.task_id);
    expect(event).toMatchObject({ type: "video.succeeded", data: { task_id: task.task_id } });
    const bodies = submittedBodies(stack.gateway);
    expect(bodies).toHaveLength(4);
    expect(new Set(bodies).size).toBe(1);
    const [first = 0, second = 0, third = 0] = gapsMs(stack.gateway);
    expect(second).toBeGreaterThan(first);
    expect(third).toBeGreaterThan(second);
  });

  it("retry_ambiguous_submit gives up after the fourth 500: submit_unknown, exactly four creates", async (context) => {
    const { stack, hook } = await own(context);
    // 503 without a Retry-After, and pages, are complete 5xx answers like any other.
    const page = { body: "<h1>Bad Gateway</h1>", headers: { "content-type": "text/html" } };
    for (const answer of [{ status: 500 }, { status: 503 }, { status: 502, ...page }, { status: 500 }])
      stack.gateway.fault({ on: "submit", ...answer });
    const task = await created({ stack, hook }, { retry_ambiguous_submit: true });
    await hook.waitFor(1, 20_000);
    const event = await onlyEvent(stack, hook, task.task_id);
    expect(event).toMatchObject({ type: "video.failed", data: { error: { code: "submit_unknown" } } });
    expect(submitsTo(stack.gateway)).toHaveLength(4);
    expect(submitsTo(stack.gateway).map(({ status }) => status)).toEqual([500, 503, 502, 500]);
  });

  it.for([
    ["a timeout", { delayMs: 5000 }],
    ["a broken connection", { drop: "after" }],
  ] satisfies [string, Answer][])(
    "retry_ambiguous_submit ends at %s, also after a 500",
    async ([, answer], context) => {
      const { stack, hook } = await own(context, { UPSTREAM_TIMEOUT_SECONDS: "3" });
      stack.gateway.fault({ on: "submit", status: 500 });
      stack.gateway.fault({ on: "submit", ...answer });
      const task = await created({ stack, hook }, { retry_ambiguous_submit: true });
      expect(task.status).toBe("queued");
      const event = await onlyEvent(stack, hook, task.task_id);
      expect(event).toMatchObject({ type: "video.failed", data: { error: { code: "submit_unknown" } } });
      expect(submitsTo(stack.gateway)).toHaveLength(2);
    },
  );

  it.for(modes)(
    "an upstream that refuses the connection leaves the outcome unknown, with %s, and an own key unproved",
    async ([, mode], context) => {
      const closed = await startGateway();
      await closed.close();
      const { stack, hook } = await own(context, { AIO_BASE_URL: closed.baseUrl }, mode);
      const task = await created({ stack, hook });
      expect(task).toMatchObject({ status: "failed", model: MODEL, error: { code: "submit_unknown" } });
      if (mode === OPERATOR) await onlyEvent(stack, hook, task.task_id);
      else {
        const [delivery] = await stack.deliveries(task.task_id, ([first]) => first?.status === "exhausted");
        expect(delivery).toMatchObject({ event: "video.failed", attempts: [] });
        expect(hook.received()).toEqual([]);
      }
      expect(await stack.task(task.task_id, isTerminal)).toMatchObject({ error: { code: "submit_unknown" } });
    },
  );
});
