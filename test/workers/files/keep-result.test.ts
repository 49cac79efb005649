import { env } from "cloudflare:workers";
import { createExecutionContext, reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "../../../src/app.ts";
import { storedOf } from "../support/stored.ts";
import { caller, fakeNetwork, RECEIVER, submits } from "../support/world.ts";

/*
 * scenario                                              requirement
 * each setting, each wish, of a task and of a test      contract, Kept files: `KEEP_RESULTS`; tests are not kept
 * a setting without a bucket                            contract, Kept files: 503 `misconfigured`
 * what the task is given                                contract, Kept files: FILE_ID of 128 random bits, ORIGIN of the create
 */

beforeEach(fakeNetwork);

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

async function create(settings: object, fields: object = {}): Promise<Response> {
  const url = "https://ringback.example.com:8443/v1/videos";
  const body = JSON.stringify({ model: "m", prompt: "p", callback_url: RECEIVER, ...fields });
  const headers = { authorization: caller.authorization, "content-type": "application/json" };
  // A bucket of which nothing is asked here.
  const all = { ...env, RESULTS: {}, ...settings };
  return app.fetch(new Request(url, { method: "POST", headers, body }), all, createExecutionContext());
}

async function keepOf(response: Response): Promise<unknown> {
  expect(response.status).toBe(202);
  const { task_id: id } = await response.json<{ task_id: string }>();
  return (await storedOf(id)).state?.task.keep;
}

const GIVEN = {
  fileId: expect.stringMatching(/^[a-z2-7]{26}$/),
  origin: "https://ringback.example.com:8443",
  patienceMs: 120_000,
  succeededAt: null,
  copy: null,
};

describe("a create asks for a copy of its result", () => {
  it.each([
    ["off", {}, null],
    ["off", { keep_result: false }, null],
    ["ask", {}, null],
    ["ask", { keep_result: false }, null],
    ["ask", { keep_result: null }, null],
    ["ask", { keep_result: true }, GIVEN],
    ["ask", { keep_result: "true" }, GIVEN],
    ["ask", { keep_result: true, test: "succeeded" }, null],
    ["on", {}, GIVEN],
    ["on", { keep_result: "" }, GIVEN],
    ["on", { keep_result: true }, GIVEN],
    ["on", { keep_result: "False" }, null],
    ["on", { test: "succeeded" }, null],
    ["on", { keep_result: true, test: "failed" }, null],
  ])("KEEP_RESULTS=%s, %j", async (KEEP_RESULTS, fields, expected) => {
    expect(await keepOf(await create({ KEEP_RESULTS }, fields))).toEqual(expected);
  });

  it("whose name no two tasks share, for as long as the setting says", async () => {
    const settings = { KEEP_RESULTS: "on", KEEP_PATIENCE_SECONDS: "7.5" };
    const first = await keepOf(await create(settings));
    const second = await keepOf(await create(settings));
    expect(first).toMatchObject({ patienceMs: 7500 });
    expect((first as { fileId: string }).fileId).not.toBe((second as { fileId: string }).fileId);
  });

  it.each([{}, { test: "succeeded" }, { duration_seconds: 99 }])(
    "and is refused where nothing is kept, beside %j",
    async (fields) => {
      const response = await create({ KEEP_RESULTS: "off" }, { keep_result: "TRUE", ...fields });
      expect(response.status).toBe(400);
      const { error } = await response.json<{ error: { issues: { path: string; code: string }[] } }>();
      expect(error.issues).toContainEqual(
        expect.objectContaining({ path: "keep_result", code: "nothing_kept" }),
      );
      expect(submits()).toEqual([]);
    },
  );

  it.each(["ask", "on"])("and names the setting %s if there is no bucket", async (KEEP_RESULTS) => {
    const response = await create({ KEEP_RESULTS, RESULTS: undefined });
    expect(response.status).toBe(503);
    const { error } = await response.json<{ error: { code: string; message: string } }>();
    expect(error).toMatchObject({ code: "misconfigured" });
    expect(error.message).toContain("KEEP_RESULTS needs a bucket, bound as RESULTS");
  });
});
