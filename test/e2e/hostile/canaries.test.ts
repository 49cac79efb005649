import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serialize } from "node:v8";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type Gateway } from "../../../dev/gateway.ts";
import { startReceiver, type Receiver } from "../../../dev/receiver.ts";
import { expectClean, expectSealed } from "../../support/checks/canary.ts";
import {
  startKillableWorker,
  type KillableOptions,
  type KillableWorker,
} from "../../support/programs/processes.ts";
import { addRun, newTally, printTally } from "../../support/checks/tally.ts";
import { eventually, FAST_SETTINGS, isTerminal, MODEL, type TaskBody } from "../../support/stack.ts";

/*
 * Canaries on the paths where things break; `secrets.test.ts` has those of a life that goes well.
 *
 * scenario                                      looked for in
 * a failed generation                           the log, the store, the callbacks, answers to others
 * a kill with the submit on the wire            the same
 * a kill with a callback on the wire            the same
 * an endpoint's headers, over a kill            the same
 * a store that does not parse: 500              the answer and the log
 */

const KEY = "sk-canary-of-the-caller";
const OTHER_KEY = "sk-of-somebody-else";
const HEADER = "canary-value-of-a-header";
const ENDPOINT_HEADER = "canary-of-an-endpoint's-header";
const PROMPT = "A canary 金丝雀 in the prompt.";
const IMAGE = `canaryImage${"A".repeat(100_000)}`;
const METADATA = "canary-in-the-metadata";
const QUERY = "canary-in-the-query";
/** Short enough for the runtime to quote it whole when it does not parse. */
const BROKEN = "canary-in-a-row";
/** The places where they must not be; metadata is the caller's own to see again. */
const SECRET = [KEY, HEADER, ENDPOINT_HEADER, PROMPT, IMAGE.slice(0, 30)];

const folder = mkdtempSync(join(tmpdir(), "ringback-canaries-"));
const logs: string[] = [];
/** Every answer to the caller. */
const answers: string[] = [];
let gateway: Gateway;
let receiver: Receiver;
let options: KillableOptions;
let worker: KillableWorker;

beforeAll(async () => {
  gateway = await startGateway({ queueSeconds: 0.1, runSeconds: 0.1 });
  receiver = await startReceiver();
  const settings = { ...FAST_SETTINGS, AIO_BASE_URL: gateway.baseUrl, UPSTREAM_TIMEOUT_SECONDS: "5" };
  options = { persistTo: folder, settings };
  worker = await startKillableWorker(options);
});
afterAll(async () => {
  await worker.kill();
  await Promise.all([gateway.close(), receiver.close()]);
  rmSync(folder, { recursive: true, force: true });
});

async function killAndRestart(meanwhile: () => void = () => {}): Promise<void> {
  await worker.kill();
  logs.push(...worker.logs);
  meanwhile();
  worker = await startKillableWorker(options);
}

async function call(path: string, init: RequestInit = {}, key = KEY): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("content-type", "application/json");
  headers.set("authorization", `Bearer ${key}`);
  const response = await fetch(worker.url + path, { ...init, headers });
  if (key === KEY) answers.push(await response.clone().text());
  return response;
}

async function create(name: string): Promise<Response> {
  const fields = {
    model: MODEL,
    prompt: PROMPT,
    image: IMAGE,
    metadata: { note: METADATA },
    callback_url: `${receiver.url}/${name}?token=${QUERY}`,
    callback_headers: { "x-make-apikey": HEADER },
  };
  return call("/v1/videos", {
    method: "POST",
    body: JSON.stringify(fields),
    headers: { "idempotency-key": name },
  });
}

async function settled(id: string): Promise<TaskBody> {
  return eventually(
    async () => (await (await call(`/v1/videos/${id}`)).json()) as TaskBody,
    (task) => isTerminal(task) && task.callback?.status === "delivered",
    20_000,
  );
}

/** The task's document in the store's files, which no process has open. */
function breakRow(taskId: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(({ name }) => name.endsWith(".sqlite"))
    .map(({ parentPath, name }) => join(parentPath, name));
  return files.map((file) => breakRowIn(file, taskId)).reduce((sum, changes) => sum + changes, 0);
}

function breakRowIn(file: string, taskId: string): number {
  const database = new DatabaseSync(file);
  try {
    const table = database.prepare("SELECT 1 FROM sqlite_master WHERE name = '_cf_KV'").get();
    if (!table) return 0;
    const update = database.prepare("UPDATE _cf_KV SET value = ? WHERE key = 'document' AND instr(value, ?)");
    return Number(update.run(serialize(BROKEN), Buffer.from(taskId)).changes);
  } finally {
    database.close();
  }
}

