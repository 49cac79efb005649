import { afterEach, describe, expect, it, vi } from "vitest";
import type { PollAnswer } from "../../../src/domain/task/upstream-answer.ts";
import { requestDigest } from "../../../src/keys/request-digest.ts";
import { BASE_URL, I, KEY, poll, submit, U } from "./answers.ts";

/*
 * scenario                                              requirement (docs/decisions/upstream-answers.md)
 * a poll's answer by its status and its body            rules 1, 2, 6
 * what the request named comes back                     rules 3, 8
 * a short key                                           rule 4
 */

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
