import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type Fault } from "../../../../dev/gateway.ts";
import { expectClean, expectSealed, storeFiles } from "../../../support/checks/canary.ts";
import {
  isTerminal,
  MODEL,
  newHook,
  startStack,
  submitsTo,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";

/*
 * Canaries in every secret place, looked for in every other place.
 *
 * scenario                                               requirement
 * the raw files of the store, during and after           guarantee 9: sealed or derived, nothing in clear
 * the request body, while it waits and afterwards        guarantee 9: only until the upstream has accepted
 * every log line                                         guarantee 9: no secret, no URL's query
 * tasks, deliveries, callbacks, refusals                 guarantee 9; The callback: prompt, images and keys are never in it
 * the upstream repeats the key                           guarantee 9: replaced wherever the upstream echoes it
 * the receiver repeats its headers                       contract, callback_headers: never shown again
 * the operator's key and the base URL change             contract, Who is calling: each call uses the current one
 */

/** The slash and the plus are escaped by some encoders, which must not hide the key. */
const KEY = "sk-canary/of+the=caller";
const TOKEN = "rb-canary-token-of-alice";
const OPERATOR_KEY = "sk-canary/of+the=operator";
const HEADER = "canary-value-of-a-header";
const PROMPT = "A canary 金丝雀 in the prompt.";
const IMAGE = `canaryImage${"A".repeat(400_000)}`;
const QUERY = "canary-in-the-query";
const ANSWER = "canary-in-the-last-answer";

/** Bytes in all the BLOBs of the store, read from a copy. */
function blobBytes(folder: string): number {
  const copy = mkdtempSync(join(tmpdir(), "ringback-copy-"));
  try {
    const files = storeFiles(folder);
    for (const { name, bytes } of files) writeFileSync(join(copy, name), bytes);
    const databases = files.filter(({ name }) => name.endsWith(".sqlite"));
    return databases.map(({ name }) => blobBytesOf(join(copy, name))).reduce((sum, bytes) => sum + bytes, 0);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function blobBytesOf(file: string): number {
  const database = new DatabaseSync(file);
  try {
    const columns = database
      .prepare(
        'SELECT t.name AS "table", c.name AS "column" FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = \'table\'',
      )
      .all() as { table: string; column: string }[];
    const lengths = columns.map(({ table, column }) => {
      const sum = `SELECT total(length("${column}")) AS bytes FROM "${table}" WHERE typeof("${column}") = 'blob'`;
      return Number(database.prepare(sum).get()?.["bytes"]);
    });
    return lengths.reduce((sum, bytes) => sum + bytes, 0);
  } finally {
    database.close();
  }
}

function escaped(text: string): string {
  return Array.from(text, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`).join(
    "",
  );
}

/** JSON of the upstream in which the key stands, in the ways in which encoders write it. */
function echoes(key: string, members: string): [name: string, body: string][] {
  return [
    ["plain", `{${members},"echo":"Bearer ${key}."}`],
    ["as a name", `{${members},"${key}":1}`],
    ["deep inside", `{${members},"a":[{"b":{"c":["x ${key} ${key}"]}}]}`],
    ["with its slash escaped", `{${members},"echo":"${key.replace("/", "\\/")}"}`],
    ["with every letter escaped", `{${members},"echo":"${escaped(key)}"}`],
    ["as JSON in a string", `{${members},"echo":${JSON.stringify(JSON.stringify({ key }))}}`],
  ];
}

let folder: string;
let stack: Stack;
const settled = async (id: string): Promise<TaskBody> =>
  stack.task(id, (task) => isTerminal(task) && task.callback?.status !== "pending");

describe("with the caller's own key", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ringback-secrets-"));
    stack = await startStack({ token: KEY, persistTo: folder });
  });
  afterEach(() => {
    stack.gateway.clearFaults();
    stack.gateway.calls.length = 0;
  });
  afterAll(async () => {
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("a whole life leaves no secret in the store, in the log, in an answer or in a callback", async () => {
    const hook = newHook(stack);
    const { secret } = (await (await stack.call("/v1/webhooks/secret")).json()) as { secret: string };
    const signingKey = Buffer.from(secret.replace("whsec_", ""), "base64");
    const sealed = [KEY, HEADER, PROMPT, ANSWER, IMAGE.slice(0, 30), secret, signingKey];
    const fields = {
      prompt: PROMPT,
      image: IMAGE,
      callback_url: `${hook.url}?token=${QUERY}`,
      callback_headers: { "x-make-apikey": HEADER, authorization: `Bearer ${HEADER}` },
    };
    const answers: string[] = [];

    // Waits for the upstream, with its body; then runs; then ends, and is called back at the second try.
    stack.gateway.fault({ on: "submit", status: 429, headers: { "retry-after": "1" } });
    const upstreamId = "cgt-of-the-canary";
    stack.gateway.fault({
      on: "submit",
      status: 200,
      body: { task_id: upstreamId, status: "queued", note: ANSWER },
    });
    stack.gateway.fault({
      on: "poll",
      status: 200,
      times: Infinity,
      body: { status: "running", note: ANSWER },
    });
    stack.receiver.reply({ status: 500, body: `Not yet: ${HEADER} and Bearer ${HEADER}` });
    const created = await stack.create(fields, { "idempotency-key": "canary-life" });
    expect(created.status).toBe(202);
    answers.push(await created.text());
    const { task_id: id } = JSON.parse(answers[0] ?? "") as TaskBody;
    const read = async (): Promise<void> => {
      for (const path of [`/v1/videos/${id}`, `/v1/videos/${id}/deliveries`])
        answers.push(await (await stack.call(path)).text());
    };
    await read();
    expectSealed(folder, ...sealed);

    await stack.task(id, ({ status }) => status === "running");
    await read();
    expectSealed(folder, ...sealed);

    const replay = await stack.create(fields, { "idempotency-key": "canary-life" });
    expect(replay.headers.get("idempotent-replayed")).toBe("true");
    answers.push(await replay.text());
    stack.gateway.clearFaults();
    const done = {
      status: "succeeded",
      note: ANSWER,
      video_url: `https://cdn.example.com/v.mp4?token=${QUERY}`,
    };
    stack.gateway.fault({ on: "poll", status: 200, body: done });
    const task = await stack.task(id, ({ callback }) => callback?.status === "delivered");
    expect(task).toMatchObject({ status: "succeeded", callback: { attempts: 2 }, upstream: done });
    await read();
    expectSealed(folder, ...sealed);

    for (const answer of answers) {
      expectClean(answer, KEY, HEADER, PROMPT, IMAGE.slice(0, 30));
      // The query stands in the two URLs that are the caller's to see, and nowhere else.
      expectClean(answer.replaceAll(`${hook.url}?token=${QUERY}`, "").replaceAll(done.video_url, ""), QUERY);
    }
    const callbacks = hook.received();
    expect(callbacks).toHaveLength(2);
    for (const { body, headers } of callbacks) {
      expect(headers["x-make-apikey"]).toBe(HEADER);
      expectClean(body, KEY, HEADER, PROMPT, IMAGE.slice(0, 30), ANSWER);
      expectClean(body.replace(done.video_url, ""), QUERY);
      expect(JSON.stringify(headers)).not.toContain(KEY);
    }
    const log = stack.logs.join("\n");
    expect(log).toContain(id);
    expectClean(log, KEY, HEADER, PROMPT, IMAGE.slice(0, 30), ANSWER, QUERY, secret, "127.0.0.1");
  });

  it("a request that waits is kept sealed, and only until the upstream has accepted it", async () => {
    const before = blobBytes(folder);
    stack.gateway.fault({ on: "submit", status: 429, headers: { "retry-after": "1" } });
    const { task_id: id } = (await (await stack.create({ image: IMAGE })).json()) as TaskBody;
    expect(blobBytes(folder) - before).toBeGreaterThan(IMAGE.length - 10_000);
    await stack.task(id, ({ submitted_at: submittedAt }) => submittedAt !== null);
    expect(blobBytes(folder) - before).toBeLessThan(10_000);
    await stack.task(id, isTerminal);
  });

  it("a refused or unknown request leaves nothing of itself in the store", async () => {
    const canary = "a canary that was refused";
    for (const answer of [{ status: 400 }, { status: 500 }, { drop: "after" as const }]) {
      stack.gateway.fault({ on: "submit", ...answer });
      const response = await stack.create({
        prompt: canary,
        callback_headers: { "x-a": "canary-of-a-refusal" },
        callback_url: newHook(stack).url,
      });
      expect([202, 400]).toContain(response.status);
    }
    expectSealed(folder, canary, "canary-of-a-refusal", KEY);
  });

  it("a refusal by Ringback repeats no value, and logs none", async () => {
    const canary = "canary-in-a-bad-value";
    const bad: Record<string, unknown>[] = [
      { callback_url: `ftp://user:${canary}@example.com/?token=${canary}` },
      { callback_url: `https://user:${canary}@127.0.0.1/?token=${canary}` },
      {
        callback_url: "http://127.0.0.1:9/",
        callback_headers: { "x-a": `${canary}\n`, "x-b": `é${canary}`, host: canary },
      },
      { prompt: canary.repeat(200) },
      { image: `!${canary}` },
      { metadata: canary, duration_seconds: canary, with_audio: canary, resolution: canary, test: canary },
    ];
    for (const fields of bad) {
      const response = await stack.create(fields);
      expect(response.status).toBe(400);
      expectClean(await response.text(), canary, KEY);
    }
    const broken = `{"model":"${MODEL}","prompt":"${canary}"`;
    const response = await stack.call("/v1/videos", {
      method: "POST",
      body: broken,
      headers: { "content-type": "application/json" },
    });
    expect(response.status).toBe(400);
    expectClean(await response.text(), canary, KEY);
    expectClean(stack.logs.join("\n"), canary, KEY);
  });

  describe("an upstream that repeats the key", () => {
    it.each(byDay(echoes(KEY, '"task_id":"cgt-echo","status":"queued"')))(
      "in its answer to the submit, %s, is masked everywhere",
      async (_name, body) => {
        stack.gateway.fault({ on: "submit", status: 200, body });
        stack.gateway.fault({ on: "poll", status: 200, body: body.replace("queued", "failed") });
        const hook = newHook(stack);
        const response = await stack.create({ callback_url: hook.url });
        expect(response.status).toBe(202);
        const text = await response.text();
        expectClean(text, KEY);
        const { task_id: id, upstream } = JSON.parse(text) as TaskBody;
        expect(upstream).toMatchObject({ task_id: "cgt-echo" });
        const task = await settled(id);
        expect(task.upstream).toMatchObject({ task_id: "cgt-echo", status: "failed" });
        expectClean(JSON.stringify(task), KEY);
        expectClean(hook.received()[0]?.body ?? "none", KEY);
        expectSealed(folder, KEY);
      },
    );

    const refusals: [name: string, body: string][] = [
      ...echoes(KEY, '"error":{"message":"no"}'),
      ["in the message", JSON.stringify({ error: { message: `The key ${KEY} is not known.` } })],
      ["in the message, escaped", `{"error":{"message":"The key ${escaped(KEY)} is not known."}}`],
      ["in a page", `<h1>${KEY}</h1>`],
      ["in half of a JSON", `{"error":"${KEY}`],
      ["across the 16 KB that are passed on", `${"x".repeat(16_384 - 10)}${KEY}`],
    ];
    it.each(byDay(refusals))("in a refusal, %s, is masked everywhere", async (_name, body) => {
      stack.gateway.fault({
        on: "submit",
        status: 401,
        body,
        headers: { "x-echo": KEY, "www-authenticate": KEY },
      });
      const response = await stack.create();
      expect(response.status).toBe(401);
      expectClean(JSON.stringify([...response.headers]), KEY);
      const text = await response.text();
      expectClean(text, KEY, KEY.slice(0, 10));
      expect(text).toContain('"code":"upstream_unauthorized"');
    });

    it.each(byDay(refusals))(
      "in a refusal after the answer, %s, is masked everywhere",
      async (_name, body) => {
        const hook = newHook(stack);
        stack.gateway.fault({ on: "submit", status: 400, body });
        const response = await stack.create({ callback_url: hook.url }, { prefer: "respond-async" });
        const { task_id: id } = (await response.json()) as TaskBody;
        const task = await settled(id);
        expect(task.error?.code).toBe("upstream_rejected");
        expectClean(JSON.stringify(task), KEY, KEY.slice(0, 10));
        expectClean(hook.received()[0]?.body ?? "none", KEY, KEY.slice(0, 10));
      },
    );

    it("in an unknown answer is masked everywhere", async () => {
      stack.gateway.fault({ on: "submit", status: 500, body: { error: `upstream saw ${KEY}` } });
      const response = await stack.create();
      expect(response.status).toBe(202);
      expectClean(await response.text(), KEY);
    });

    it.each(
      byDay([
        ["plain", `The key ${KEY} has no quota.`],
        ["after the 2000 characters that are kept", `${"y".repeat(1995)}${KEY}`],
      ]),
    )("in error_message, %s, is masked everywhere", async (_name, message) => {
      const hook = newHook(stack);
      stack.gateway.fault({ on: "poll", status: 200, body: { status: "failed", error_message: message } });
      const response = await stack.create({ callback_url: hook.url });
      const { task_id: id } = (await response.json()) as TaskBody;
      const task = await settled(id);
      expect(task.error?.code).toBe("generation_failed");
      expect(task.error_message).toMatch(/^The key |^yyy/);
      expectClean(JSON.stringify(task), KEY, KEY.slice(0, 4));
      expectClean(hook.received()[0]?.body ?? "none", KEY, KEY.slice(0, 4));
    });

    it("as a word for the status or as progress is masked everywhere, in the log, too", async () => {
      stack.gateway.fault({ on: "poll", status: 200, body: { status: KEY, progress: KEY }, times: 2 });
      const response = await stack.create();
      const { task_id: id } = (await response.json()) as TaskBody;
      const task = await stack.task(id, isTerminal);
      expect(task.status).toBe("succeeded");
      expectClean(JSON.stringify(task), KEY);
      expectClean(stack.logs.join("\n"), KEY);
    });

    // A key of its own: that of the others was listed its models within the last minute.
    const lister = `${KEY}/lister`;
    const models: [name: string, answer: Omit<Fault, "on">][] = [
      ...echoes(lister, '"object":"list"').map(([name, body]): [string, Omit<Fault, "on">] => [
        name,
        { status: 200, body, headers: { "content-type": "application/json" } },
      ]),
      ["in a 401", { status: 401, body: { error: { message: `Unknown key ${lister}` } } }],
      ["in a 500", { status: 500, body: `Trace: ${lister}` }],
      ["in a page", { status: 200, body: `<h1>${lister}</h1>`, headers: { "content-type": "text/html" } }],
      [
        "in headers",
        {
          status: 200,
          body: "{}",
          headers: { "x-echo": lister, "set-cookie": lister, "content-type": `text/plain; k="${lister}"` },
        },
      ],
    ];
    it.each(byDay(models))("in its models, %s, is masked everywhere", async (_name, answer) => {
      stack.gateway.fault({ on: "models", ...answer });
      const headers = { authorization: `Bearer ${lister}` };
      const response = await stack.call("/v1/models", { headers });
      expect(response.status).toBe(answer.status === 500 ? 502 : answer.status);
      expectClean(JSON.stringify([...response.headers]), KEY);
      expectClean(await response.text(), KEY);
    });

    it("keeps the models as they are where the key is not in them", async () => {
      const body = '{ "object":"list", "data":[ {"id":"a\\/b","n":12345678901234567890,"x":1.10} ] }';
      stack.gateway.fault({
        on: "models",
        status: 200,
        body,
        headers: { "content-type": "application/json" },
      });
      // Of a key that was not listed its models a moment ago.
      const response = await stack.call("/v1/models", { headers: { authorization: "Bearer sk-clean" } });
      expect(await response.text()).toBe(body);
    });
  });

  it.each(
    byDay([
      ["in its answer", { status: 400, body: `{"you sent":"${HEADER}"}` }],
      ["in a success", { status: 200, body: `Thanks for Bearer ${HEADER}` }],
      ["in a redirect", { status: 302, headers: { location: `https://example.com/?k=${HEADER}` } }],
    ]),
  )("a receiver that repeats its headers, %s, shows them nowhere", async (_name, reply) => {
    const hook = newHook(stack);
    stack.receiver.reply(reply);
    const fields = {
      callback_url: hook.url,
      callback_headers: { "x-a": HEADER, authorization: `Bearer ${HEADER}` },
    };
    const { task_id: id } = (await (await stack.create(fields)).json()) as TaskBody;
    await stack.task(id, ({ callback }) => callback?.status === "delivered");
    const deliveries = await stack.deliveries(id);
    expect(deliveries[0]?.attempts[0]?.response_excerpt).toMatch(/./);
    expectClean(JSON.stringify(deliveries), HEADER);
    expectClean(stack.logs.join("\n"), HEADER);
  });
});