describe("no canary is found", { timeout: 60_000 }, () => {
  const ids: string[] = [];

  it("after a failed generation", async () => {
    gateway.fault({
      on: "poll",
      status: 200,
      body: { status: "failed", error_message: "Refused by review." },
    });
    const task = (await (await create("failed")).json()) as TaskBody;
    expect(await settled(task.task_id)).toMatchObject({ error: { code: "generation_failed" } });
    ids.push(task.task_id);
  });

  it("after a kill with the submit on the wire", async () => {
    gateway.fault({ on: "submit", delayMs: 4000 });
    const before = gateway.calls.length;
    // Breaks off with the process.
    const lost = create("killed-in-submit").catch(() => null);
    await eventually(
      async () => gateway.calls.length,
      (count) => count > before,
    );
    await killAndRestart();
    expect(await lost).toBeNull();
    const task = (await (await create("killed-in-submit")).json()) as TaskBody;
    expect(await settled(task.task_id)).toMatchObject({ error: { code: "submit_unknown" } });
    ids.push(task.task_id);
  });

  it("after a kill with a callback on the wire", async () => {
    receiver.reply({ delayMs: 900, body: `I was told ${HEADER}` });
    const task = (await (await create("killed-in-callback")).json()) as TaskBody;
    await receiver.waitFor((all) => all.some(({ path }) => path.includes("killed-in-callback")));
    await killAndRestart();
    expect(await settled(task.task_id)).toMatchObject({ status: "succeeded", callback: { attempts: 2 } });
    ids.push(task.task_id);
  });

  it("after a registration, a kill, and tests of an endpoint that repeats its header", async () => {
    const hook = `${receiver.url}/endpoint?token=${QUERY}`;
    const post = async (path: string, fields: object, method = "POST"): Promise<Response> =>
      call(`/v1/webhooks/endpoints${path}`, { method, body: JSON.stringify(fields) });
    const registered = await post("", { url: hook, headers: { "x-api-key": ENDPOINT_HEADER } });
    const { id } = (await registered.json()) as { id: string };
    await killAndRestart();
    const read = await call(`/v1/webhooks/endpoints/${id}`);
    expect(await read.json()).toMatchObject({ id, header_names: ["x-api-key"] });
    receiver.reply({ body: `I was told ${ENDPOINT_HEADER}` });
    expect(await (await post(`/${id}/test`, {})).json()).toMatchObject({ delivered: true });
    const changed = await post(
      `/${id}`,
      { headers: { authorization: `Bearer ${ENDPOINT_HEADER}` } },
      "PATCH",
    );
    expect(changed.status).toBe(200);
    await killAndRestart();
    receiver.reply({ status: 503, body: `I was told ${ENDPOINT_HEADER}` });
    expect(await (await post(`/${id}/test`, { type: "video.failed" })).json()).toMatchObject({
      status_code: 503,
    });
    const told = receiver.received.filter(({ path }) => path.startsWith("/hook/endpoint"));
    expect(told.map(({ headers }) => headers["x-api-key"] ?? headers["authorization"])).toEqual([
      ENDPOINT_HEADER,
      `Bearer ${ENDPOINT_HEADER}`,
    ]);
    expect((await call(`/v1/webhooks/endpoints/${id}`, { method: "DELETE" })).status).toBe(204);
  });

  it("in the answer to a request that fails inside", async () => {
    const task = (await (await create("broken")).json()) as TaskBody;
    await settled(task.task_id);
    await killAndRestart(() => expect(breakRow(task.task_id)).toBe(1));
    const response = await call(`/v1/videos/${task.task_id}`);
    expect(response.status).toBe(500);
    const { error } = (await response.clone().json()) as { error: Record<string, unknown> };
    expect(Object.keys(error).toSorted()).toEqual(["code", "message", "request_id"]);
    expect(error["code"]).toBe("internal");
    expectClean(JSON.stringify(error), BROKEN);
    ids.push(task.task_id);
  });

  it("in what others are answered, by any route", async () => {
    const made = `task_${"a".repeat(42)}`;
    const routes: [string, string][] = [
      ["GET", ""],
      ["GET", "/deliveries"],
      ["POST", "/redeliver"],
      ["DELETE", ""],
    ];
    for (const id of ids) {
      for (const [method, path] of routes) {
        const theirs = await call(`/v1/videos/${id}${path}`, { method }, OTHER_KEY);
        const nobodys = await call(`/v1/videos/${made}${path}`, { method }, OTHER_KEY);
        expect(theirs.status).toBe(404);
        expect(withoutRequestId(await theirs.text())).toBe(withoutRequestId(await nobodys.text()));
      }
    }
  });

  it("in the log, the store, the callbacks and the caller's own answers", async () => {
    await worker.kill();
    logs.push(...worker.logs);
    const log = logs.join("\n");
    for (const id of ids) expect(log).toContain(id);
    const tally = newTally("a failure, two kills and a broken store, with canaries");
    for (const id of ids) {
      const ends = receiver.received.filter(({ body }) => body.includes(id));
      const messages = new Set(ends.map(({ headers }) => headers["webhook-id"])).size;
      addRun(tally, { lost: messages === 0 ? 1 : 0, doubled: Math.max(0, messages - 1), leaked: 0 });
    }
    const shown = [log, ...answers, ...receiver.received.map(({ body }) => body)];
    tally.leaked = shown.flatMap((text) => SECRET.filter((secret) => text.includes(secret))).length;
    printTally(tally);
    expect(tally).toMatchObject({ runs: 4, lost: 0, doubled: 0, leaked: 0 });
    expectClean(log, ...SECRET, METADATA, QUERY, BROKEN, "whsec_");
    expectSealed(folder, ...SECRET);
    expect(receiver.received.length).toBeGreaterThanOrEqual(5);
    for (const { body } of receiver.received) expectClean(body, ...SECRET);
    for (const answer of answers) expectClean(answer, ...SECRET);
  });
});

function withoutRequestId(body: string): string {
  return body.replace(/"request_id":"[^"]+"/, "");
}
