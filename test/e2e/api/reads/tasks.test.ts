import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { aTaskJson } from "../../../support/builders.ts";
import { isTerminal, MODEL, type TaskBody } from "../../../support/stack.ts";
import { ISO, as, iso, useReads, type ErrorBody } from "./own-keys.ts";

/*
 * scenario                                            requirement
 * a task in each state, every key                     contract, The task
 * its deliveries, every key                           contract, Reads: GET /v1/videos/{id}/deliveries
 * ids that are made up, or another account's          contract, ids: 404, same bytes; guarantee 8; threats T8, T9
 */

const TASK_ID = /^task_[A-Za-z0-9]+$/;

/** A task without news, whole; tests override what is news. */
const taskBody = (created: TaskBody, overrides: Partial<TaskBody>): TaskBody =>
  aTaskJson({
    id: created.task_id,
    task_id: created.task_id,
    model: MODEL,
    upstream_task_id: created.upstream_task_id,
    created_at: created.created_at,
    submitted_at: created.submitted_at,
    deadline_at: new Date(Date.parse(created.created_at) + 86_400_000).toISOString(),
    upstream: expect.anything() as unknown,
    ...overrides,
  });

describe("with callers' own keys", () => {
  const { stack, folder, create } = useReads();

  describe("GET /v1/videos/{id}", () => {
    it("answers a queued task with every key", async () => {
      const response = await stack.create({ prompt: "[queued]" });
      expect(response.status).toBe(202);
      expect(response.headers.get("content-type")).toMatch(/^application\/json\b/);
      const created = (await response.json()) as TaskBody;
      expect(created.task_id).toMatch(TASK_ID);
      expect(response.headers.get("location")).toBe(`/v1/videos/${created.task_id}`);
      expect(created.created_at).toMatch(ISO);
      expect(created.submitted_at).toMatch(ISO);
      expect(stack.gateway.tasks.has(created.upstream_task_id ?? "")).toBe(true);
      expect(created).toEqual(
        taskBody(created, {
          upstream: {
            task_id: created.upstream_task_id,
            status: "queued",
            created_at: expect.any(Number) as number,
          },
        }),
      );
      const read = await stack.call(`/v1/videos/${created.task_id}`);
      expect(read.status).toBe(200);
      expect(read.headers.get("content-type")).toMatch(/^application\/json\b/);
      // A poll may have been made since: still queued, progress 0.
      expect(await read.json()).toEqual(taskBody(created, { progress: expect.toBeOneOf([null, 0]) as null }));
    });

    it("answers a running task with its progress", async () => {
      const created = await create({ prompt: "[slow]", timeout_seconds: 60, metadata: { order: 1 } });
      const task = await stack.task(created.task_id, ({ status }) => status === "running");
      expect(task).toEqual(
        taskBody(created, {
          status: "running",
          progress: 0,
          metadata: { order: 1 },
          deadline_at: new Date(Date.parse(created.created_at) + 60_000).toISOString(),
          upstream: expect.objectContaining({ status: "running", model: MODEL }) as unknown,
        }),
      );
    });

    it("answers a succeeded task with its URL and its callback", async () => {
      const created = await create({ callback_url: stack.receiver.url });
      const waiting: NonNullable<TaskBody["callback"]> = {
        url: stack.receiver.url,
        events: ["video.succeeded", "video.failed"],
        format: "standard",
        status: "waiting",
        attempts: 0,
        next_attempt_at: null,
      };
      expect(created.callback).toEqual(waiting);
      const task = await stack.task(created.task_id, ({ callback }) => callback?.status === "delivered");
      expect(task).toEqual(
        taskBody(created, {
          status: "succeeded",
          progress: 100,
          video_url: expect.stringMatching(
            /^http:\/\/127\.0\.0\.1:\d+\/files\/cgt-[\w-]+\.mp4\?token=/,
          ) as string,
          finished_at: iso,
          callback: { ...waiting, status: "delivered", attempts: 1 },
          upstream: expect.objectContaining({ status: "succeeded", progress: 100 }) as unknown,
        }),
      );
      expect((await fetch(task.video_url ?? "")).headers.get("content-type")).toBe("video/mp4");
    });

    it("answers a failed task with its error, and a callback that is still tried", async () => {
      stack.receiver.reply({ status: 500, body: "later" });
      const created = await create({
        prompt: "[fail]",
        callback_url: stack.receiver.url,
        callback_format: "flat",
        callback_events: ["video.failed"],
      });
      const pending = await stack.task(
        created.task_id,
        // While the first attempt is on the wire there is a time too: that of the first one.
        ({ callback }) => Date.parse(callback?.next_attempt_at ?? "") > Date.now() + 60_000,
      );
      const message = "The prompt was refused by content review.";
      expect(pending).toEqual(
        taskBody(created, {
          status: "failed",
          progress: expect.any(Number) as number,
          error: { code: "generation_failed", message, retryable: false },
          error_message: message,
          finished_at: iso,
          callback: {
            url: stack.receiver.url,
            events: ["video.failed"],
            format: "flat",
            status: "pending",
            attempts: 1,
            next_attempt_at: iso,
          },
          upstream: expect.objectContaining({ status: "failed", error_message: message }) as unknown,
        }),
      );
    });

    it("answers a task of a submit that is unknown", async () => {
      stack.gateway.fault({ on: "submit", drop: "after" });
      const created = await create();
      expect(await stack.task(created.task_id)).toEqual(
        taskBody(created, {
          status: "failed",
          error: {
            code: "submit_unknown",
            message: expect.stringMatching(/./) as string,
            retryable: false,
          },
          error_message: created.error?.message ?? "",
          upstream_task_id: null,
          submitted_at: created.submitted_at,
          finished_at: iso,
          upstream: null,
        }),
      );
    });
  });

  describe("GET /v1/videos/{id}/deliveries", () => {
    it("is an empty list without a callback, and before the first event", async () => {
      const bare = await create();
      await stack.task(bare.task_id, isTerminal);
      const waiting = await create({ prompt: "[slow]", callback_url: stack.receiver.url });
      for (const { task_id: id } of [bare, waiting]) {
        const response = await stack.call(`/v1/videos/${id}/deliveries`);
        expect(response.status).toBe(200);
        expect(response.headers.get("content-type")).toMatch(/^application\/json\b/);
        expect(await response.json()).toEqual({ object: "list", data: [] });
      }
    });

    it("answers each attempt with every key", async () => {
      stack.receiver.reply({ status: 503, body: "busy" });
      const { task_id: id } = await create({
        prompt: "[slow]",
        callback_url: stack.receiver.url,
        callback_events: ["video.running"],
      });
      await stack.deliveries(id, ([first]) => first?.attempts[0]?.outcome === "retryable");
      const response = await stack.call(`/v1/videos/${id}/deliveries`);
      expect(await response.json()).toEqual({
        object: "list",
        data: [
          {
            message_id: expect.stringMatching(/^msg_/) as string,
            event: "video.running",
            endpoint: null,
            status: "pending",
            next_attempt_at: iso,
            attempts: [
              {
                number: 1,
                trigger: "scheduled",
                started_at: iso,
                duration_ms: expect.any(Number) as number,
                status_code: 503,
                outcome: "retryable",
                reason: "http_503",
                response_excerpt: "busy",
              },
            ],
          },
        ],
      });
    });
  });

  describe("a task of another account", () => {
    it("is not found by any call, byte for byte like one that never was", async () => {
      const { task_id: id } = await create({ prompt: "[slow]", metadata: { canary: "of the owner" } });
      const last = id.at(-1) === "a" ? "b" : "a";
      const ids = [
        id,
        id.slice(0, -1) + last,
        `task_${"a".repeat(id.length - 5)}`,
        "task_",
        "task_1",
        "x",
        id.toUpperCase(),
        `${id}a`,
        encodeURIComponent("task_ä\u0000"),
        "..%2f..",
        "a".repeat(5000),
      ];
      const calls: [method: string, path: string][] = [
        ["GET", ""],
        ["GET", "/deliveries"],
        ["POST", "/redeliver"],
        ["DELETE", ""],
      ];
      const before = stack.gateway.calls.length;
      for (const [method, path] of calls) {
        const bodies = await Promise.all(
          ids.map(async (foreign) => {
            const init = { method, headers: as("sk-a-stranger") };
            const response = await stack.call(`/v1/videos/${foreign}${path}`, init);
            const body = (await response.json()) as ErrorBody;
            expect([method, path, foreign, response.status]).toEqual([method, path, foreign, 404]);
            expect(body.error.request_id).toBe(response.headers.get("x-request-id"));
            return { ...body.error, request_id: "" };
          }),
        );
        expect(bodies).toEqual(
          ids.map(() => ({
            code: "task_not_found",
            message: expect.stringMatching(/./) as string,
            request_id: "",
          })),
        );
        expect(new Set(bodies.map(({ message }) => message)).size).toBe(1);
      }
      // Ringback did not ask upstream about the stranger's key, and the owner's task is as it was.
      const strangers = stack.gateway.calls
        .slice(before)
        .filter(({ authorization }) => authorization === "Bearer sk-a-stranger");
      expect(strangers).toEqual([]);
      expect((await stack.task(id)).metadata).toEqual({ canary: "of the owner" });
    });

    it("does not answer to its idempotency key, and shares no byte with it", async () => {
      const key = { "idempotency-key": "the-same" };
      const owned = await stack.create({ metadata: { canary: "owner" } }, { ...key, ...as("sk-owner") });
      const other = await stack.create({ metadata: { canary: "other" } }, { ...key, ...as("sk-other") });
      expect([owned.status, other.status]).toEqual([202, 202]);
      const [mine, theirs] = [(await owned.json()) as TaskBody, (await other.json()) as TaskBody];
      expect(mine.task_id).not.toBe(theirs.task_id);
      expect(mine.upstream_task_id).not.toBe(theirs.upstream_task_id);
      const read = async (id: string, as_: string) =>
        (await stack.call(`/v1/videos/${id}`, { headers: as(as_) })).status;
      expect(await read(mine.task_id, "sk-owner")).toBe(200);
      expect(await read(theirs.task_id, "sk-other")).toBe(200);
      expect(await read(mine.task_id, "sk-other")).toBe(404);
      expect(await read(theirs.task_id, "sk-owner")).toBe(404);
      const keysUsed = stack.gateway.calls
        .filter(({ method }) => method === "POST")
        .slice(-2)
        .map(({ authorization }) => authorization);
      expect(keysUsed).toEqual(["Bearer sk-owner", "Bearer sk-other"]);
    });

    it("wakes no object when its id is made up", async () => {
      const objects = () =>
        readdirSync(folder, { recursive: true })
          .map(String)
          .filter((file) => /-TaskObject\/[0-9a-f]{64}\.sqlite$/.test(file));
      const before = objects();
      expect(before.length).toBeGreaterThan(0);
      const made = Array.from({ length: 50 }, (_, index) =>
        `task_${createHash("sha512")
          .update(String(index))
          .digest("hex")
          .replaceAll(/[0189]/g, "a")}`.slice(0, 47),
      );
      const statuses = await Promise.all(
        made.map(async (id) => (await stack.call(`/v1/videos/${id}`)).status),
      );
      expect(new Set(statuses)).toEqual(new Set([404]));
      expect(objects()).toEqual(before);
    });
  });
});
