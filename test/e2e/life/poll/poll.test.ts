import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Fault, GatewayCall } from "../../../../dev/gateway.ts";
import { isTerminal, OWN_KEY, startStack, type Stack, type TaskBody } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";

/*
 * What the upstream says, through the whole path: submit, polls, task.
 *
 * scenario                                            requirement
 * words in any case, several for one status           contract, The task: upstream words are read tolerantly
 * an unknown word                                     the same: leaves the status, never terminal
 * id, status, progress, error nested in `data`        the same
 * the URL in each documented place                    the same
 * ids of every kind                                   the same: string or integer, 256 characters, percent-encoded
 * 5xx, HTML, noise, silence, redirects, 3 MB          faults 5.2: polls are repeated, only the deadline ends a task
 * a redirect to another host                          threats T2: the key stays
 * an answer with another task's id                    contract, The task: not trusted, asked again
 * nothing but 404, nothing but 401 or 403             contract, The task: windows
 * success without a URL                               the same, `result_missing`
 * failed after succeeded                              contract: a terminal task never changes
 * first poll, gaps, `Retry-After`, 429                contract, Settings and Polling
 * the caller's key in the upstream's answers          guarantee 9: replaced wherever the upstream echoes it
 * the deadline                                        contract, The task: one last poll, and its answer wins
 * 100 reads                                           contract, Reads: never calls upstream
 */

const VIDEO = "https://cdn.example.com/v.mp4?token=a%2Fb+c==&n=1#t=2";
const DONE = { body: { status: "succeeded", video_url: VIDEO } };
const RUNNING = { body: { status: "running" } };

type Planned = Omit<Fault, "on">;

interface Followed {
  /** As the create answered it. */
  created: TaskBody;
  id: string;
  /** The polls so far. */
  polls(): GatewayCall[];
}

let serial = 0;

/** Creates a task whose every answer of the upstream is planned; past the plan the upstream knows no such task. */
async function follow(
  stack: Stack,
  polls: Planned[],
  submit: (id: string) => object | string = (id) => ({ task_id: id, status: "queued" }),
): Promise<Followed> {
  serial += 1;
  const upstreamId = `up-${serial}`;
  stack.gateway.fault({ on: "submit", status: 200, body: submit(upstreamId) });
  plan(stack, polls);
  const first = stack.gateway.calls.length;
  // A 429 paces every task of its key for a minute: it has a key of its own, so that no other test here notices.
  const isPaced = polls.some(({ status }) => status === 429);
  const response = await stack.create({}, isPaced ? { authorization: `Bearer sk-of-${upstreamId}` } : {});
  expect(response.status).toBe(202);
  const created = (await response.json()) as TaskBody;
  const isPoll = ({ method, path }: GatewayCall): boolean =>
    method === "GET" && path.startsWith("/v1/videos/");
  return { created, id: created.task_id, polls: () => stack.gateway.calls.slice(first).filter(isPoll) };
}

/** What the gateway answers to the next polls. */
function plan(stack: Stack, polls: Planned[]): void {
  for (const poll of polls)
    stack.gateway.fault({ on: "poll", ...(poll.drop === undefined ? { status: 200 } : {}), ...poll });
}

function gapsMs(calls: GatewayCall[]): number[] {
  return calls.slice(1).map(({ at }, index) => at - (calls[index]?.at ?? Number.NaN));
}

/** A poll leaves a little later than planned and arrives a little later than it left: two cores, several processes. */
const LATE_MS = 400;

