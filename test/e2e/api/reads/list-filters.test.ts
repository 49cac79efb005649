import { beforeAll, describe, expect, it } from "vitest";
import { eventually, MODEL, newHook, type TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

/*
 * scenario                                     requirement
 * each filter over HTTP, alone and with others contract, GET /v1/videos
 * odd names and values                         400 and named, or nothing found; never a 500
 * attempts that fail and succeed               contract, GET /v1/stats: hosts
 * whose key                                    contract, GET /v1/me
 */

const stack = useStack({ settings: { CALLBACK_RETRY_SECONDS: "0.2,0.2,0.2", CALLBACK_HOLD_SECONDS: "0" } });

interface Listed {
  task_id: string;
  status: string;
  metadata: unknown;
  upstream_task_id: string | null;
  created_at: string;
  callback: { status: string; host: string } | null;
}
interface List {
  data: Listed[];
  next_cursor: string | null;
}

async function list(query: string): Promise<List> {
  const response = await stack.call(`/v1/videos?${query}`);
  expect(response.status, query).toBe(200);
  return (await response.json()) as List;
}

async function create(fields: Record<string, unknown>): Promise<TaskBody> {
  const response = await stack.create(fields);
  expect(response.status).toBe(202);
  return (await response.json()) as TaskBody;
}

/** By what they are called here. */
const tasks: Record<string, TaskBody> = {};
const SUCCEEDS = { outcome: "succeeded", delay_seconds: 0 };

beforeAll(async () => {
  const hook = newHook(stack);
  tasks["plain"] = await create({
    metadata: { order: 42, by: "an", paid: true, deep: { a: 1 }, "a.b": 1.5 },
  });
  tasks["called"] = await create({ callback_url: hook.url, metadata: { order: "42", by: "任 & 一" } });
  tasks["test"] = await create({ callback_url: hook.url, test: SUCCEEDS, model: "other model" });
  tasks["refused"] = await create({ callback_url: hook.url, test: { outcome: "failed", delay_seconds: 0 } });
  await eventually(
    async () => list("limit=100"),
    ({ data }) =>
      data.every(
        ({ status, callback }) =>
          /succeeded|failed/.test(status) && (callback?.status ?? "delivered") === "delivered",
      ),
  );
});

async function found(query: string): Promise<string[]> {
  const { data, next_cursor: next } = await list(query);
  expect(next).toBeNull();
  return data.map(({ task_id: id }) => Object.keys(tasks).find((name) => tasks[name]?.task_id === id) ?? id);
}

const ALL = ["refused", "test", "called", "plain"];

describe("a filter of the list", () => {
  it.each<[query: string, names: string[]]>([
    ["", ALL],
    ["status=succeeded,failed", ALL],
    ["status=failed", ["refused"]],
    ["status=queued,running", []],
    ["callback_status=none", ["plain"]],
    ["callback_status=delivered,none", ALL],
    ["callback_status=exhausted,stopped,pending,waiting", []],
    ["callback_host=nowhere.example.com", []],
    [`model=${MODEL}`, ["refused", "called", "plain"]],
    ["model=other%20model", ["test"]],
    [`endpoint=ep_${"a".repeat(26)}`, []],
    ["upstream_name=aio", ALL],
    ["upstream_name=ark", []],
    ["test=true", ["refused", "test"]],
    ["test=false", ["called", "plain"]],
    ["created_after=2020-01-01", ALL],
    ["created_before=2020-01-01", []],
    ["created_after=2099-01-01&created_before=2020-01-01", []],
    ["upstream_task_id=nothing", []],
    ["metadata.order=42", ["called", "plain"]],
    ["metadata.order=42&metadata.paid=true", ["plain"]],
    ["metadata.order=42&metadata.paid=true&metadata.by=an", ["plain"]],
    ["metadata.order=42&metadata.paid=false", []],
    ["metadata.by=%E4%BB%BB%20%26+%E4%B8%80", ["called"]],
    ["metadata.a.b=1.50", ["plain"]],
    ["metadata.deep=%7B%22a%22%3A1%7D", []],
    ["metadata.__proto__=x", []],
    ["metadata.constructor=x", []],
    ["metadata.by=%00", []],
    ["metadata.by=%ff%zz", []],
    [`metadata.by=${"x".repeat(10_240)}`, []],
    ["test=true&status=failed&callback_status=delivered&created_after=2020-01-01T00:00:00Z", ["refused"]],
  ])("%.70s", async (query, names) => {
    expect(await found(query)).toEqual(names);
  });

  it("takes what a task shows of itself", async () => {
    const { data } = await list("metadata.paid=true");
    const [plain] = data;
    expect(plain?.metadata).toEqual({ order: 42, by: "an", paid: true, deep: { a: 1 }, "a.b": 1.5 });
    expect(await found(`upstream_task_id=${plain?.upstream_task_id}`)).toEqual(["plain"]);
    const [called] = (await list("metadata.order=42&callback_status=delivered")).data;
    expect(await found(`callback_host=${called?.callback?.host}`)).toEqual(ALL.slice(0, 3));
    const at = called?.created_at ?? "";
    const next = new Date(Date.parse(at) + 1).toISOString();
    expect(await found(`created_after=${at}&created_before=${next}`)).toEqual(["called"]);
    expect(await found(`created_after=${next}`)).toEqual(["refused", "test"]);
    expect(await found(`created_before=${at}`)).toEqual(["plain"]);
    const inShanghai = new Date(Date.parse(at) + 8 * 3_600_000).toISOString().replace("Z", "%2B08:00");
    expect(await found(`created_before=${inShanghai}`)).toEqual(["plain"]);
  });

  it("may change from page to page under one cursor", async () => {
    const first = await list("limit=1");
    const second = await list(`limit=1&status=succeeded&cursor=${first.next_cursor}`);
    expect(second.data[0]?.task_id).toBe(tasks["test"]?.task_id);
    const third = await list(`test=false&cursor=${second.next_cursor}`);
    expect(third.data.map(({ task_id: id }) => id)).toEqual([
      tasks["called"]?.task_id,
      tasks["plain"]?.task_id,
    ]);
  });

  it.each<[query: string, param: string, code: string]>([
    ["status=a,b", "status", "not_some_of"],
    ["status=", "status", "not_some_of"],
    ["callback_status=failed", "callback_status", "not_some_of"],
    ["callback_host=https://x.example.com/", "callback_host", "not_host"],
    ["model=", "model", "empty"],
    ["upstream_name=A", "upstream_name", "not_upstream_name"],
    ["test=yes", "test", "not_boolean"],
    ["created_after=now", "created_after", "not_instant"],
    ["created_before=2026-02-30", "created_before", "not_instant"],
    ["metadata.=x", "metadata.", "unknown_parameter"],
    ["metadata=x", "metadata", "unknown_parameter"],
    ["endpoint=ep_x", "endpoint", "not_endpoint_id"],
    ["endpoint=", "endpoint", "not_endpoint_id"],
    ["metadata.a=1&metadata.a=1", "metadata.a", "given_twice"],
    ["metadata.a=1&metadata.b=1&metadata.c=1&metadata.d=1", "metadata.d", "too_many_metadata_filters"],
    [
      `metadata.${"x".repeat(3000)}&metadata.a&metadata.b&metadata.c`,
      "metadata.c",
      "too_many_metadata_filters",
    ],
  ])("%.50s is 400 and named", async (query, param, code) => {
    const response = await stack.call(`/v1/videos?${query}`);
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as {
      error: { param: string; issues: { path: string; code: string }[] };
    };
    expect([error.param, error.issues[0]?.code]).toEqual([param, code]);
  });
});

describe("the hosts of callbacks", () => {
  it("show at once what failed, and then what was delivered", async () => {
    interface Stats {
      hosts: {
        host: string;
        delivered: number;
        failed: number;
        failing_since: string | null;
        last_reason: string | null;
      }[];
    }
    const stats = async () => ((await (await stack.call("/v1/stats")).json()) as Stats).hosts;
    const [before] = await stats();
    expect(before).toEqual({
      host: new URL(stack.receiver.url).host,
      delivered: 1,
      failed: 0,
      failing_since: null,
      last_reason: null,
    });
    const hook = newHook(stack);
    stack.receiver.reply({ status: 503 });
    stack.receiver.reply({ status: 500 });
    await create({ callback_url: hook.url });
    const [failed] = await eventually(stats, ([host]) => (host?.failed ?? 0) > 0);
    expect(failed?.last_reason).toMatch(/^http_50[03]$/);
    const [after] = await eventually(stats, ([host]) => host?.delivered === 2);
    expect(after).toEqual({ ...before, delivered: 2, failed: 2, last_reason: "http_500" });
  });
});

describe("GET /v1/me", () => {
  it("labels a key of one's own by the end of its digest", async () => {
    const response = await stack.call("/v1/me");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      object: "account",
      name: expect.stringMatching(/^key …[a-z2-7]{4}$/),
      mode: "own",
      base_url_host: new URL(stack.gateway.baseUrl).host,
    });
    const other = await (
      await stack.call("/v1/me", { headers: { authorization: "Bearer sk-another-key-of-one's-own" } })
    ).json();
    expect(other).not.toEqual(await (await stack.call("/v1/me")).json());
  });

  it("needs a known key, and takes no query", async () => {
    expect((await stack.call("/v1/me?x=1")).status).toBe(400);
    expect((await stack.call("/v1/me", { headers: { authorization: "" } })).status).toBe(401);
    stack.gateway.fault({ on: "models", status: 401, body: {} });
    const headers = { authorization: "Bearer sk-made-up-for-me" };
    expect((await stack.call("/v1/me", { headers })).status).toBe(401);
    const put = await stack.call("/v1/me", { method: "PUT" });
    expect([put.status, put.headers.get("allow")]).toEqual([405, "GET"]);
  });
});
