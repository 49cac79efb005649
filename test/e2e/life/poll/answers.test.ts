import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { isTerminal, OWN_KEY, type TaskBody } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import { DONE, VIDEO, follow, plan, useQuickPolls, type Planned } from "./follow.ts";

/*
 * What the upstream says, through the whole path: submit, polls, task.
 *
 * scenario                                            requirement
 * id, status, progress, error nested in `data`        contract, The task: upstream words are read tolerantly
 * the URL in each documented place                    the same
 * ids of every kind                                   the same: string or integer, 256 characters, percent-encoded
 * 5xx, HTML, noise, silence, redirects, 3 MB          faults 5.2: polls are repeated, only the deadline ends a task
 * a redirect to another host                          threats T2: the key stays
 * an answer with another task's id                    contract, The task: not trusted, asked again
 * the caller's key in the upstream's answers          guarantee 9: replaced wherever the upstream echoes it
 */

describe("with quick polls", () => {
  const { stack, ending } = useQuickPolls();

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
        const { task, polls, upstreamId: given } = await ending([DONE], submit);
        const upstreamId = id(given);
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
});
