import { afterEach, describe, expect, it, vi } from "vitest";
import type { PollAnswer, SubmitAnswer } from "../../../src/domain/task/upstream-answer.ts";
import { requestDigest } from "../../../src/keys/request-digest.ts";
import { httpUpstream } from "../../../src/upstream/http-upstream.ts";

/*
 * scenario                                              requirement (docs/decisions/upstream-answers.md)
 * a poll's answer by its status and its body            rules 1, 2, 6
 * a submit's answer by its status and its body          the contract's submit table, rules 3, 7
 * what the request named comes back                     rules 3, 8
 * a short key                                           rule 4
 */

const I = "up-1";
const U = "https://cdn.acme.com/v.mp4";
const BASE_URL = "https://gateway.acme.com/v1";
const KEY = "sk-0123456789abcdef";

interface Given {
  status?: number;
  headers?: Record<string, string>;
  taskIds?: string[] | null;
  requestDigests?: string[];
  apiKey?: string;
}

function upstream(answer: unknown, given: Given) {
  const body = typeof answer === "string" ? answer : JSON.stringify(answer);
  const { status = 200, headers = {} } = given;
  vi.stubGlobal("fetch", async () => new Response(body, { status, headers }));
  const access = { baseUrl: BASE_URL, apiKey: given.apiKey ?? KEY, timeoutMs: 1000 };
  const { taskIds = [I], requestDigests = [] } = given;
  return httpUpstream(access, { taskIds, requestDigests });
}

async function poll(answer: unknown, given: Given = {}): Promise<PollAnswer> {
  return upstream(answer, given).poll(I);
}

async function submit(answer: unknown, given: Given = {}): Promise<SubmitAnswer> {
  return upstream(answer, { ...given, taskIds: null }).submit(new Uint8Array());
}

afterEach(() => {
  vi.unstubAllGlobals();
});

const SUCCEEDED = {
  kind: "read",
  reading: { status: "succeeded", result: { url: U, containsKey: false, needsKey: false } },
};
const FAILED = { kind: "read", reading: { status: "failed", isAmbiguous: false } };
const GOES_ON = { kind: "read", reading: { status: null } };

