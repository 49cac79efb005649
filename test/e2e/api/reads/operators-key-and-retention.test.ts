import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  eventually,
  isTerminal,
  startStack,
  type DeliveryBody,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";
import { as, asked, type ErrorBody } from "./own-keys.ts";

/*
 * scenario                                            requirement
 * the operator's key                                  contract, Who is calling
 * after the retention                                 guarantee 10; invariant 14
 */

describe("with the operator's key", () => {
  const TOKENS = { alice: "token-of-alice", "alice again": "second-token-of-alice", bob: "token-of-bob" };
  const entry = (name: string, token: string) =>
    `${name}:${createHash("sha256").update(token).digest("hex")}`;
  const stack = useStack({
    token: TOKENS.alice,
    settings: {
      AIO_API_KEY: "sk-the-operators-key",
      RINGBACK_KEYS: [entry("alice", TOKENS.alice), entry("bob", TOKENS.bob)].join(", "),
      RINGBACK_KEYS_2: entry("alice", TOKENS["alice again"]),
    },
  });

  it("GET /v1/models asks with it, never with the caller's token", async () => {
    const before = stack.gateway.calls.length;
    expect((await stack.call("/v1/models")).status).toBe(200);
    expect(stack.gateway.calls.slice(before).map(({ authorization }) => authorization)).toEqual([
      "Bearer sk-the-operators-key",
    ]);
  });

  it("the secret is the name's: the same for its tokens, another for another name, without a question upstream", async () => {
    const before = asked(stack);
    const secretOf = async (token: string) =>
      (await (await stack.call("/v1/webhooks/secret", { headers: as(token) })).json()) as object;
    const secret = await secretOf(TOKENS.alice);
    expect(secret).toEqual({ secret: expect.stringMatching(/^whsec_/) as string, previous: [] });
    expect(await secretOf(TOKENS["alice again"])).toEqual(secret);
    expect(await secretOf(TOKENS.bob)).not.toEqual(secret);
    expect(asked(stack)).toEqual(before);
  });

  it("a task is read with each token of its name, and with no other's", async () => {
    const { task_id: id } = (await (await stack.create()).json()) as TaskBody;
    const statuses = await Promise.all(
      Object.values(TOKENS).map(
        async (token) => (await stack.call(`/v1/videos/${id}`, { headers: as(token) })).status,
      ),
    );
    expect(statuses).toEqual([200, 200, 404]);
  });

  it("a token that is missing, unknown or the operator's key itself is 401, same bytes, without a question upstream", async () => {
    const before = asked(stack);
    const authorizations = [
      null,
      "Bearer unknown",
      "Bearer sk-the-operators-key",
      "Bearer alice",
      "Basic YTpi",
      "x",
    ];
    const bodies = await Promise.all(
      authorizations.flatMap((authorization) =>
        ["/v1/models", "/v1/webhooks/secret", "/v1/videos/task_1", "/v1/videos/task_1/deliveries"].map(
          async (path) => {
            const headers = authorization === null ? {} : { authorization };
            const response = await fetch(stack.worker.url + path, { headers });
            expect(response.status).toBe(401);
            const { error } = (await response.json()) as ErrorBody;
            return JSON.stringify({ ...error, request_id: "" });
          },
        ),
      ),
    );
    expect(new Set(bodies).size).toBe(1);
    expect(asked(stack)).toEqual(before);
  });
});

describe("after the retention", () => {
  const RETENTION_MS = 1080;
  let stack: Stack;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ringback-retention-"));
    stack = await startStack({
      persistTo: folder,
      settings: { RETENTION_HOURS: String(RETENTION_MS / 3_600_000), CALLBACK_RETRY_SECONDS: "1.5" },
      gateway: { queueSeconds: 0, runSeconds: 0 },
    });
  });
  afterAll(async () => {
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What the files of all task objects hold: rows of each table, and the alarms that are set. */
  function stored(): { tables: string[]; alarms: number; objects: number } {
    const files = readdirSync(folder, { recursive: true }).map(String);
    const open = (pattern: RegExp) =>
      files
        .filter((file) => pattern.test(file))
        .map((file) => new DatabaseSync(join(folder, file), { readOnly: true }));
    const objects = open(/-TaskObject\/[0-9a-f]{64}\.sqlite$/);
    const metadata = open(/-TaskObject\/metadata\.sqlite$/);
    const list = (database: DatabaseSync, sql: string) => database.prepare(sql).all();
    const tables = objects.flatMap((database) =>
      list(database, "SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) => String(name)),
    );
    const alarms = metadata.flatMap((database) => list(database, "SELECT actor_id FROM _cf_ALARM")).length;
    for (const database of [...objects, ...metadata]) database.close();
    return { tables, alarms, objects: objects.length };
  }

  const statusOf = async (path: string) => (await stack.call(path)).status;

  it("a task is gone: 404, empty storage, no alarm", async () => {
    const { task_id: id } = (await (await stack.create({ metadata: { a: 1 } })).json()) as TaskBody;
    const task = await stack.task(id, isTerminal);
    expect(stored()).toMatchObject({
      objects: 1,
      alarms: 1,
      tables: expect.arrayContaining(["_cf_KV"]) as string[],
    });
    await eventually(
      async () => statusOf(`/v1/videos/${id}`),
      (status) => status === 404,
    );
    expect(Date.now() - Date.parse(task.finished_at ?? "")).toBeGreaterThanOrEqual(RETENTION_MS);
    expect(await statusOf(`/v1/videos/${id}/deliveries`)).toBe(404);
    const left = await eventually(
      async () => stored(),
      ({ alarms }) => alarms === 0,
    );
    expect(left).toEqual({ objects: 1, alarms: 0, tables: [] });
    // A read wakes the object once more; that must not leave anything behind either.
    expect(await statusOf(`/v1/videos/${id}`)).toBe(404);
    expect(stored()).toEqual(left);
  });

  it("a task whose callback takes longer stays until that is settled, and so long after", async () => {
    stack.receiver.reply({ status: 500 });
    const created = await stack.create({
      callback_url: stack.receiver.url,
      callback_headers: { "x-key": "v" },
    });
    const { task_id: id } = (await created.json()) as TaskBody;
    const [delivery] = await stack.deliveries(id, ([first]) => first?.status === "delivered");
    const settledAt = lastEnd(delivery);
    const finishedAt = Date.parse((await stack.task(id)).finished_at ?? "");
    // By its end alone it would have been gone before its second attempt.
    expect(settledAt - finishedAt).toBeGreaterThan(RETENTION_MS);
    await eventually(
      async () => statusOf(`/v1/videos/${id}`),
      (status) => status === 404,
    );
    expect(Date.now() - settledAt).toBeGreaterThanOrEqual(RETENTION_MS);
    const left = await eventually(
      async () => stored(),
      ({ alarms }) => alarms === 0,
    );
    expect(left).toMatchObject({ tables: [], alarms: 0 });
  });
});

function lastEnd(delivery: DeliveryBody | undefined): number {
  const last = delivery?.attempts.at(-1);
  return Date.parse(last?.started_at ?? "") + (last?.duration_ms ?? Number.NaN);
}
