import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../support/stack.ts";
import { useStack } from "../../support/use-stack.ts";

/*
 * scenario                                                     requirement
 * rotate: overlap, both signatures, at most three, overlap 0   contract, POST /v1/webhooks/secret/rotate
 * ping: a signed ping now, what the receiver said              contract, POST /v1/webhooks/ping
 * verify: genuine, old, forged, incomplete, too long           contract, POST /v1/webhooks/verify
 */

interface Secrets {
  secret: string;
  previous: { secret: string; expires_at: string | null }[];
}

const stack = useStack({ gateway: { poorKeys: [] } });
beforeEach(() => {
  stack.receiver.received.length = 0;
});

async function post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  return stack.call(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    ...sent,
  });
}

/** A caller of its own, so that one test's rotations do not stand in another's way. */
function as(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

describe("rotating the signing secret", () => {
  it("signs with the new and the old one while they overlap", async () => {
    const key = as("sk-rotate-overlap");
    const before = (await (await stack.call("/v1/webhooks/secret", { headers: key })).json()) as Secrets;
    const response = await post("/v1/webhooks/secret/rotate", undefined, key);
    expect(response.status).toBe(200);
    const after = (await response.json()) as Secrets;
    expect(after).toEqual({
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
      previous: [{ secret: before.secret, expires_at: expect.any(String) }],
    });
    expect(after.secret).not.toBe(before.secret);
    const hours = (Date.parse(after.previous[0]?.expires_at ?? "") - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(23.9);
    expect(hours).toBeLessThanOrEqual(24);
    expect(await (await stack.call("/v1/webhooks/secret", { headers: key })).json()).toEqual(after);

    await stack.create({ callback_url: stack.receiver.url }, key);
    const [callback] = await stack.receiver.waitFor(1);
    const headers = callback?.headers as Record<string, string>;
    expect(headers["webhook-signature"]?.split(" ")).toHaveLength(2);
    for (const secret of [before.secret, after.secret]) {
      expect(new Webhook(secret).verify(callback?.body ?? "", headers)).toMatchObject({
        type: "video.succeeded",
      });
    }
  });

  it("lets the old one expire on time", async () => {
    const key = as("sk-rotate-expiry");
    await post("/v1/webhooks/secret/rotate", { overlap_seconds: 1 }, key);
    const secrets = await eventually(
      async () => (await (await stack.call("/v1/webhooks/secret", { headers: key })).json()) as Secrets,
      ({ previous }) => previous.length === 0,
    );
    await stack.create({ callback_url: stack.receiver.url }, key);
    const [callback] = await stack.receiver.waitFor(1);
    const headers = callback?.headers as Record<string, string>;
    expect(headers["webhook-signature"]?.split(" ")).toHaveLength(1);
    expect(new Webhook(secrets.secret).verify(callback?.body ?? "", headers)).toMatchObject({
      type: "video.succeeded",
    });
  });

  it("takes an overlap of zero as the end of the old one", async () => {
    const key = as("sk-rotate-zero");
    const response = await post("/v1/webhooks/secret/rotate", { overlap_seconds: "0" }, key);
    expect(await response.json()).toMatchObject({ previous: [] });
  });

  it("takes an overlap of zero as the end of every older one: a leaked one neither signs nor verifies", async () => {
    const key = as("sk-rotate-leak");
    const leaked = ((await (await stack.call("/v1/webhooks/secret", { headers: key })).json()) as Secrets)
      .secret;
    await post("/v1/webhooks/secret/rotate", { overlap_seconds: 86_400 }, key);
    const ended = (await (
      await post("/v1/webhooks/secret/rotate", { overlap_seconds: 0 }, key)
    ).json()) as Secrets;
    expect(ended.previous).toEqual([]);
    const now = new Date();
    const headers = {
      ...key,
      "webhook-id": "msg_forged",
      "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
      "webhook-signature": new Webhook(leaked).sign("msg_forged", now, "{}"),
    };
    const verified = await stack.call("/v1/webhooks/verify", { method: "POST", headers, body: "{}" });
    expect(await verified.json()).toEqual({ valid: false, reason: "no_match" });
    await stack.create({ callback_url: stack.receiver.url }, key);
    const [callback] = await stack.receiver.waitFor(1);
    expect(String(callback?.headers["webhook-signature"]).split(" ")).toHaveLength(1);
  });

  it("refuses a fourth previous secret with 409, and a bad overlap with 400", async () => {
    const key = as("sk-rotate-limit");
    for (let round = 1; round <= 3; round++) {
      const response = await post("/v1/webhooks/secret/rotate", { overlap_seconds: 3600 }, key);
      expect(((await response.json()) as Secrets).previous).toHaveLength(round);
    }
    expect((await post("/v1/webhooks/secret/rotate", {}, key)).status).toBe(409);
    expect((await post("/v1/webhooks/secret/rotate", { overlap_seconds: 0 }, key)).status).toBe(200);
    for (const overlap of [-1, 604_801, 1.5, "soon", true, []]) {
      const response = await post("/v1/webhooks/secret/rotate", { overlap_seconds: overlap }, key);
      expect([overlap, response.status]).toEqual([overlap, 400]);
      expect(await response.json()).toMatchObject({
        error: { code: "invalid_request", param: "overlap_seconds" },
      });
    }
  });
});

describe("a ping", () => {
  it("is one signed request now, and tells what the receiver said", async () => {
    stack.receiver.reply({ status: 201, body: "welcome" });
    const response = await post("/v1/webhooks/ping", {
      callback_url: stack.receiver.url,
      callback_headers: { "x-make-apikey": "shh-a-secret" },
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      delivered: true,
      status_code: 201,
      duration_ms: expect.any(Number),
      reason: null,
      response_excerpt: "welcome",
    });
    const [ping] = stack.receiver.received;
    const { secret } = (await (await stack.call("/v1/webhooks/secret")).json()) as Secrets;
    const headers = ping?.headers as Record<string, string>;
    expect(headers).toMatchObject({ "x-make-apikey": "shh-a-secret", "ringback-attempt": "1" });
    expect(new Webhook(secret).verify(ping?.body ?? "", headers)).toEqual({
      id: headers["webhook-id"],
      type: "ping",
      timestamp: expect.any(String),
      data: {},
    });
    expect(stack.receiver.received).toHaveLength(1);
  });

  it("comes flat if asked to", async () => {
    await post("/v1/webhooks/ping", { callback_url: stack.receiver.url, callback_format: "flat" });
    expect(JSON.parse(stack.receiver.received[0]?.body ?? "")).toEqual({
      message_id: stack.receiver.received[0]?.headers["webhook-id"],
      event: "ping",
      timestamp: expect.any(String),
    });
  });

  it("is not repeated when it fails", async () => {
    stack.receiver.reply({ status: 503, body: "closed" });
    const response = await post("/v1/webhooks/ping", { callback_url: stack.receiver.url });
    expect(await response.json()).toMatchObject({
      delivered: false,
      status_code: 503,
      reason: "http_503",
      response_excerpt: "closed",
    });
    stack.receiver.reply({ drop: "before-headers" });
    const broken = await post("/v1/webhooks/ping", { callback_url: stack.receiver.url });
    expect(await broken.json()).toMatchObject({ delivered: false, status_code: null, reason: "connection" });
    expect(stack.receiver.received).toHaveLength(2);
  });

  it("is refused for a bad URL or header, with all issues, and as part of a loop", async () => {
    const bad = await post("/v1/webhooks/ping", { callback_url: "ftp://x", callback_headers: { host: "a" } });
    expect(bad.status).toBe(400);
    const { error } = (await bad.json()) as { error: { issues: { path: string }[] } };
    expect(error.issues.map(({ path }) => path)).toEqual(["callback_url", "callback_headers.host"]);
    const worse = await post("/v1/webhooks/ping", {
      callback_url: "ftp://x",
      callback_format: "x",
      callback_headers: '{"host":"a"}',
    });
    expect(worse.status).toBe(400);
    const all = (await worse.json()) as { error: { issues: { path: string }[] } };
    expect(all.error.issues.map(({ path }) => path).toSorted()).toEqual([
      "callback_format",
      "callback_headers.host",
      "callback_url",
    ]);
    expect((await post("/v1/webhooks/ping", {})).status).toBe(400);
    expect((await post("/v1/webhooks/ping", { callback_url: `${stack.worker.url}/v1/videos` })).status).toBe(
      400,
    );
    const loop = await post(
      "/v1/webhooks/ping",
      { callback_url: stack.receiver.url },
      { "ringback-attempt": "1" },
    );
    expect(loop.status).toBe(508);
    expect(stack.receiver.received).toEqual([]);
  });
});

describe("verifying a received callback", () => {
  async function genuine(): Promise<{ body: string; headers: Record<string, string> }> {
    await post("/v1/webhooks/ping", { callback_url: stack.receiver.url });
    const [ping] = stack.receiver.received;
    const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    return {
      body: ping?.body ?? "",
      headers: Object.fromEntries(names.map((name) => [name, String(ping?.headers[name])])),
    };
  }

  async function verify(headers: Record<string, string>, body: string): Promise<unknown> {
    const response = await stack.call("/v1/webhooks/verify", { method: "POST", headers, body });
    expect(response.status).toBe(200);
    return response.json();
  }

  it("says yes to what it signed, whatever the content type", async () => {
    const { body, headers } = await genuine();
    expect(await verify(headers, body)).toEqual({ valid: true, reason: null });
    expect(await verify({ ...headers, "content-type": "text/plain" }, body)).toEqual({
      valid: true,
      reason: null,
    });
  });

  it("says why not", async () => {
    const { body, headers } = await genuine();
    const stamp = Number(headers["webhook-timestamp"]);
    const cases: [Record<string, string>, string, string][] = [
      [{ "webhook-id": "msg_other" }, body, "no_match"],
      [{}, `${body} `, "no_match"],
      [{ "webhook-signature": "v1,AAAA" }, body, "no_match"],
      [{ "webhook-timestamp": String(stamp - 400) }, body, "timestamp_out_of_range"],
      [{ "webhook-timestamp": String(stamp + 400) }, body, "timestamp_out_of_range"],
      [{ "webhook-timestamp": "yesterday" }, body, "timestamp_out_of_range"],
      [{ "webhook-signature": "" }, body, "missing_header"],
    ];
    for (const [changes, changed, reason] of cases) {
      expect(await verify({ ...headers, ...changes }, changed)).toEqual({ valid: false, reason });
    }
    expect(await verify({}, body)).toEqual({ valid: false, reason: "missing_header" });
  });

  it("takes 64 KB and not a byte more", async () => {
    const { headers } = await genuine();
    expect(await verify(headers, "x".repeat(65_536))).toEqual({ valid: false, reason: "no_match" });
    const long = await stack.call("/v1/webhooks/verify", {
      method: "POST",
      headers,
      body: "x".repeat(65_537),
    });
    expect(long.status).toBe(413);
  });
});