describe("with quick polls", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({
      settings: {
        POLL_FIRST_SECONDS: "0.05",
        POLL_MIN_SECONDS: "0.02",
        POLL_MAX_SECONDS: "0.05",
        UPSTREAM_TIMEOUT_SECONDS: "0.4",
        UPSTREAM_LOST_SECONDS: "0.8",
        UPSTREAM_UNAUTHORIZED_SECONDS: "0.8",
        RESULT_MISSING_SECONDS: "0.8",
      },
    });
  });
  afterEach(() => stack.gateway.clearFaults());
  afterAll(async () => stack.close());

  /** Follows a task to its end. */
  async function ending(
    polls: Planned[],
    submit?: (id: string) => object | string,
  ): Promise<{ task: TaskBody; polls: GatewayCall[] }> {
    const followed = await follow(stack, polls, submit);
    const task = await stack.task(followed.id, isTerminal);
    return { task, polls: followed.polls() };
  }

  describe("the status", () => {
    it.each(byDay(["succeeded", "SUCCEEDED", "completed", "Completed", "success", "sUcCeSs"]))(
      "%s is the end, well",
      async (status) => {
        const { task } = await ending([{ body: { status, video_url: VIDEO } }]);
        expect(task).toMatchObject({ status: "succeeded", video_url: VIDEO, error: null });
      },
    );

    it.each(
      byDay([
        "failed",
        "FAILED",
        "FAILURE",
        "fail",
        "cancelled",
        "canceled",
        "Canceled",
        "expired",
        "EXPIRED",
      ]),
    )("%s is the end, badly", async (status) => {
      const { task } = await ending([{ body: { status } }]);
      expect(task).toMatchObject({
        status: "failed",
        video_url: null,
        error: { code: "generation_failed", message: expect.stringMatching(/./) as string },
      });
    });

    it.each(["error", "Error", "timeout", "timed_out"])(
      "%s is the end at once beside the task's id, and else when the next poll says the same",
      async (status) => {
        const named = await ending([{ body: { task_id: "up-named", status } }], () => ({
          task_id: "up-named",
        }));
        expect(named.task).toMatchObject({ status: "failed", error: { code: "generation_failed" } });
        expect(named.polls).toHaveLength(1);
        const twice = await ending([{ body: { status } }, { status: 500 }, { body: { status } }]);
        expect(twice.task).toMatchObject({ status: "failed", error: { code: "generation_failed" } });
        expect(twice.polls).toHaveLength(3);
        const once = await ending([{ body: { status } }, RUNNING, { body: { status } }, DONE]);
        expect(once.task).toMatchObject({ status: "succeeded" });
      },
    );

    it.each(
      byDay(["running", "Running", "processing", "PROCESSING", "in_progress", "In_Progress", "generating"]),
    )("%s is running", async (status) => {
      const { id, created } = await follow(stack, [{ body: { status }, times: Infinity }]);
      expect(created.status).toBe("queued");
      await stack.task(id, (task) => task.status === "running");
      stack.gateway.clearFaults();
      plan(stack, [DONE]);
      await stack.task(id, isTerminal);
    });

    it.each(byDay(["queued", "QUEUED", "pending", "Pending", "submitted", "Submitted"]))(
      "%s is queued, also after running",
      async (status) => {
        const { id } = await follow(stack, [{ ...RUNNING, times: Infinity }]);
        await stack.task(id, (task) => task.status === "running");
        stack.gateway.clearFaults();
        plan(stack, [{ body: { status }, times: Infinity }]);
        await stack.task(id, (task) => task.status === "queued");
        stack.gateway.clearFaults();
        plan(stack, [DONE]);
        expect((await stack.task(id, isTerminal)).status).toBe("succeeded");
      },
    );

    it.each(byDay(["archiving", "done!", "ok", "0", "succeeded!", "not_failed", "constructor"]))(
      "%s is no word of ours: the status stays, nothing ends",
      async (status) => {
        const { id } = await follow(stack, [RUNNING, { body: { status, progress: 61 }, times: Infinity }]);
        const task = await stack.task(id, ({ progress }) => progress === 61);
        expect(task).toMatchObject({ status: "running", finished_at: null, error: null });
        stack.gateway.clearFaults();
        plan(stack, [DONE]);
        await stack.task(id, isTerminal);
      },
    );

    it("of a submit's own answer may be the end already", async () => {
      const { created, id, polls } = await follow(stack, [], (upstreamId) => ({
        id: upstreamId,
        status: "COMPLETED",
        url: VIDEO,
      }));
      expect(created).toMatchObject({ status: "succeeded", video_url: VIDEO });
      expect(await stack.task(id)).toEqual(created);
      expect(polls()).toEqual([]);
    });
  });

  describe("facts nested in data", () => {
    it("are read as if they stood outside", async () => {
      const { id } = await follow(stack, [
        { body: { code: 0, data: { status: "processing", progress: "42%" } }, times: Infinity },
      ]);
      expect(await stack.task(id, ({ progress }) => progress !== null)).toMatchObject({
        status: "running",
        progress: 42,
      });
      stack.gateway.clearFaults();
      plan(stack, [{ body: { code: 0, data: { status: "failed", error_message: "Out of luck." } } }]);
      expect(await stack.task(id, isTerminal)).toMatchObject({
        status: "failed",
        error: { code: "generation_failed", message: "Out of luck." },
      });
    });

    it.each(
      byDay([
        ["a number", 42],
        ["a percentage", "42%"],
      ]),
    )("progress is read from %s", async (_name, progress) => {
      const { id } = await follow(stack, [{ body: { status: "running", progress }, times: Infinity }]);
      const task = await stack.task(id, ({ status }) => status === "running");
      expect(task.progress).toBe(42);
      stack.gateway.clearFaults();
      plan(stack, [DONE]);
      await stack.task(id, isTerminal);
    });
  });

  describe("the video's URL", () => {
    const places: [name: string, facts: object][] = [
      ["video_url", { video_url: VIDEO }],
      ["url", { url: VIDEO }],
      ["data.video_url", { data: { video_url: VIDEO } }],
      ["data.url", { data: { url: VIDEO } }],
      ["result.video_url", { result: { video_url: VIDEO } }],
      ["result.url", { result: { url: VIDEO } }],
      ["result as JSON text with video_url", { result: JSON.stringify({ video_url: VIDEO }) }],
      ["result as JSON text with url", { result: JSON.stringify({ url: VIDEO }) }],
      ["result as a bare URL", { result: VIDEO }],
      ["output.video_url", { output: { video_url: VIDEO } }],
      ["output.url", { output: { url: VIDEO } }],
      ["content.video_url", { content: { video_url: VIDEO } }],
      ["content.url", { content: { url: VIDEO } }],
      ["video.video_url", { video: { video_url: VIDEO } }],
      ["video.url", { video: { url: VIDEO } }],
      ["data.result as JSON text", { data: { result: JSON.stringify({ video_url: VIDEO }) } }],
      ["data.output.url", { data: { output: { url: VIDEO } } }],
    ];
    it.each(byDay(places))("is found in %s, byte for byte", async (_name, facts) => {
      const { task } = await ending([{ body: { status: "succeeded", ...facts } }]);
      expect(task).toMatchObject({ status: "succeeded", video_url: VIDEO });
    });

    it("is found when data carries the status too", async () => {
      const { task } = await ending([{ body: { data: { status: "success", result: { url: VIDEO } } } }]);
      expect(task).toMatchObject({ status: "succeeded", video_url: VIDEO });
    });

    it("may have 8 KB", async () => {
      const url = `https://cdn.example.com/v.mp4?token=${"x".repeat(8192 - 36)}`;
      expect(url.length).toBe(8192);
      const { task } = await ending([{ body: { status: "succeeded", video_url: url } }]);
      expect(task.video_url).toBe(url);
    });

    it("is null while there is none", async () => {
      const { created, id } = await follow(stack, [DONE]);
      expect(created.video_url).toBeNull();
      await stack.task(id, isTerminal);
    });
  });

  describe("the upstream's id", () => {
    const answers: [name: string, submit: (id: string) => object | string, id: (id: string) => string][] = [
      ["task_id", (id) => ({ task_id: id }), (id) => id],
      ["id", (id) => ({ id }), (id) => id],
      ["data.task_id", (id) => ({ data: { task_id: id } }), (id) => id],
      ["data.id", (id) => ({ code: 0, data: { id, status: "queued" } }), (id) => id],
      ["an integer", () => ({ task_id: 4711 }), () => "4711"],
      [
        "an integer beyond a double",
        () => '{"task_id":123456789012345678901234567890}',
        () => "123456789012345678901234567890",
      ],
      ["signs of a path and a query", () => ({ task_id: "a/b?c=d#e %2e" }), () => "a/b?c=d#e %2e"],
      ["letters beyond ASCII", () => ({ task_id: "задача-1" }), () => "задача-1"],
      ["256 characters", () => ({ task_id: "x".repeat(256) }), () => "x".repeat(256)],
    ];
    it.each(byDay(answers))(
      "is read from %s and percent-encoded into the poll's path",
      async (_name, submit, id) => {
        const { task, polls } = await ending([DONE], submit);
        const upstreamId = id(`up-${serial}`);
        expect(task).toMatchObject({ status: "succeeded", upstream_task_id: upstreamId });
        expect(polls.map(({ path }) => path)).toEqual([`/v1/videos/${encodeURIComponent(upstreamId)}`]);
      },
    );

    it.each(
      byDay([
        ["missing", {}],
        ["empty", { task_id: "" }],
        ["an object", { task_id: { a: 1 } }],
        ["a fraction", '{"task_id":1.5}'],
        ["a boolean", { task_id: true }],
        ["257 characters long", { task_id: "x".repeat(257) }],
      ]),
    )("that is %s makes the submit unknown", async (_name, answer) => {
      const { created } = await follow(stack, [], () => answer);
      expect(created).toMatchObject({
        status: "failed",
        upstream_task_id: null,
        error: { code: "submit_unknown" },
      });
    });

    it.each(
      byDay([
        ["in task_id", { task_id: "somebody-elses" }],
        ["in id", { id: "somebody-elses" }],
        ["in data", { data: { task_id: "somebody-elses" } }],
        ["that only begins alike", { task_id: "up-" }],
      ]),
    )("of another task %s is not trusted, and asked again", async (_name, id) => {
      const foreign = { status: "succeeded", video_url: "https://cdn.example.com/foreign.mp4", ...id };
      const { task, polls } = await ending([{ body: foreign, times: 3 }, DONE]);
      expect(task).toMatchObject({ status: "succeeded", video_url: VIDEO });
      expect(polls).toHaveLength(4);
    });

    it("is the same as an integer and as a string", async () => {
      const { task } = await ending([{ body: { task_id: "4711", ...DONE.body } }], () => ({ task_id: 4711 }));
      expect(task.video_url).toBe(VIDEO);
    });
  });

  describe("a failed generation", () => {
    it.each(
      byDay([
        ["error_message", { error_message: "Refused by review." }],
        ["error.message", { error: { code: "x", message: "Refused by review." } }],
        ["error", { error: "Refused by review." }],
        ["message", { message: "Refused by review." }],
        ["fail_reason", { message: "success", fail_reason: "Refused by review." }],
        ["data.error_message", { data: { status: "failed", error_message: "Refused by review." } }],
        ["data.error.message", { data: { status: "failed", error: { message: "Refused by review." } } }],
      ]),
    )("is explained by %s", async (_name, facts) => {
      const { task } = await ending([{ body: { status: "failed", ...facts } }]);
      expect(task).toMatchObject({
        status: "failed",
        error: { code: "generation_failed", message: "Refused by review.", retryable: false },
        error_message: "Refused by review.",
      });
    });

    it("is explained by error_message first", async () => {
      const body = { status: "failed", message: "3", error: { message: "2" }, error_message: "1" };
      expect((await ending([{ body }])).task.error_message).toBe("1");
    });

    it("is explained in at most 2000 characters", async () => {
      const { task } = await ending([{ body: { status: "failed", error_message: "y".repeat(5000) } }]);
      expect(task.error_message).toBe("y".repeat(2000));
      expect(task.error?.message).toBe(task.error_message);
    });
  });

  describe("trouble between two polls", () => {
    const page = "<!doctype html><title>502 Bad Gateway</title>";
    const html = { "content-type": "text/html" };
    const succeeded = JSON.stringify(DONE.body);
    const troubles: [name: string, trouble: Planned][] = [
      ["500", { status: 500 }],
      ["502 with a page", { status: 502, body: page, headers: html }],
      ["503", { status: 503 }],
      ["504 without a body", { status: 504, body: "" }],
      ["520 from an edge", { status: 520, body: "error code: 520" }],
      ["500 that claims success", { status: 500, body: DONE.body }],
      ["400", { status: 400 }],
      ["402", { status: 402 }],
      ["408", { status: 408 }],
      ["409", { status: 409 }],
      ["429 with Retry-After: 0", { status: 429, headers: { "retry-after": "0" } }],
      ["a captive page", { body: page, headers: html }],
      ["JSON that breaks off", { body: succeeded.slice(0, -3) }],
      ["two JSON values", { body: succeeded + succeeded }],
      ["an empty body", { body: "" }],
      ["204", { status: 204 }],
      ["null", { body: "null" }],
      ["a list", { body: `[${succeeded}]` }],
      ["a string", { body: JSON.stringify(succeeded) }],
      ["an empty object", { body: {} }],
      ["a status that is a number", { body: { status: 2, video_url: VIDEO } }],
      ["a status that is an object", { body: { status: { state: "succeeded" }, video_url: VIDEO } }],
      ["JSON 100,000 levels deep", { body: `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}` }],
      ["3 MB of JSON", { body: { ...DONE.body, pad: "x".repeat(3_000_000) } }],
      [
        "a few KB that unpack to 16 MB",
        {
          body: gzipSync(JSON.stringify({ ...DONE.body, pad: "x".repeat(16_000_000) })),
          headers: { "content-encoding": "gzip", "content-type": "application/json" },
        },
      ],
      ["bytes that are not gzip", { body: DONE.body, headers: { "content-encoding": "gzip" } }],
      ["bytes that are not UTF-8", { body: Buffer.from([0xff, 0xfe, 0x00, 0xd8]) }],
      ["an answer after the timeout", { body: DONE.body, delayMs: 600 }],
      ["a body that trickles past the timeout", { body: "", drip: { chunk: " ", everyMs: 100 } }],
      ["a connection closed before the request is read", { drop: "before" }],
      ["a connection closed without an answer", { drop: "after" }],
      ["a connection closed within the headers", { drop: "mid-headers" }],
      ["a connection closed within the body", { ...DONE, drop: "mid-body" }],
    ];
    it.each(byDay(troubles))("is borne: %s", async (_name, trouble) => {
      const { task, polls } = await ending([trouble, DONE]);
      expect(task).toMatchObject({ status: "succeeded", video_url: VIDEO, error: null });
      expect(polls).toHaveLength(2);
    });

    it.each([301, 302, 303, 307, 308])("%i is not followed, so the key goes nowhere else", async (status) => {
      const elsewhere = stack.receiver.url.replace("127.0.0.1", "localhost");
      const { task, polls } = await ending([
        { status, headers: { location: `${elsewhere}/steal` }, body: DONE.body },
        { status, headers: { location: `${stack.gateway.baseUrl}/videos/other` } },
        DONE,
      ]);
      expect(task).toMatchObject({ status: "succeeded", video_url: VIDEO });
      expect(polls).toHaveLength(3);
      expect(polls.map(({ authorization }) => authorization)).toEqual(polls.map(() => `Bearer ${OWN_KEY}`));
      expect(stack.receiver.received.filter(({ path }) => path.includes("steal"))).toEqual([]);
    });

    it("of every kind in a row is borne too, and counts as nothing", async () => {
      const row = troubles.filter(([, { status = 200, delayMs, drip }]) => {
        // 4xx and slow ones aside: they have tests of their own, and this row has no pauses.
        return (status < 400 || status >= 500) && delayMs === undefined && drip === undefined;
      });
      const { task, polls } = await ending([...row.map(([, trouble]) => trouble), DONE]);
      expect(task).toMatchObject({ status: "succeeded", video_url: VIDEO });
      expect(polls).toHaveLength(row.length + 1);
    });
  });

  describe("a window of patience", () => {
    /** UPSTREAM_LOST_SECONDS, UPSTREAM_UNAUTHORIZED_SECONDS and RESULT_MISSING_SECONDS of the stack. */
    const WINDOW_MS = 800;
    const NOT_FOUND = { status: 404 };
    const OUTAGE = { status: 500 };

    function repeated(times: number, ...row: Planned[]): Planned[] {
      return Array.from({ length: times }, () => row).flat();
    }

    /** From the first planned answer of a kind to the end of the task. */
    function lasted(task: TaskBody, polls: GatewayCall[], statuses: number[]): number {
      const first = polls.find(({ status }) => statuses.includes(status ?? 0));
      return Date.parse(task.finished_at ?? "") - (first?.at ?? Number.NaN);
    }

    it("of nothing but 404 ends as upstream_lost, not before it is over", async () => {
      const { task, polls } = await ending([RUNNING, { ...NOT_FOUND, times: Infinity }]);
      expect(task).toMatchObject({ status: "failed", error: { code: "upstream_lost" }, video_url: null });
      expect(lasted(task, polls, [404])).toBeGreaterThanOrEqual(WINDOW_MS);
      expect(lasted(task, polls, [404])).toBeLessThan(WINDOW_MS + LATE_MS);
    });

    it("is not ended by a 5xx in between", async () => {
      const { task, polls } = await ending(repeated(200, NOT_FOUND, OUTAGE));
      expect(task.error?.code).toBe("upstream_lost");
      expect(lasted(task, polls, [404])).toBeGreaterThanOrEqual(WINDOW_MS);
    });

    it("is not ended by silence in between", async () => {
      const { task } = await ending(repeated(100, NOT_FOUND, { drop: "after" }, { drop: "before" }));
      expect(task.error?.code).toBe("upstream_lost");
    });

    it("is not begun by a 5xx: the first 404 after a long outage is the first", async () => {
      const { id, polls } = await follow(stack, [{ ...OUTAGE, times: Infinity }]);
      await stack.task(id, () => (polls().at(-1)?.at ?? 0) - (polls()[0]?.at ?? 0) > WINDOW_MS + 100);
      stack.gateway.clearFaults();
      plan(stack, [NOT_FOUND, NOT_FOUND, DONE]);
      expect(await stack.task(id, isTerminal)).toMatchObject({ status: "succeeded", video_url: VIDEO });
    });

    it.each(
      byDay([
        ["a good answer", RUNNING],
        ["a 403", { status: 403 }],
        ["a 400", { status: 400 }],
        ["an unknown word", { body: { status: "archiving" } }],
      ]),
    )("of 404 is ended by %s in between", async (_name, other) => {
      const { id, polls } = await follow(stack, repeated(400, NOT_FOUND, NOT_FOUND, other));
      await stack.task(id, () => (polls().at(-1)?.at ?? 0) - (polls()[0]?.at ?? 0) > 2 * WINDOW_MS);
      stack.gateway.clearFaults();
      plan(stack, [DONE]);
      expect(await stack.task(id, isTerminal)).toMatchObject({ status: "succeeded", video_url: VIDEO });
    });

    it.each(
      byDay([
        ["401", [{ status: 401 }]],
        ["403", [{ status: 403 }]],
        ["401 or 403", [{ status: 401 }, { status: 403 }]],
      ]),
    )("of nothing but %s ends as upstream_unauthorized", async (_name, row) => {
      const { task, polls } = await ending(repeated(200, ...row));
      expect(task).toMatchObject({ status: "failed", error: { code: "upstream_unauthorized" } });
      expect(lasted(task, polls, [401, 403])).toBeGreaterThanOrEqual(WINDOW_MS);
      expect(lasted(task, polls, [401, 403])).toBeLessThan(WINDOW_MS + LATE_MS);
    });

    it("of 401 is not ended by a 5xx", async () => {
      const { task } = await ending(repeated(200, { status: 401 }, OUTAGE));
      expect(task.error?.code).toBe("upstream_unauthorized");
    });

    it("of 401 is ended by a good answer", async () => {
      const { id, polls } = await follow(stack, repeated(400, { status: 401 }, RUNNING));
      await stack.task(id, () => (polls().at(-1)?.at ?? 0) - (polls()[0]?.at ?? 0) > 2 * WINDOW_MS);
      stack.gateway.clearFaults();
      plan(stack, [DONE]);
      expect((await stack.task(id, isTerminal)).status).toBe("succeeded");
    });

    it.each(
      byDay([
        ["absent", {}],
        ["empty", { video_url: "" }],
        ["null", { video_url: null }],
        ["relative to nothing", { video_url: "files/v.mp4" }],
        ["of another scheme", { video_url: "javascript:alert(1)", url: "ftp://example.com/v.mp4" }],
        ["longer than 8 KB", { video_url: `https://cdn.example.com/${"x".repeat(8192)}` }],
      ]),
    )("of success with a URL that is %s ends as result_missing", async (_name, facts) => {
      const { id, polls } = await follow(stack, [
        RUNNING,
        { body: { status: "succeeded", ...facts }, times: Infinity },
      ]);
      await stack.task(id, () => polls().length > 2);
      const task = await stack.task(id, isTerminal);
      expect(task).toMatchObject({ status: "failed", error: { code: "result_missing" }, video_url: null });
      const second = polls()[1]?.at ?? Number.NaN;
      const lastedMs = Date.parse(task.finished_at ?? "") - second;
      expect(lastedMs).toBeGreaterThanOrEqual(WINDOW_MS);
      expect(lastedMs).toBeLessThan(WINDOW_MS + LATE_MS);
    });

    it("of success without a URL ends well if the URL comes in time", async () => {
      const { id } = await follow(stack, [{ body: { status: "succeeded" }, times: 4 }, DONE]);
      expect(await stack.task(id, isTerminal)).toMatchObject({ status: "succeeded", video_url: VIDEO });
    });

    it("of success without a URL begins with the submit's own answer", async () => {
      const { task } = await ending([DONE], (id) => ({ task_id: id, status: "succeeded" }));
      expect(task).toMatchObject({ status: "succeeded", video_url: VIDEO });
    });

    it("of success without a URL is no end to a read meanwhile", async () => {
      const { id, polls } = await follow(stack, [RUNNING, { body: { status: "succeeded" }, times: 4 }, DONE]);
      const seen: string[] = [];
      await stack.task(id, (task) => {
        seen.push(task.status);
        return isTerminal(task);
      });
      const meanwhile = seen.slice(0, -1);
      expect(meanwhile.filter((status) => status !== "queued" && status !== "running")).toEqual([]);
      expect(seen.at(-1)).toBe("succeeded");
      expect(polls()).toHaveLength(6);
    });
  });

  it("asks no more about a task that has ended, and never lets it flip", async () => {
    const created = (await (await stack.create()).json()) as TaskBody;
    const { upstream_task_id: upstreamId } = created;
    const ended = await stack.task(created.task_id, isTerminal);
    expect(ended.status).toBe("succeeded");
    const polls = () => stack.gateway.calls.filter(({ path }) => path.endsWith(`/${upstreamId}`)).length;
    const before = polls();
    stack.gateway.finish(upstreamId ?? "", "failed");
    // The life of another task is the time in which this one would have been asked about.
    await ending([...Array.from({ length: 10 }, () => RUNNING), DONE]);
    expect(polls()).toBe(before);
    expect(await stack.task(created.task_id)).toEqual(ended);
  });

  it.each(
    byDay([
      ["as it is", (key: string) => key],
      ["escaped", (key: string) => key.replaceAll("e", String.raw`\u0065`)],
    ]),
  )("repeats the caller's key nowhere when the upstream echoes it %s", async (_name, spell) => {
    const key = spell(OWN_KEY);
    const from = stack.receiver.received.length;
    stack.gateway.fault({ on: "submit", status: 200, body: `{"task_id":"up-echo","note":"${key}"}` });
    plan(stack, [{ body: `{"status":"failed","error_message":"Key ${key} is spent.","${key}":["${key}"]}` }]);
    const created = await stack.create({ callback_url: stack.receiver.url });
    const answers = [await created.text()];
    const { task_id: id } = JSON.parse(answers[0] ?? "") as TaskBody;
    const task = await stack.task(id, isTerminal);
    expect(task.error_message).toMatch(/^Key .+ is spent\.$/);
    const [callback] = (await stack.receiver.waitFor(from + 1)).slice(from);
    answers.push(await (await stack.call(`/v1/videos/${id}`)).text(), callback?.body ?? "");
    for (const answer of answers) {
      expect(answer).not.toContain(OWN_KEY);
      expect(answer).not.toContain(key);
    }
  });

  it("carries the upstream's last JSON answer verbatim, and none over 64 KB", async () => {
    const answer = '{ "status":"running", "progress":1.0, "seed":12345678901234567890, "z":{"b":1,"a":[ ]} }';
    const { id } = await follow(stack, [{ body: answer, times: Infinity }]);
    await stack.task(id, ({ status }) => status === "running");
    const text = await (await stack.call(`/v1/videos/${id}`)).text();
    expect(text).toContain(`"upstream":${answer}`);
    stack.gateway.clearFaults();
    plan(stack, [{ body: { ...DONE.body, pad: "x".repeat(70_000) } }]);
    expect(await stack.task(id, isTerminal)).toMatchObject({ status: "succeeded", upstream: null });
  });
});

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
