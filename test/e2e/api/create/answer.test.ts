import { describe, expect, it } from "vitest";
import { aTaskJson } from "../../../support/builders.ts";
import { isTerminal, MODEL, OWN_KEY, submitsTo, type TaskBody } from "../../../support/stack.ts";
import { TASK_ID, useStrictStack } from "./strict-stack.ts";

/*
 * scenario                                               requirement
 * the answer to a create                                 contract: 202, Location, x-request-id, The task
 * a create without a callback_url                        contract: only kept and polled
 * respond-async                                          contract, headers: before the submit; Preference-Applied
 * a made-up key                                          contract, Who is calling: known key, remembered
 */

const ISO_TIME = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/) as string;

const { stack, hook, onlySubmit, post } = useStrictStack();

describe("the answer to a create", () => {
  it("is 202 with the task, whole, and its Location", async () => {
    const response = await stack.create({
      callback_url: `${hook().url}?a=%2F&b=c+d`,
      metadata: { order: 7, tags: ["a", { b: null }] },
      timeout_seconds: 120,
    });
    expect(response.status).toBe(202);
    expect(response.headers.get("content-type")).toMatch(/^application\/json\b/);
    const task = (await response.json()) as TaskBody;
    expect(task).toStrictEqual(
      aTaskJson({
        id: task.task_id,
        task_id: TASK_ID,
        model: MODEL,
        metadata: { order: 7, tags: ["a", { b: null }] },
        upstream_task_id: expect.stringMatching(/^cgt-/) as string,
        created_at: ISO_TIME,
        submitted_at: ISO_TIME,
        deadline_at: ISO_TIME,
        callback: {
          url: `${hook().url}?a=%2F&b=c+d`,
          events: ["video.succeeded", "video.failed"],
          format: "standard",
          status: "waiting",
          attempts: 0,
          next_attempt_at: null,
        },
        upstream: {
          task_id: task.upstream_task_id,
          status: "queued",
          created_at: expect.any(Number) as number,
        },
      }),
    );
    expect(Date.parse(task.deadline_at) - Date.parse(task.created_at)).toBe(120_000);
    expect(Date.parse(task.submitted_at ?? "")).toBeGreaterThanOrEqual(Date.parse(task.created_at));

    const location = new URL(response.headers.get("location") ?? "", response.url);
    expect(location.href).toBe(`${stack.worker.url}/v1/videos/${task.task_id}`);
    const done = await stack.task(task.task_id, ({ callback }) => callback?.status === "delivered");
    const [gatewayTask] = [...stack.gateway.tasks.values()].slice(-1);
    expect(done).toStrictEqual({
      ...task,
      status: "succeeded",
      progress: 100,
      video_url: expect.stringContaining(
        `/files/${task.upstream_task_id}.mp4?token=${gatewayTask?.fileToken}`,
      ) as string,
      finished_at: ISO_TIME,
      callback: { ...task.callback, status: "delivered", attempts: 1 },
      upstream: expect.objectContaining({
        task_id: task.upstream_task_id,
        status: "succeeded",
        progress: 100,
      }) as object,
    });
  });

  it("shows a failed task's error twice, for Ringback's clients and for the upstream's", async () => {
    const { task_id: id } = (await (await stack.create({ prompt: "[fail]" })).json()) as TaskBody;
    const task = await stack.task(id, isTerminal);
    expect(task).toMatchObject({
      status: "failed",
      video_url: null,
      error: {
        code: "generation_failed",
        message: "The prompt was refused by content review.",
        retryable: expect.any(Boolean) as boolean,
      },
      error_message: "The prompt was refused by content review.",
      finished_at: ISO_TIME,
    });
    expect(Object.keys(task.error ?? {}).toSorted()).toEqual(["code", "message", "retryable"]);
  });

  it("echoes metadata as JSON, digits included, and of the callback's headers nothing", async () => {
    const metadata = '{"n":12345678901234567890,"z":1.10,"é":"\\ud83d\\ude00","__proto__":[]}';
    const headers = '"callback_headers":{"x-api-key":"of-the-receiver"}';
    const body = `{"model":"${MODEL}","prompt":"x","callback_url":"${hook().url}",${headers},"metadata":${metadata}}`;
    const text = await (await post(body)).text();
    expect(text).toContain("12345678901234567890");
    expect(text).toContain("1.10");
    expect(text).not.toContain("of-the-receiver");
    const { task_id: id, metadata: echoed } = JSON.parse(text) as TaskBody;
    expect(JSON.stringify(echoed)).toBe(JSON.stringify(JSON.parse(metadata)));
    const [callback] = await hook().waitFor(1);
    expect(callback?.headers["x-api-key"]).toBe("of-the-receiver");
    const event = JSON.parse(callback?.body ?? "") as { data: TaskBody };
    expect(event.data.task_id).toBe(id);
    expect(JSON.stringify(event.data.metadata)).toBe(JSON.stringify(JSON.parse(metadata)));
    expect(callback?.body).toContain("12345678901234567890");
  });

  it("carries Ringback's own x-request-id, neither the caller's nor the upstream's", async () => {
    const ids = new Set<string | null>();
    for (const status of [undefined, 400]) {
      stack.gateway.fault({
        on: "submit",
        headers: { "x-request-id": "the-upstreams", "set-cookie": "a=b" },
        ...(status === undefined ? {} : { status }),
      });
      const response = await stack.create({}, { "x-request-id": "the-callers" });
      expect(response.status).toBe(status ?? 202);
      expect(response.headers.get("set-cookie")).toBeNull();
      ids.add(response.headers.get("x-request-id"));
    }
    expect(ids.size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[\x21-\x7e]{8,}$/);
    expect(ids).not.toContain("the-callers");
    expect(ids).not.toContain("the-upstreams");
  });

  it("has no callback where no callback_url was given, and the task is polled to its end all the same", async () => {
    const created = (await (await stack.create({ callback_url: "" })).json()) as TaskBody;
    expect(created.callback).toBeNull();
    const task = await stack.task(created.task_id, isTerminal);
    expect(task).toMatchObject({ status: "succeeded", callback: null });
    expect(await stack.deliveries(created.task_id)).toEqual([]);
    expect(hook().received()).toEqual([]);
  });
});

