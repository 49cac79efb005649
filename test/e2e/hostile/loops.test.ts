import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWorker, type LocalWorker } from "../../../dev/worker.ts";
import { freePort } from "../../support/programs/ports.ts";
import { httpAnswer, startRawServer, type RawServer } from "../../support/wire/raw-server.ts";
import { codeOf, send } from "../../support/wire/send.ts";
import {
  FAST_SETTINGS,
  MODEL,
  newHook,
  OWN_KEY,
  sendRaw,
  startStack,
  submitsTo,
  type Stack,
  type TaskBody,
} from "../../support/stack.ts";

/*
 * A caller that makes Ringback call itself, or the network that it runs in.
 *
 * scenario                                            requirement
 * callbacks that come back as creates and pings       threats T15: refused by host and by the marker, 508
 * a URL that was fine when it was given               contract, callback_url: judged again before each attempt
 * an upstream that is Ringback itself                 contract, Settings: 503; ringback-hop: 508
 * pings into the house                                contract, callback_url; threats T3
 * values with members of a prototype                  contract, Errors: malformed input is never a 500
 */

describe("a callback that comes back", () => {
  /** A relay that sends on to Ringback every request that it gets, headers and all. */
  async function relayTo(stack: () => Stack, path: string): Promise<RawServer & { statuses: number[] }> {
    const statuses: number[] = [];
    const relay = await startRawServer((socket, { headers, body }) => {
      const { host: _, "content-length": __, connection: ___, ...passed } = headers;
      const sent = {
        method: "POST",
        headers: { ...passed, authorization: `Bearer ${OWN_KEY}` },
        chunks: [body],
      };
      const passOn = async (): Promise<void> => {
        const answer = await sendRaw(stack().worker.url + path, sent);
        statuses.push(answer.status);
        socket.end(httpAnswer(answer.status, answer.body));
      };
      passOn().catch(() => socket.destroy());
    });
    return Object.assign(relay, { statuses });
  }

  it.each(["/v1/videos", "/v1/webhooks/ping"])(
    "by way of a relay is recognised by its marker at %s: 508, and no loop",
    async (path) => {
      const stack = await startStack({
        settings: { CALLBACK_TIMEOUT_SECONDS: "10", UPSTREAM_TIMEOUT_SECONDS: "10" },
      });
      const relay = await relayTo(() => stack, path);
      try {
        const created = await stack.create({
          test: { outcome: "succeeded", delay_seconds: 0 },
          callback_url: relay.origin,
        });
        const { task_id: id } = (await created.json()) as TaskBody;
        const [delivery] = await stack.deliveries(
          id,
          ([first]) => first !== undefined && first.status !== "pending",
        );
        expect(delivery).toMatchObject({ status: "exhausted" });
        expect(delivery?.attempts.map(({ reason }) => reason)).toEqual(Array(4).fill("http_508"));
        expect(relay.statuses).toEqual(Array(4).fill(508));
        expect(submitsTo(stack.gateway)).toEqual([]);
      } finally {
        await stack.close();
        await relay.close();
      }
    },
  );

  it("is refused by host at a create and at a ping: that of the request, and RINGBACK_HOSTS", async () => {
    const stack = await startStack({
      settings: { ALLOW_PRIVATE_CALLBACKS: "", RINGBACK_HOSTS: "ringback.acme.dev, calls.acme.dev:8443" },
    });
    try {
      const urls = [
        "https://asked.acme.dev/v1/videos",
        "https://ASKED.acme.dev.:8443/",
        "https://asked。acme。dev/",
        "https://ringback.acme.dev/",
        "https://%72ingback.acme.dev./x",
        "https://calls.acme.dev/",
      ];
      const headers = { host: "asked.acme.dev" };
      for (const url of urls) {
        const sent = { method: "POST", headers, body: { model: MODEL, prompt: "x", callback_url: url } };
        const create = await send(stack, "/v1/videos", sent);
        const ping = await send(stack, "/v1/webhooks/ping", { ...sent, body: { callback_url: url } });
        for (const answer of [create, ping]) {
          expect([url, answer.status]).toEqual([url, 400]);
          expect(answer.body).toContain("must not point at this Ringback deployment itself");
        }
      }
      expect(submitsTo(stack.gateway)).toEqual([]);
    } finally {
      await stack.close();
    }
  });

  it("to a URL that was fine when it was given is stopped before the next attempt, unsent", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ringback-hostile-"));
    const stack = await startStack({
      persistTo: folder,
      settings: {
        CALLBACK_RETRY_SECONDS: "1.5",
        CALLBACK_TIMEOUT_SECONDS: "10",
        UPSTREAM_TIMEOUT_SECONDS: "10",
      },
    });
    try {
      stack.receiver.defaultReply({ status: 503 });
      for (const settings of [
        { ALLOW_PRIVATE_CALLBACKS: "false" },
        { RINGBACK_HOSTS: new URL(stack.receiver.url).host },
      ]) {
        await stack.restart();
        const hook = newHook(stack);
        const created = await stack.create({
          test: { outcome: "succeeded", delay_seconds: 0 },
          callback_url: hook.url,
        });
        const { task_id: id } = (await created.json()) as TaskBody;
        await stack.deliveries(id, ([first]) => first?.attempts[0]?.outcome === "retryable");
        await stack.restart(settings);
        const [delivery] = await stack.deliveries(id, ([first]) => first?.status === "stopped");
        expect(delivery).toMatchObject({
          next_attempt_at: null,
          attempts: [
            { number: 1, status_code: 503 },
            { number: 2, outcome: "permanent", reason: "url_rejected", status_code: null },
          ],
        });
        expect(hook.received()).toHaveLength(1);
      }
    } finally {
      await stack.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("an upstream that is Ringback itself", () => {
  const call = async (worker: LocalWorker, path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(worker.url + path, {
      ...init,
      headers: { authorization: `Bearer ${OWN_KEY}`, "content-type": "application/json" },
    });
  const CREATE = { method: "POST", body: JSON.stringify({ model: MODEL, prompt: "x" }) };

  it("is 503 where the request shows it", async () => {
    const port = await freePort();
    const settings = { ...FAST_SETTINGS, AIO_BASE_URL: `http://127.0.0.1:${port}/v1` };
    const worker = await startWorker({ port, settings });
    try {
      for (const answer of [await call(worker, "/v1/videos", CREATE), await call(worker, "/v1/models")]) {
        expect(answer.status).toBe(503);
        const { error } = (await answer.json()) as { error: { code: string; message: string } };
        expect(error.code).toBe("misconfigured");
        expect(error.message).toContain("AIO_BASE_URL must not be this deployment's own host");
      }
      expect((await fetch(`${worker.url}/healthz`)).status).toBe(200);
    } finally {
      await worker.close();
    }
  });

  it("under another name takes one create for one, and one question for one", async () => {
    const port = await freePort();
    const logs: string[] = [];
    const settings = { ...FAST_SETTINGS, AIO_BASE_URL: `http://localhost:${port}/v1` };
    const worker = await startWorker({ port, settings, onLog: (line) => logs.push(line) });
    try {
      const created = await call(worker, "/v1/videos", CREATE);
      expect(created.status).toBe(202);
      // It answered with a 508: like any 5xx, that says nothing for certain.
      expect(await created.json()).toMatchObject({ status: "failed", error: { code: "submit_unknown" } });
      expect(logs.filter((line) => line.includes('"event":"task.accepted"'))).toHaveLength(1);
      const models = await call(worker, "/v1/models");
      expect(models.status).toBe(502);
      expect(await models.json()).toMatchObject({
        error: {
          code: "upstream_error",
          upstream: { status: 508, body: { error: { code: "loop_detected" } } },
        },
      });
    } finally {
      await worker.close();
    }
  });
});

describe("alerts that lead to Ringback itself", () => {
  it("are 503 where the request shows it", async () => {
    const port = await freePort();
    const settings = { ...FAST_SETTINGS, AIO_BASE_URL: "http://127.0.0.1:9/v1" };
    const ALERT_URL = `http://127.0.0.1:${port}/v1/videos?token=canary`;
    const worker = await startWorker({ port, settings: { ...settings, ALERT_URL } });
    try {
      const answer = await fetch(`${worker.url}/v1/webhooks/secret`);
      expect(answer.status).toBe(503);
      const { error } = (await answer.json()) as { error: { code: string; message: string } };
      expect(error.code).toBe("misconfigured");
      expect(error.message).toContain("ALERT_URL must not point at this Ringback deployment itself");
      expect(error.message).not.toContain("canary");
    } finally {
      await worker.close();
    }
  });
});

describe("a ping into the house", () => {
  let stack: Stack;
  let bystander: RawServer;
  beforeAll(async () => {
    bystander = await startRawServer((socket) => socket.end(httpAnswer(200)));
    stack = await startStack({ settings: { ALLOW_PRIVATE_CALLBACKS: "" } });
  });
  afterAll(async () => {
    await stack.close();
    await bystander.close();
  });

  it.each([
    "127.0.0.1",
    "127.1",
    "0x7f.1",
    "2130706433",
    "0177.0.0.1",
    "１２７。０。０。１",
    "localhost",
    "LOCALHOST.",
    "a.localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "0.0.0.0",
    "user@127.0.0.1",
  ])("to %s is refused, and that host gets no request", async (host) => {
    for (const scheme of ["http", "https"]) {
      const url = `${scheme}://${host}:${bystander.port}/`;
      const answer = await send(stack, "/v1/webhooks/ping", { method: "POST", body: { callback_url: url } });
      expect([url, answer.status, codeOf(answer)]).toEqual([url, 400, "invalid_request"]);
    }
    expect(bystander.connections).toBe(0);
  });

  it.each([
    ["toString", '{"toString":5}'],
    ["valueOf", '{"toString":null,"valueOf":{}}'],
    ["toJSON", '{"toJSON":{}}'],
    ["__proto__", '{"__proto__":{"toString":1}}'],
    ["length", '{"length":-1}'],
    ["then", '{"then":1}'],
  ])("with values that have a %s of their own is 400, like a create", async (_name, value) => {
    for (const path of ["/v1/webhooks/ping", "/v1/videos"]) {
      const url = `"callback_url":"https://hooks.acme.com/"`;
      const own = path === "/v1/videos" ? `"model":"${MODEL}","prompt":"x",` : "";
      for (const fields of [
        `${url},"callback_headers":{"x-key":${value}}`,
        `"callback_url":${value}`,
        `${url},"callback_format":${value}`,
      ]) {
        const answer = await send(stack, path, { method: "POST", body: `{${own}${fields}}` });
        expect([path, fields, answer.status, codeOf(answer)]).toEqual([path, fields, 400, "invalid_request"]);
      }
    }
    expect(submitsTo(stack.gateway)).toEqual([]);
  });
});
