import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it } from "vitest";
import { expectClean, expectSealed, storeFiles } from "../../../support/checks/canary.ts";
import { isTerminal, MODEL, newHook, type TaskBody } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import { ANSWER, HEADER, IMAGE, KEY, PROMPT, QUERY, useStore } from "./canaries.ts";

/*
 * Canaries in every secret place, looked for in every other place.
 *
 * scenario                                               requirement
 * the raw files of the store, during and after           guarantee 9: sealed or derived, nothing in clear
 * the request body, while it waits and afterwards        guarantee 9: only until the upstream has accepted
 * every log line                                         guarantee 9: no secret, no URL's query
 * tasks, deliveries, callbacks, refusals                 guarantee 9; The callback: prompt, images and keys are never in it
 * the receiver repeats its headers                       contract, callback_headers: never shown again
 */

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

describe("with the caller's own key", () => {
  const { stack, folder } = useStore({ token: KEY });
  afterEach(() => {
    stack.gateway.calls.length = 0;
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