describe("with Prefer: respond-async", () => {
  const ASYNC = { prefer: "respond-async" };

  it("the answer comes before the submit, and says so", async () => {
    stack.gateway.fault({ on: "submit", delayMs: 300 });
    const response = await stack.create({ callback_url: hook().url }, ASYNC);
    expect(response.status).toBe(202);
    expect(response.headers.get("preference-applied")).toBe("respond-async");
    const created = (await response.json()) as TaskBody;
    expect(created).toMatchObject({
      status: "queued",
      upstream_task_id: null,
      submitted_at: null,
      upstream: null,
      error: null,
    });
    expect(response.headers.get("location")).toMatch(new RegExp(`/v1/videos/${created.task_id}$`));
    const submitted = await stack.task(created.task_id, (task) => task.submitted_at !== null);
    expect(submitted.upstream_task_id).toMatch(/^cgt-/);
    await hook().waitFor(1);
    expect(JSON.parse(onlySubmit().body.toString())).toStrictEqual({
      model: MODEL,
      prompt: "A lighthouse at dusk.",
    });
    expect(onlySubmit().authorization).toBe(`Bearer ${OWN_KEY}`);
  });

  it.each([
    ["respond-async, handling=lenient", true],
    ["handling=lenient,Respond-Async", true],
    ['wait="x", respond-async; foo="bar"', true],
    ["handling=lenient", false],
    ["not-respond-async", false],
    ["", false],
  ])("spelled %j, the preference is honoured: %j", async (prefer, honoured) => {
    const response = await stack.create({}, { prefer });
    expect(response.status).toBe(202);
    const applied = (response.headers.get("preference-applied") ?? "").split(/\s*,\s*/);
    expect(applied.includes("respond-async")).toBe(honoured);
    expect(applied).not.toContain("handling=lenient");
    const { task_id: id, submitted_at: submittedAt } = (await response.json()) as TaskBody;
    expect(submittedAt === null).toBe(honoured);
    await stack.task(id, isTerminal);
  });

  it.each([
    ["respond-async", {}, ASYNC],
    ["a test", { test: { outcome: "succeeded", delay_seconds: 0 } }, {}],
  ])("or a test, a made-up key is 401 and nothing is sent anywhere: %s", async (name, fields, prefer) => {
    const authorization = `Bearer made-up-for-${name.replaceAll(" ", "-")}`;
    const response = await stack.create(
      { ...fields, callback_url: hook().url },
      { ...prefer, authorization },
    );
    expect(response.status).toBe(401);
    expect(response.headers.get("location")).toBeNull();
    expect(await response.json()).toMatchObject({ error: { code: "unauthorized" } });
    // A whole life of another task is time enough for anything that was to be sent.
    const other = (await (await stack.create()).json()) as TaskBody;
    await stack.task(other.task_id, isTerminal);
    expect(hook().received()).toEqual([]);
    const sent = stack.gateway.calls.filter((call) => call.authorization === authorization);
    expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual(["GET /v1/models"]);
  });

  it("a key that the upstream's /models forbids is 401 too", async () => {
    stack.gateway.fault({ on: "models", status: 403 });
    const response = await stack.create({}, { ...ASYNC, authorization: "Bearer sk-forbidden" });
    expect(response.status).toBe(401);
    expect(submitsTo(stack.gateway)).toEqual([]);
  });

  it("a key that the upstream did not judge is not taken for a known one", async () => {
    stack.gateway.fault({ on: "models", status: 500 });
    const response = await stack.create({}, { ...ASYNC, authorization: "Bearer sk-not-judged" });
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { code: "upstream_error" } });
    expect(submitsTo(stack.gateway)).toEqual([]);
  });

  it("a known key is asked about once and remembered", async () => {
    const headers = { ...ASYNC, authorization: "Bearer sk-asked-about-once" };
    for (let time = 0; time < 3; time += 1) expect((await stack.create({}, headers)).status).toBe(202);
    const asked = stack.gateway.calls.filter(({ path }) => path === "/v1/models");
    expect(asked.map(({ authorization }) => authorization)).toEqual([headers.authorization]);
  });

  it("without it, a plain create lets the upstream judge the key", async () => {
    const response = await stack.create({}, { authorization: "Bearer made-up" });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({
      error: { code: "upstream_unauthorized", upstream: { status: 401 } },
    });
    const sent = stack.gateway.calls.filter((call) => call.authorization === "Bearer made-up");
    expect(sent.map(({ path }) => path)).toEqual(["/v1/videos"]);
  });
});
