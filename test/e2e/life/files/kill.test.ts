import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startGateway, type Gateway } from "../../../../dev/gateway.ts";
import { startReceiver, type Receiver } from "../../../../dev/receiver.ts";
import { startWorker, type LocalWorker } from "../../../../dev/worker.ts";
import { addRun, newTally, printTally } from "../../../support/checks/tally.ts";
import {
  startKillableWorker,
  type KillableOptions,
  type KillableWorker,
} from "../../../support/programs/processes.ts";
import {
  startSourceServer,
  videoDigest,
  type SeenRequest,
  type SourceServer,
} from "../../../support/sources/source-server.ts";
import { eventually, FAST_SETTINGS, isTerminal, MODEL, type TaskBody } from "../../../support/stack.ts";

/*
 * scenario                                              requirement (contract, Kept files)
 * workerd is killed while the results of six tasks      guarantee 3: each task ends once, with one callback
 * are copied, four at a time, some of unsaid length     each file is whole, and one object in the bucket
 * the tasks are deleted after that                      no file is left
 */

/** More than one part of an upload in parts. */
const SIZE = 6 * 1_048_576 + 7;
const COPIES_AT_ONCE = 4;
/** An account for each kind of source. */
const KINDS = { "/slow": "sk-results-of-a-said-length", "/slow-chunked": "sk-results-of-unsaid-length" };
const KEYS = Object.values(KINDS);
const TASKS_EACH = 3;

const folder = mkdtempSync(join(tmpdir(), "ringback-files-kill-"));
let gateway: Gateway;
let receiver: Receiver;
let source: SourceServer;
let killed: KillableWorker;
/** After the kill, on the same store and bucket. */
let worker: LocalWorker | null = null;
let options: KillableOptions;

beforeAll(async () => {
  [gateway, receiver, source] = await Promise.all([startGateway(), startReceiver(), startSourceServer()]);
  for (const [path, key] of Object.entries(KINDS)) {
    const body = { status: "succeeded", video_url: `${source.origin}${path}?size=${SIZE}&type=video/mp4` };
    gateway.fault({ on: "poll", key, times: Number.POSITIVE_INFINITY, status: 200, body });
  }
  options = {
    persistTo: folder,
    settings: {
      ...FAST_SETTINGS,
      AIO_BASE_URL: gateway.baseUrl,
      KEEP_RESULTS: "on",
      CALLBACK_TIMEOUT_SECONDS: "10",
      UPSTREAM_TIMEOUT_SECONDS: "10",
    },
  };
  killed = await startKillableWorker(options);
  options.port = Number(new URL(killed.url).port);
});
afterAll(async () => {
  await killed.kill();
  await worker?.close();
  await Promise.all([gateway.close(), receiver.close(), source.close()]);
  rmSync(folder, { recursive: true, force: true });
});

async function call(key: string, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const response = await fetch(killed.url + path, { ...init, headers });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response;
}

async function get<T>(key: string, path: string): Promise<T> {
  return (await (await call(key, path)).json()) as T;
}

async function create(key: string): Promise<{ key: string; id: string }> {
  const body = JSON.stringify({ model: MODEL, prompt: "A lighthouse.", callback_url: receiver.url });
  const created = (await (await call(key, "/v1/videos", { method: "POST", body })).json()) as TaskBody;
  return { key, id: created.task_id };
}

/** Requests of the source's files, in order. */
async function fetched(): Promise<SeenRequest[]> {
  return (await (await fetch(`${source.origin}/seen?mark=/slow`)).json()) as SeenRequest[];
}

const byName = (a: string, b: string): number => a.localeCompare(b);

async function keptFiles(): Promise<string[]> {
  const bucket = await worker?.miniflare.getR2Bucket("RESULTS");
  const { objects = [] } = (await bucket?.list()) ?? {};
  return objects.map(({ key }) => key).toSorted(byName);
}

it("a kill in the middle of copies loses, doubles and leaves no file", { timeout: 90_000 }, async () => {
  const tasks = await Promise.all(
    KEYS.flatMap((key) => Array.from({ length: TASKS_EACH }, () => create(key))),
  );
  await eventually(fetched, ({ length }) => length === COPIES_AT_ONCE, 30_000);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 1500));
  await killed.kill();
  expect(receiver.received).toEqual([]);
  worker = await startWorker(options);

  const ended: TaskBody[] = [];
  for (const { key, id } of tasks)
    ended.push(await eventually(async () => get<TaskBody>(key, `/v1/videos/${id}`), isTerminal, 60_000));
  for (const task of ended) {
    const { status, file, video_url: url } = task;
    expect({ status, file }).toMatchObject({
      status: "succeeded",
      file: { status: "kept", bytes: SIZE, content_type: "video/mp4" },
    });
    const bytes = Buffer.from(await (await fetch(url ?? "")).arrayBuffer());
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(videoDigest(SIZE));
  }
  // Four were cut off by the kill, and then each was fetched once.
  expect((await fetched()).map(({ left }) => left)).toEqual([
    ...Array.from({ length: COPIES_AT_ONCE }, () => true),
    ...tasks.map(() => false),
  ]);

  // One event a task, sent once.
  await receiver.waitFor(tasks.length);
  for (const { key, id } of tasks) {
    await eventually(
      async () => get<TaskBody>(key, `/v1/videos/${id}`),
      ({ callback }) => callback?.status === "delivered",
    );
  }
  const tally = newTally("a SIGKILL in the middle of copies");
  for (const { task_id: id, video_url } of ended) {
    const sent = receiver.received.filter(({ body }) => body.includes(id));
    addRun(tally, {
      lost: sent.length === 0 ? 1 : 0,
      doubled: Math.max(0, sent.length - 1),
      leaked: sent.filter(({ body }) => KEYS.some((key) => body.includes(key))).length,
    });
    expect(sent.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
      { type: "video.succeeded", data: { task_id: id, video_url, file: { status: "kept" } } },
    ]);
  }
  printTally(tally);
  expect(tally).toMatchObject({ runs: tasks.length, lost: 0, doubled: 0, leaked: 0 });

  // One object a task, also in its account's count, and none after the tasks.
  const names = ended.map(({ video_url: url }) => /([a-z2-7]{26})\.mp4$/.exec(url ?? "")?.[1] ?? "");
  expect(await keptFiles()).toEqual(names.toSorted(byName));
  for (const key of KEYS) await hasCounted(key, { kept: TASKS_EACH, bytes: TASKS_EACH * SIZE });
  for (const { key, id } of tasks) await call(key, `/v1/videos/${id}`, { method: "DELETE" });
  expect(await keptFiles()).toEqual([]);
  for (const key of KEYS) await hasCounted(key, { kept: 0, bytes: 0 });
});

async function hasCounted(key: string, files: { kept: number; bytes: number }): Promise<void> {
  await eventually(
    async () => (await get<{ files: unknown }>(key, "/v1/stats")).files,
    (counted) => JSON.stringify(counted) === JSON.stringify(files),
  );
}
