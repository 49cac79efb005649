import { env } from "cloudflare:workers";
import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nameInTaskId } from "../../../src/domain/task/task-id.ts";
import type { TaskDocument } from "../../../src/task-object/document/document.ts";
import { taskStub } from "../../../src/task-object/client.ts";
import { parseEventStream } from "../../support/wire/sse.ts";
import { ownAccount } from "../support/account.ts";
import {
  bucketFiles,
  resultsBucket,
  created,
  fakeNetwork,
  network,
  RECEIVER,
  request,
  sentTo,
  SOURCES,
  type TaskBody,
  until,
  upstream,
  video,
} from "../support/world.ts";

/*
 * scenario                                        requirement
 * a task whose result is being copied             reads, waits, streams, the console and the account find a running one
 * the copy is done                                contract, Kept files: the task, the callback, the end of a stream
 * the task is deleted while it is copied, after   nothing is in the bucket once the delete is answered, nor later
 */

/** Whether it may answer. */
const source = { isOpen: false };

beforeEach(() => {
  source.isOpen = false;
  fakeNetwork();
  const others = upstream();
  network.answer = async (call) => {
    if (!call.url.startsWith(SOURCES)) return others(call);
    // Asked again and again: a promise resolved from outside would go on in the wrong object's turn.
    while (!source.isOpen && !call.signal.aborted) await scheduler.wait(5);
    call.signal.throwIfAborted();
    return video();
  };
});

afterEach(async () => {
  source.isOpen = true;
  vi.useRealTimers();
  await reset();
  vi.restoreAllMocks();
});

interface KeptTask extends TaskBody {
  progress: number | null;
  video_url: string | null;
  source_url: string | null;
  finished_at: string | null;
  file: { status: string; bytes?: number; content_type?: string; expires_at?: string } | null;
}

const copies = (): number => network.calls.filter(({ url }) => url.startsWith(SOURCES)).length;
const account = async (): Promise<string> => ownAccount();
const objectOf = (id: string) => taskStub(env.TASKS, nameInTaskId(id) ?? "");

async function taskOf(id: string): Promise<KeptTask> {
  return (await request("GET", `/v1/videos/${id}`)).json();
}

/** A task whose copy is on the wire. */
async function copyingTask(): Promise<string> {
  const { task_id: id } = await created({ keep_result: true });
  await until(copies, (count) => count === 1);
  return id;
}

async function keptTask(): Promise<KeptTask> {
  source.isOpen = true;
  const id = await copyingTask();
  return until(
    async () => taskOf(id),
    ({ status }) => status === "succeeded",
  );
}

describe("a task whose result is being copied", () => {
  it("is a running one at 100 percent, to everything that asks", async () => {
    const id = await copyingTask();
    const running = { status: "running", progress: 100, video_url: null, file: null, finished_at: null };
    expect(await taskOf(id)).toMatchObject(running);
    const waited = await request("GET", `/v1/videos/${id}?wait=1`);
    expect(await waited.json()).toMatchObject(running);
    const inspected = JSON.parse((await objectOf(id).diagnostics(await account())) ?? "{}") as {
      diagnostics: { next_poll_at: string | null; erased_at: string | null };
    };
    expect(inspected.diagnostics).toMatchObject({ next_poll_at: null, erased_at: null });
    const report = await objectOf(id).reconcile(await account());
    expect(report?.summary).toMatchObject({ status: "running", finishedAt: null, expiresAt: null });
    expect(sentTo(RECEIVER)).toEqual([]);
    const early = await request("POST", `/v1/videos/${id}/redeliver`, {});
    expect([early.status, (await early.json<{ error: { code: string } }>()).error.code]).toEqual([
      409,
      "nothing_to_deliver",
    ]);
    source.isOpen = true;
  });

  it("tells a stream so, and then its end", async () => {
    const id = await copyingTask();
    const stream = await request("GET", `/v1/videos/${id}/events`);
    source.isOpen = true;
    const { events } = parseEventStream(await stream.text());
    expect(events.map(({ event }) => event)).toEqual(["video.running", "video.succeeded"]);
    expect(JSON.parse(events[1]?.data ?? "{}")).toMatchObject({ file: { status: "kept" } });
  });
});

describe("a task whose result was copied", () => {
  it("ends with the copy's address, in the task as in its one callback", async () => {
    const task = await keptTask();
    const [fileId] = await bucketFiles();
    const { finished_at: finishedAt } = task;
    const expiresAt = new Date(Date.parse(finishedAt ?? "") + 720 * 3_600_000).toISOString();
    const kept = {
      status: "succeeded",
      progress: 100,
      video_url: `http://ringback.test/v1/files/${fileId}.mp4`,
      source_url: "https://cdn.test/v.mp4",
      file: { status: "kept", bytes: 24, content_type: "video/mp4", expires_at: expiresAt },
    };
    expect(task).toMatchObject(kept);
    await until(
      () => sentTo(RECEIVER).length,
      (count) => count > 0,
    );
    expect(sentTo(RECEIVER)).toHaveLength(1);
    expect(JSON.parse(sentTo(RECEIVER)[0]?.body ?? "")).toMatchObject({
      type: "video.succeeded",
      data: kept,
    });
  });
});

describe("a task that is deleted", () => {
  it("takes its file along before the answer", async () => {
    const { task_id: id } = await keptTask();
    expect(await bucketFiles()).toHaveLength(1);
    expect((await request("DELETE", `/v1/videos/${id}`)).status).toBe(204);
    expect(await bucketFiles()).toEqual([]);
  });

  it("while its result is copied ends the copy, and leaves nothing", async () => {
    const id = await copyingTask();
    const fileId = await runInDurableObject(objectOf(id), async (_object, { storage }) => {
      const { task } = JSON.parse(String(storage.kv.get("document"))) as TaskDocument;
      return task.keep?.fileId ?? "";
    });
    const copied = vi.spyOn(console, "log");
    expect((await request("DELETE", `/v1/videos/${id}`)).status).toBe(204);
    source.isOpen = true;
    expect(network.calls.at(-1)?.signal.aborted).toBe(true);
    // As if a process that is gone had stored it all the same.
    await resultsBucket().put(fileId, "late");
    expect(copied.mock.calls.filter(([line]) => String(line).includes("result.copied"))).toEqual([]);
    // As at the time of its last alarm, when no copy can be on its way any more.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 200_000 });
    await runDurableObjectAlarm(objectOf(id));
    expect(await bucketFiles()).toEqual([]);
    const left = await runInDurableObject(objectOf(id), async (_object, { storage }) => [
      Array.from(storage.kv.list()).length,
      await storage.getAlarm(),
    ]);
    expect(left).toEqual([0, null]);
    expect(sentTo(RECEIVER)).toEqual([]);
  });
});
