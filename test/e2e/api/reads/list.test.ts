import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, MODEL, newHook, startStack, type Stack, type TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

/*
 * scenario                                         requirement
 * pages, filters, odd queries                      contract, GET /v1/videos
 * a list while tasks are created                   newest first, stable under inserts
 * a deleted task, a task of another account        guarantee 8; contract, DELETE
 * counts and quantiles                             contract, GET /v1/stats
 */

interface Item {
  task_id: string;
  status: string;
  created_at: string;
}
interface List {
  object: string;
  data: Item[];
  next_cursor: string | null;
}

const TOKENS = ["alice", "bob", "carol", "dave"] as const;
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const SETTINGS = {
  AIO_API_KEY: "sk-the-operators-key",
  RINGBACK_KEYS: TOKENS.map((name) => `${name}:${sha256(`rb-${name}`)}`).join(","),
};

const stack = useStack({ settings: SETTINGS, token: "rb-alice" });

const as = (name: (typeof TOKENS)[number]) => ({ authorization: `Bearer rb-${name}` });

async function get<T>(path: string, headers = as("alice")): Promise<T> {
  const response = await stack.call(path, { headers });
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

async function listed(
  query: string,
  ready: (list: List) => boolean,
  name: (typeof TOKENS)[number] = "alice",
): Promise<List> {
  return eventually(async () => get<List>(`/v1/videos${query}`, as(name)), ready);
}

async function createAs(name: (typeof TOKENS)[number], fields: object = {}): Promise<TaskBody> {
  const response = await stack.create({ ...fields }, as(name));
  expect(response.status).toBe(202);
  return (await response.json()) as TaskBody;
}

const ids = ({ data }: List): string[] => data.map(({ task_id: id }) => id);

describe("the list of tasks", () => {
  it("is empty for an account without tasks", async () => {
    expect(await get("/v1/videos", as("dave"))).toEqual({ object: "list", data: [], next_cursor: null });
  });

  it("shows each task as the contract says, as soon as it is accepted and again at its end", async () => {
    const hook = newHook(stack);
    const { task_id: id } = await createAs("bob", {
      callback_url: hook.url,
      metadata: { order: 42 },
    });
    const { data } = await listed("", ({ data: [first] }) => first?.status === "succeeded", "bob");
    const task = await eventually(
      async () => get<TaskBody>(`/v1/videos/${id}`, as("bob")),
      ({ callback }) => callback?.status === "delivered",
    );
    const settled = await listed("", (list) => JSON.stringify(list).includes('"delivered"'), "bob");
    expect(data).toHaveLength(1);
    expect(settled).toEqual({
      object: "list",
      data: [
        {
          object: "video.task",
          id,
          task_id: id,
          status: "succeeded",
          model: MODEL,
          test: false,
          video_url: task.video_url,
          error: null,
          metadata: { order: 42 },
          upstream_task_id: task.upstream_task_id,
          created_at: task.created_at,
          finished_at: task.finished_at,
          callback: { status: "delivered", host: new URL(hook.url).host },
        },
      ],
      next_cursor: null,
    });
  });

  it("comes newest first, in pages that stay as they are while tasks are created", async () => {
    const tasks: string[] = [];
    for (let index = 0; index < 7; index++) tasks.push((await createAs("alice")).task_id);
    const whole = await listed("?limit=100", ({ data }) => data.length >= 7);
    expect(ids(whole)).toEqual(tasks.toReversed());

    const first = await get<List>("/v1/videos?limit=3");
    expect(ids(first)).toEqual(ids(whole).slice(0, 3));
    await createAs("alice");
    await listed("?limit=100", ({ data }) => data.length === 8);
    const second = await get<List>(`/v1/videos?limit=3&cursor=${first.next_cursor}`);
    expect(ids(second)).toEqual(ids(whole).slice(3, 6));
    const third = await get<List>(`/v1/videos?limit=3&cursor=${second.next_cursor}`);
    expect(ids(third)).toEqual(ids(whole).slice(6));
    expect(third.next_cursor).toBeNull();
  });

  it("is 20 a page unless asked otherwise, and has one more page only if there is more", async () => {
    for (let index = 0; index < 21; index++)
      await createAs("carol", { test: { outcome: "succeeded", delay_seconds: 0 } });
    await listed("?limit=100", ({ data }) => data.length === 21, "carol");
    const page = await get<List>("/v1/videos", as("carol"));
    expect(page.data).toHaveLength(20);
    expect(page.next_cursor).toEqual(expect.any(String));
    expect((await get<List>("/v1/videos?limit=21", as("carol"))).next_cursor).toBeNull();
  });

  it("can be asked for one status", async () => {
    const { task_id: failed } = await createAs("alice", { test: { outcome: "failed", delay_seconds: 0 } });
    const { task_id: waits } = await createAs("alice", {
      test: { outcome: "succeeded", delay_seconds: 600 },
    });
    const ended = await listed("?status=failed", ({ data }) => data.length > 0);
    expect(ended.data.map(({ task_id: id, status }) => [id, status])).toEqual([[failed, "failed"]]);
    const queued = await listed("?status=queued", (list) => ids(list).includes(waits));
    expect(ids(queued)).not.toContain(failed);
  });

  it("loses a task that is deleted", async () => {
    const { task_id: id } = await createAs("alice");
    await listed("?limit=100", (list) => ids(list).includes(id));
    expect((await stack.call(`/v1/videos/${id}`, { method: "DELETE" })).status).toBe(204);
    await listed("?limit=100", (list) => !ids(list).includes(id));
  });

  it("loses it at once, though its callback is on the wire and the receiver takes its time", async (context) => {
    const slow = await startStack({
      settings: { ...SETTINGS, CALLBACK_TIMEOUT_SECONDS: "20" },
      token: "rb-alice",
    });
    context.onTestFinished(async () => slow.close());
    slow.receiver.defaultReply({ status: 200, delayMs: 20_000 });
    const hook = newHook(slow);
    const listedThere = async (): Promise<string[]> =>
      ids((await (await slow.call("/v1/videos")).json()) as List);
    const { task_id: id } = (await (await slow.create({ callback_url: hook.url })).json()) as TaskBody;
    await hook.waitFor(1);
    expect(await eventually(listedThere, (tasks) => tasks.length > 0)).toEqual([id]);
    expect((await slow.call(`/v1/videos/${id}`, { method: "DELETE" })).status).toBe(204);
    // Long before the attempt is over.
    await eventually(listedThere, (tasks) => tasks.length === 0, 5_000);
  });

  it("is each account's own", async () => {
    const mine = ids(await get<List>("/v1/videos?limit=100"));
    const theirs = ids(await get<List>("/v1/videos?limit=100", as("bob")));
    expect(theirs.filter((id) => mine.includes(id))).toEqual([]);
    const { next_cursor: cursor } = await get<List>("/v1/videos?limit=1");
    const elsewhere = await get<List>(`/v1/videos?cursor=${cursor}`, as("bob"));
    expect(ids(elsewhere).filter((id) => mine.includes(id))).toEqual([]);
  });

  it.each([
    ["status=done", "status"],
    ["limit=0", "limit"],
    ["limit=101", "limit"],
    ["limit=1.5", "limit"],
    ["limit=many", "limit"],
    ["cursor=nonsense", "cursor"],
    ["cursor=%00%ff", "cursor"],
    [`cursor=${"a".repeat(5000)}`, "cursor"],
    ["callback=exhausted", "callback"],
    ["Status=failed", "Status"],
    ["status[]=failed", "status[]"],
    ["status=failed&status=queued", "status"],
  ])("refuses %s", async (query, param) => {
    const response = await stack.call(`/v1/videos?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "invalid_request", param } });
  });

  it("refuses all that is wrong at once, a filter without a value too, and takes an empty limit for none", async () => {
    const response = await stack.call("/v1/videos?status=x&limit=x&cursor=x&after=x&model=");
    const { error } = (await response.json()) as { error: { issues: { path: string }[] } };
    expect(error.issues.map(({ path }) => path)).toEqual(["after", "status", "model", "limit", "cursor"]);
    expect((await stack.call("/v1/videos?limit=&cursor=")).status).toBe(200);
    expect((await stack.call("/v1/videos/?limit=&cursor=")).status).toBe(200);
  });
});

describe("the statistics", () => {
  it("are zero for an account without tasks", async () => {
    expect(await get("/v1/stats", as("dave"))).toEqual({
      object: "stats",
      tasks: { queued: 0, running: 0, succeeded: 0, failed: 0 },
      models: [],
      deliveries: { pending: 0, delivered: 0, exhausted: 0, stopped: 0 },
      hosts: [],
      files: { kept: 0, bytes: 0 },
      polls_per_task: null,
    });
  });

  it("count what became of the tasks, without those of test", async () => {
    interface Stats {
      tasks: Record<string, number>;
      models: { model: string; count: number; p50_seconds: number; p95_seconds: number }[];
      deliveries: Record<string, number>;
      polls_per_task: number;
    }
    expect((await get<Stats>("/v1/stats", as("carol"))).tasks["succeeded"]).toBe(0);
    const stats = await eventually(
      async () => get<Stats>("/v1/stats", as("bob")),
      ({ deliveries }) => deliveries["delivered"] === 1,
    );
    expect(stats.tasks).toEqual({ queued: 0, running: 0, succeeded: 1, failed: 0 });
    const [model] = stats.models;
    expect(model).toMatchObject({ model: MODEL, count: 1 });
    // The gateway takes 0.3 s for a task, and a poll comes every 0.1 s.
    expect(model?.p50_seconds).toBeGreaterThanOrEqual(0.3);
    expect(model?.p95_seconds).toBe(model?.p50_seconds);
    expect(stats.polls_per_task).toBeGreaterThanOrEqual(2);
  });
});

describe("GET /v1/me", () => {
  it("names the account as the operator does", async () => {
    expect(await get("/v1/me", as("bob"))).toMatchObject({
      object: "account",
      name: "bob",
      mode: "operator",
    });
  });
});

describe("with a made-up key of one's own", () => {
  let own: Stack;
  beforeAll(async () => {
    own = await startStack();
  });
  afterAll(async () => own.close());

  it.each(["/v1/videos", "/v1/stats"])("%s is 401", async (path) => {
    own.gateway.fault({ on: "models", status: 401, body: {} });
    const headers = { authorization: `Bearer sk-made-up-for-${path.length}` };
    expect((await own.call(path, { headers })).status).toBe(401);
  });

  it("a known one lists its tasks", async () => {
    const { task_id: id } = (await (await own.create()).json()) as TaskBody;
    const list = await eventually(
      async () => (await (await own.call("/v1/videos")).json()) as List,
      ({ data }) => data.length === 1,
    );
    expect(ids(list)).toEqual([id]);
  });
});
