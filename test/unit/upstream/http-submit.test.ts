import { afterEach, describe, expect, it, vi } from "vitest";
import { requestDigest } from "../../../src/keys/request-digest.ts";
import { I, submit, U } from "./answers.ts";

/*
 * scenario                                              requirement (docs/decisions/upstream-answers.md)
 * a submit's answer by its status and its body          the contract's submit table, rules 3, 7
 * what the request named comes back                     rules 3, 8
 */

afterEach(() => {
  vi.unstubAllGlobals();
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