describe("a poll that is answered with a 2xx", () => {
  it.each<[unknown, unknown]>([
    [
      { id: I, task_id: I, object: "video", status: "completed", progress: 100, metadata: { url: U } },
      SUCCEEDED,
    ],
    [{ status: "success", data: { task_id: I, status: 1 } }, GOES_ON],
    [
      { status: "success", data: { task_id: I, state: "running", url: `https://gateway/v1/videos/${I}` } },
      { kind: "read", reading: { status: "running", result: null } },
    ],
    [
      { code: 0, message: "success", data: { task_id: I, status: "FAILED", fail_reason: "out of memory" } },
      { kind: "read", reading: { status: "failed", errorMessage: "out of memory" } },
    ],
    [{ task_id: I, status: "FAILURE", fail_reason: "x" }, FAILED],
    [{ status: "FAILURE", fail_reason: "x" }, FAILED],
    [{ task_status: "succeed", task_result: { videos: [{ url: U }] } }, SUCCEEDED],
    [{ status: "done", video_url: U }, SUCCEEDED],
    [
      {
        code: "success",
        message: "",
        data: {
          id: 12,
          task_id: I,
          platform: "54",
          status: "SUCCESS",
          fail_reason: "",
          result_url: U,
          progress: "100%",
          data: { id: "cgt-1", status: "succeeded", content: {} },
        },
      },
      SUCCEEDED,
    ],
    // A word that may be the query's ends the task at once only beside its id.
    [{ task_id: I, status: "error" }, FAILED],
    [{ status: "error" }, { kind: "read", reading: { status: "failed", isAmbiguous: true } }],
    [{ data: { status: "timeout" } }, { kind: "read", reading: { status: "failed", isAmbiguous: true } }],
    [{ status: "failed" }, FAILED],
    // Envelopes say nothing of the task.
    [
      { status: "error", message: "timeout querying task", data: null },
      { kind: "other", status: 200 },
    ],
    [
      { code: "success", data: null },
      { kind: "other", status: 200 },
    ],
    [{ error: { message: "overloaded" } }, { kind: "other", status: 200 }],
    // "Not found" in a 200.
    [{ success: false, code: 404, message: "Task not found" }, { kind: "not_found" }],
    [{ success: false, message: "no such task" }, { kind: "not_found" }],
    [{ code: "404", message: "任务不存在" }, { kind: "not_found" }],
    [{ success: false, code: "task_not_exist" }, { kind: "not_found" }],
    [{ success: false, message: "model not found" }, { kind: "other" }],
    [{ success: true, message: "Task not found" }, { kind: "other" }],
    [
      { success: false, code: 404, message: "Task not found", data: { task_id: I, status: "running" } },
      { kind: "read" },
    ],
    // Ids.
    [
      { task_id: "up-2", status: "succeeded", video_url: U },
      { kind: "nothing", why: "another task's id" },
    ],
    ["<html>", { kind: "nothing", why: "http_200 without readable JSON" }],
  ])("%j", async (answer, expected) => {
    expect(await poll(answer)).toMatchObject(expected as object);
  });

  it("may carry any id that the create named", async () => {
    const answer = { id: "vid-7", status: "succeeded", video_url: U };
    expect(await poll(answer, { taskIds: [I, "vid-7"] })).toMatchObject(SUCCEEDED);
  });

  it("repeats a URL of the request, which is no result", async () => {
    const reference = "https://inputs.acme.com/Reference.mp4";
    const requestDigests = [
      await requestDigest(reference),
      await requestDigest("https://inputs.acme.com/b.mp4"),
    ];
    const echo = {
      content: [{ type: "video", video_url: { url: reference } }],
      video: "HTTPS://inputs.acme.com/b.mp4",
    };
    expect(
      await poll({ task_id: I, status: "succeeded", ...echo, url: U }, { requestDigests }),
    ).toMatchObject(SUCCEEDED);
    expect(await poll({ task_id: I, status: "succeeded", ...echo }, { requestDigests })).toMatchObject({
      reading: { status: "succeeded", result: null },
    });
    expect(
      await poll({ status: "completed", data: { video_url: reference } }, { requestDigests }),
    ).toMatchObject({
      kind: "other",
    });
  });
});

describe("a poll that is answered with an error", () => {
  const END = { data: { task_id: I, status: "failed", error_message: "content rejected" } };
  const ENDED = {
    kind: "read",
    reading: { status: "failed", isAmbiguous: false, errorMessage: "content rejected" },
  };

  it.each([400, 403, 404, 409, 410, 422])(
    "ends with a %d that names the task and its end",
    async (status) => {
      expect(await poll(END, { status })).toMatchObject(ENDED);
      expect(await poll({ task_id: I, status: "succeeded", url: U }, { status })).toMatchObject(SUCCEEDED);
      expect(await poll({ task_id: I, status: "error" }, { status })).toMatchObject({
        kind: "read",
        reading: { status: "failed", isAmbiguous: true },
      });
    },
  );

  it.each<[number, PollAnswer["kind"]]>([
    [401, "unauthorized"],
    [402, "other"],
    [408, "other"],
    [429, "slow_down"],
    [500, "nothing"],
    [502, "nothing"],
    [503, "nothing"],
  ])("does not end with a %d, whatever it says", async (status, kind) => {
    expect(await poll(END, { status })).toMatchObject({
      kind,
      ...(status >= 500 ? { down: `http_${status}` } : {}),
    });
  });

  it.each<[number, PollAnswer["kind"]]>([
    [400, "other"],
    [403, "unauthorized"],
    [404, "not_found"],
    [409, "other"],
    [410, "other"],
    [422, "other"],
  ])("does not end with a %d that does not name the task, or no end", async (status, kind) => {
    for (const answer of [
      { status: "failed", message: "bad query" },
      { data: { status: "failed" } },
      { task_id: "up-2", status: "failed" },
      { task_id: I, status: "running" },
      { error: { code: "x" } },
      "",
    ])
      expect(await poll(answer, { status }), JSON.stringify(answer)).toMatchObject({ kind });
  });

  it.each([
    { code: "task_not_exist", message: "task_not_exist", data: null },
    { code: "TaskNotFound" },
    { error: { code: "task-not-found", message: "…" } },
    { message: "Task does not exist" },
    { error: { message: "no such task: 5" } },
    { error: "the task was not found" },
    { message: "任务不存在" },
  ])("says by a 400 that there is no such task: %j", async (answer) => {
    expect(await poll(answer, { status: 400 })).toMatchObject({ kind: "not_found" });
  });

  it.each([
    { code: "model_not_found", message: "model not found" },
    { message: "task is busy" },
    { code: "invalid_request" },
  ])("says by a 400 something else: %j", async (answer) => {
    expect(await poll(answer, { status: 400 })).toMatchObject({ kind: "other" });
  });
});