describe("with the operator's key", () => {
  const other = "sk-another-canary/of+the=operator";
  const settings = {
    AIO_API_KEY: OPERATOR_KEY,
    RINGBACK_KEYS: `alice:${createHash("sha256").update(TOKEN).digest("hex")}`,
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ringback-secrets-"));
    stack = await startStack({ token: TOKEN, persistTo: folder, settings });
  });
  afterEach(() => stack.gateway.clearFaults());
  afterAll(async () => {
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(byDay(echoes(OPERATOR_KEY, '"error":{"message":"no"}')))(
    "an upstream that repeats it in a refusal, %s, is masked everywhere",
    async (_name, body) => {
      stack.gateway.fault({ on: "submit", status: 400, body });
      const text = await (await stack.create()).text();
      expect(text).toContain('"code":"upstream_rejected"');
      expectClean(text, OPERATOR_KEY);
    },
  );

  it.each(byDay(echoes(OPERATOR_KEY, '"object":"list"')))(
    "an upstream that repeats it in its models, %s, is masked everywhere",
    async (_name, body) => {
      stack.gateway.fault({ on: "models", status: 200, body });
      const response = await stack.call("/v1/models");
      expect(response.status).toBe(200);
      expectClean(await response.text(), OPERATOR_KEY);
    },
  );

  it.each([401, 402, 403])("the models' %i is 502, in words of our own", async (status) => {
    stack.gateway.fault({
      on: "models",
      status,
      body: { error: { message: "canary of the operator's balance" } },
    });
    const response = await stack.call("/v1/models");
    expect(response.status).toBe(502);
    expectClean(await response.text(), "canary", OPERATOR_KEY);
  });

  it("is not stored with a task: each call uses the current key and the current base URL", async () => {
    const hook = newHook(stack);
    stack.gateway.fault({
      on: "poll",
      status: 200,
      times: Infinity,
      body: { status: "running", note: ANSWER, key: OPERATOR_KEY },
    });
    const { task_id: id } = (await (
      await stack.create({ prompt: PROMPT, callback_url: hook.url })
    ).json()) as TaskBody;
    const task = await stack.task(id, ({ status }) => status === "running");
    expectClean(JSON.stringify(task), OPERATOR_KEY, TOKEN);
    expectSealed(folder, OPERATOR_KEY, TOKEN, PROMPT, ANSWER);

    const elsewhere = await startGateway();
    try {
      const moved = stack.gateway.tasks.get(task.upstream_task_id ?? "");
      if (moved === undefined) throw new Error("the gateway does not know the task");
      elsewhere.tasks.set(moved.id, { ...moved, key: other, endsAt: 0 });
      await stack.restart({ AIO_API_KEY: other, AIO_BASE_URL: elsewhere.baseUrl });
      const before = stack.gateway.calls.length;
      expect(await stack.task(id, isTerminal)).toMatchObject({ status: "succeeded" });
      await hook.waitFor(1);
      expect(stack.gateway.calls).toHaveLength(before);
      expect(new Set(elsewhere.calls.map(({ authorization }) => authorization))).toEqual(
        new Set([`Bearer ${other}`]),
      );
      expectSealed(folder, OPERATOR_KEY, other, TOKEN, PROMPT, ANSWER);
      expectClean(stack.logs.join("\n"), OPERATOR_KEY, other, TOKEN, PROMPT, ANSWER);
      expectClean(hook.received()[0]?.body ?? "none", OPERATOR_KEY, other, TOKEN, PROMPT);
      expect(submitsTo(elsewhere)).toEqual([]);
    } finally {
      await stack.restart();
      await elsewhere.close();
    }
  });
});