describe("a submit", () => {
  it.each<[unknown, string[]]>([
    [{ task_id: I, status: "queued" }, [I]],
    [{ code: 200, data: [{ status: "submitted", task_id: I }] }, [I]],
    [{ id: "vid-7", task_id: I }, [I, "vid-7"]],
    [{ id: I }, [I]],
    [{ output: { task_id: I } }, [I]],
  ])("is accepted by a 2xx with %j", async (answer, ids) => {
    expect(await submit(answer)).toMatchObject({ kind: "accepted", ids });
  });

  it("ends at once by a 2xx that says so", async () => {
    expect(await submit({ task_id: I, status: "succeeded", video_url: U })).toMatchObject({
      kind: "accepted",
      reading: { status: "succeeded", result: { url: U } },
    });
    expect(await submit({ task_id: I, status: "error", error: "x" })).toMatchObject({
      kind: "accepted",
      reading: { status: "failed", isAmbiguous: false, errorMessage: "x" },
    });
  });

  it.each([{}, { data: null }, { task_id: 0, id: "null" }, { message: "ok" }, "<html>", "[]"])(
    "is unknown after a 2xx with %j",
    async (answer) => {
      expect(await submit(answer)).toMatchObject({ kind: "unknown", completeServerError: false });
    },
  );

  it.each([408, 409, 410, 425, 429, 451, 499, 500, 502, 503, 504])(
    "is accepted by a %d with a task_id at its top or in data, and its words do not count",
    async (status) => {
      for (const answer of [
        { task_id: I, status: "failed" },
        { code: "x", message: "do not submit again", data: { task_id: I, status: "failed" } },
        { data: [{ task_id: I }] },
      ])
        expect(await submit(answer, { status }), JSON.stringify(answer)).toMatchObject({
          kind: "accepted",
          ids: [I],
          reading: { status: null },
        });
    },
  );

  it.each([400, 401, 402, 403, 404, 413, 422])("is refused by a %d, whatever it names", async (status) => {
    expect(await submit({ task_id: I, message: "no" }, { status })).toMatchObject({
      kind: "refused",
      status,
      upstreamStatus: status,
      message: "no",
    });
  });

  it("is not accepted by a redirect", async () => {
    expect(await submit({ task_id: I }, { status: 307, headers: { location: "/" } })).toMatchObject({
      kind: "unknown",
    });
  });

  it.each([409, 500])(
    "is unknown after a %d that names only what the request named, or a bare id",
    async (status) => {
      const requestDigests = [await requestDigest("mine-1"), await requestDigest("17")];
      for (const answer of [{ task_id: "mine-1" }, { data: { task_id: 17 } }, { id: "error-5" }])
        expect(await submit(answer, { status, requestDigests }), JSON.stringify(answer)).toMatchObject({
          kind: "unknown",
          completeServerError: false,
        });
    },
  );

  it.each<[unknown, boolean]>([
    [{ error: { message: "boom" } }, true],
    ["<html>", true],
    ["", true],
    [{ id: "error-5" }, false],
    [{ data: { id: 5 } }, false],
    [{ result: { id: 5 } }, false],
    [{ error: { details: [{ task_id: "t" }] } }, false],
    [{ task_id: "0", id: null }, false],
    [{ message: JSON.stringify({ id: "cgt-1" }) }, false],
    [{ message: JSON.stringify({ a: JSON.stringify({ task_id: 5 }) }) }, false],
    [[{ id: "t" }], false],
    [{ taskId: "t" }, false],
    [{ video_id: "t" }, false],
    ['{"task_id":"t"', false],
    ['"{\\"task_id\\":\\"t\\"}"', false],
    [`{"a":[${"1,".repeat(30_000)}1],"task_id":"t"}`, false],
    [{ request_id: "r", message: "no id of a task" }, true],
  ])(
    "may be repeated only after a whole 5xx without any id: %.60j %j",
    async (answer, completeServerError) => {
      expect(await submit(answer, { status: 500 })).toMatchObject({ kind: "unknown", completeServerError });
    },
  );

  it("waits after a 503 with Retry-After, unless that carries an id", async () => {
    const later = { status: 503, headers: { "retry-after": "7" } };
    expect(await submit({ message: "busy" }, later)).toEqual({
      kind: "later",
      status: 503,
      retryAfterMs: 7000,
    });
    for (const answer of [{ id: "b503" }, { error: { task_id: "t" } }, { data: { id: 5 } }, { TaskId: "t" }])
      expect(await submit(answer, later), JSON.stringify(answer)).toMatchObject({
        kind: "unknown",
        completeServerError: false,
      });
    expect(await submit({ task_id: I }, later)).toMatchObject({ kind: "accepted", ids: [I] });
  });

  it.each([
    { error: { code: "insufficient_quota" } },
    { error: { type: "insufficient_quota", code: null } },
    { code: "quota_exceeded" },
    { code: "QuotaExceeded" },
    { error: { code: "billing_hard_limit_reached" } },
    { code: "billing-not-active", message: "pay" },
  ])("is refused for payment by a 429 that no waiting helps: %j", async (answer) => {
    expect(await submit(answer, { status: 429 })).toMatchObject({
      kind: "refused",
      status: 402,
      upstreamStatus: 429,
      body: JSON.stringify(answer),
    });
    const later = { status: 429, headers: { "retry-after": "7" } };
    expect(await submit(answer, later)).toEqual({ kind: "later", status: 429, retryAfterMs: 7000 });
  });

  it.each([{ code: "rate_limited" }, { error: { code: "rate_limit_exceeded" } }, "", { type: "billing" }])(
    "waits after any other 429: %j",
    async (answer) => {
      expect(await submit(answer, { status: 429 })).toMatchObject({ kind: "later" });
    },
  );

  it.each([
    [{ code: "fail_to_fetch_task", message: "vendor says no", data: null }, "vendor says no"],
    [{ message: "outer", data: { error_message: "inner" } }, "inner"],
    [{ message: "success" }, null],
  ])("that is refused says why: %j", async (answer, message) => {
    expect(await submit(answer, { status: 400 })).toMatchObject({ kind: "refused", message });
  });
});

describe("the key", () => {
  it("that is short garbles neither id nor URL", async () => {
    const url = "https://cdn.acme.com/test/v.mp4";
    const answer = { task_id: "test-video-1", status: "succeeded", url, note: "of test" };
    const given = { apiKey: "test", taskIds: ["test-video-1"] };
    const read = await poll(answer, given);
    expect(read).toMatchObject({
      reading: { result: { url, containsKey: false, needsKey: false } },
      json: JSON.stringify(answer),
    });
    expect(await submit(answer, given)).toMatchObject({
      ids: ["test-video-1"],
      json: JSON.stringify(answer),
    });
  });

  it("that is long leaves facts as they came, and the kept answer without it", async () => {
    const answer = { task_id: I, status: "succeeded", url: U, note: KEY };
    const read = await poll(answer);
    expect(read).toMatchObject(SUCCEEDED);
    expect(read.json).not.toContain(KEY);
  });

  it("opens a content link of the upstream", async () => {
    const url = `${BASE_URL}/videos/${I}/content`;
    const answer = { id: I, task_id: I, status: "completed", metadata: { url } };
    expect(await poll(answer)).toMatchObject({
      reading: { result: { url, containsKey: false, needsKey: true } },
    });
  });
});
