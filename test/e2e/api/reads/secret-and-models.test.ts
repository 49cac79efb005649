import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Fault } from "../../../../dev/gateway.ts";
import { eventually, FAST_SETTINGS, startStack, type Stack, type TaskBody } from "../../../support/stack.ts";
import { as, asked, useReads, type ErrorBody } from "./own-keys.ts";

/*
 * scenario                                            requirement
 * the signing secret, before and after a change       contract, GET /v1/webhooks/secret and Who is calling
 * a made-up key                                       contract, Who is calling: 401, asked once and remembered
 * the upstream's models, well and badly               contract, GET /v1/models
 * liveness, readiness                                 contract, GET /healthz and /readyz
 */

describe("with callers' own keys", () => {
  const { stack, secretOf, modelCalls } = useReads();

  describe("sixty equal calls at one time", () => {
    // On a slow machine the upstream's answer to them takes longer than the second that other tests leave it.
    let patient: Stack;
    beforeAll(async () => {
      patient = await startStack({ settings: { UPSTREAM_TIMEOUT_SECONDS: "20" } });
    });
    afterAll(async () => patient.close());

    const sixty = async (path: string, key: string): Promise<Response[]> => {
      patient.gateway.fault({ on: "models", delayMs: 200 });
      return Promise.all(Array.from({ length: 60 }, async () => patient.call(path, { headers: as(key) })));
    };
    const askedFor = (key: string): number =>
      patient.gateway.calls.filter(
        ({ path, authorization }) => path === "/v1/models" && authorization === `Bearer ${key}`,
      ).length;

    it("ask the upstream once whether it knows a key", async () => {
      const answers = await sixty("/v1/webhooks/secret", "sk-together");
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(askedFor("sk-together")).toBe(1);
    });

    it("ask it once for its models, and so does another within the minute", async () => {
      const key = "sk-models-often";
      const together = await sixty("/v1/models", key);
      together.push(await patient.call("/v1/models", { headers: as(key) }));
      expect(new Set(together.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(await Promise.all(together.map(async (one) => one.text()))).size).toBe(1);
      expect(askedFor(key)).toBe(1);
      // A key that was listed its models is known.
      expect((await patient.call("/v1/webhooks/secret", { headers: as(key) })).status).toBe(200);
      expect(askedFor(key)).toBe(1);
    });
  });

  describe("GET /v1/webhooks/secret", () => {
    it("answers the secret of the account and no previous one", async () => {
      const response = await secretOf("sk-shape");
      expect(response.status).toBe(200);
      const body = (await response.json()) as { secret: string; previous: unknown[] };
      expect(body).toEqual({
        secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]+=*$/) as string,
        previous: [],
      });
      const bytes = Buffer.from(body.secret.slice("whsec_".length), "base64").length;
      expect(bytes).toBeGreaterThanOrEqual(24);
      expect(bytes).toBeLessThanOrEqual(64);
      expect(await (await secretOf("sk-shape")).json()).toEqual(body);
      expect(await (await secretOf("sk-shape-2")).json()).not.toEqual(body);
    });

    it("asks the upstream once about a key that it knows, and remembers", async () => {
      for (let turn = 1; turn <= 5; turn++) expect((await secretOf("sk-known")).status).toBe(200);
      expect(modelCalls("sk-known")).toBe(1);
    });

    it("does not wait for a client that has disconnected", async () => {
      stack.gateway.fault({ on: "models", delayMs: 400 });
      const hangUp = new AbortController();
      const init = { headers: as("sk-hung-up"), signal: hangUp.signal };
      const first = stack.call("/v1/webhooks/secret", init).catch(() => "disconnected");
      await eventually(
        async () => modelCalls("sk-hung-up"),
        (count) => count === 1,
      );
      const second = secretOf("sk-hung-up");
      hangUp.abort();
      expect(await first).toBe("disconnected");
      expect((await second).status).toBe(200);
    });

    it("is 401 for a made-up key, and remembers that too", async () => {
      for (let turn = 1; turn <= 5; turn++) {
        const response = await secretOf("made-up-key");
        expect(response.status).toBe(401);
        expect(((await response.json()) as ErrorBody).error.code).toBe("unauthorized");
      }
      expect(modelCalls("made-up-key")).toBe(1);
    });

    it.each([401, 403])("is 401 when the upstream says %i", async (status) => {
      stack.gateway.fault({ on: "models", status });
      const response = await secretOf(`sk-refused-${status}`);
      expect(response.status).toBe(401);
      expect(((await response.json()) as ErrorBody).error.code).toBe("unauthorized");
    });

    it.each<[name: string, fault: Omit<Fault, "on">]>([
      ["500", { status: 500 }],
      ["a dropped connection", { drop: "before" }],
      ["a redirect", { status: 302, headers: { location: "/v1/other" } }],
      ["429", { status: 429 }],
      ["an error under 200", { status: 200, body: { error: { message: "invalid key" } } }],
      ["a login page", { status: 200, body: "<h1>Sign in</h1>", headers: { "content-type": "text/html" } }],
      ["an error beside a list", { status: 200, body: { data: [], error: "invalid key" } }],
    ])("takes %s for no answer: neither yes nor no, and asks again", async (name, fault) => {
      const key = `sk-unsure-${name.replaceAll(" ", "-")}`;
      stack.gateway.fault({ on: "models", ...fault });
      const response = await secretOf(key);
      expect(response.status).toBe(502);
      expect(((await response.json()) as ErrorBody).error.code).toBe("upstream_error");
      expect((await secretOf(key)).status).toBe(200);
      expect(modelCalls(key)).toBe(2);
    });

    it.each([null, "", "Bearer", "Bearer ", "Basic c2s6", "sk-bare", "Bearer two words", "Bearer é"])(
      "is 401 without a question to the upstream for Authorization: %s",
      async (authorization) => {
        const before = stack.gateway.calls.filter(({ path }) => path === "/v1/models").length;
        const response = await fetch(`${stack.worker.url}/v1/webhooks/secret`, {
          headers: authorization === null ? {} : { authorization },
        });
        expect(response.status).toBe(401);
        expect(((await response.json()) as ErrorBody).error.code).toBe("unauthorized");
        expect(stack.gateway.calls.filter(({ path }) => path === "/v1/models")).toHaveLength(before);
      },
    );
  });

  describe("GET /v1/models", () => {
    it("answers the upstream's, asked with the caller's key", async () => {
      const direct = await fetch(`${stack.gateway.baseUrl}/models`, { headers: as("sk-direct") });
      const response = await stack.call("/v1/models", { headers: as("sk-models") });
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe(direct.headers.get("content-type"));
      expect(await response.text()).toBe(await direct.text());
      expect(modelCalls("sk-models")).toBe(1);
    });

    /** Answers are remembered by key. */
    let keys = 0;
    const askModels = async () => stack.call("/v1/models", { headers: as(`sk-models-${(keys += 1)}`) });

    it.each([
      [200, '{ "data" : [ ], "n": 1.0, "big": 12345678901234567890 }'],
      [200, "not JSON at all"],
      [206, '{"error":{"message":"Partly."}}'],
    ])("passes %i on as it is: %s", async (status, body) => {
      stack.gateway.fault({ on: "models", status, body });
      const response = await askModels();
      expect(response.status).toBe(status);
      expect(await response.text()).toBe(body);
      expect(response.headers.get("x-request-id")).toMatch(/./);
    });

    it.each<[status: number, body: string, code: string, answered?: number]>([
      [400, '{"error":{"message":"Bad."}}', "upstream_rejected"],
      [401, '{"error":{"message":"Who?"}}', "upstream_unauthorized"],
      [402, '{"error":{"message":"Pay."}}', "upstream_payment_required"],
      [403, '{"error":{"message":"No."}}', "upstream_forbidden"],
      [404, '{"error":{"message":"Where?"}}', "upstream_not_found"],
      [429, '{"error":{"message":"Slowly."}}', "upstream_rejected"],
      [500, "<h1>Internal Server Error</h1>", "upstream_error", 502],
      [503, "", "upstream_error", 502],
    ])(
      "answers a refusal, %i, as an error with the upstream's words",
      async (status, body, code, answered) => {
        stack.gateway.fault({ on: "models", status, body, headers: { "retry-after": "7" } });
        const response = await askModels();
        expect(response.status).toBe(answered ?? status);
        expect(response.headers.get("retry-after")).toBe(answered === undefined ? "7" : null);
        const said = body.startsWith("{") ? (JSON.parse(body) as unknown) : body;
        expect(await response.json()).toMatchObject({ error: { code, upstream: { status, body: said } } });
      },
    );

    it.each<[name: string, fault: Omit<Fault, "on">]>([
      ["closes the connection unread", { drop: "before" }],
      ["closes the connection", { drop: "after" }],
      ["closes it within the headers", { drop: "mid-headers" }],
      ["closes it within the body", { drop: "mid-body" }],
      ["is too slow", { delayMs: 1500 }],
      ["trickles", { drip: { chunk: " ", everyMs: 100 } }],
    ])("is 502 when the upstream %s", async (_name, fault) => {
      stack.gateway.fault({ on: "models", ...fault });
      const response = await askModels();
      expect(response.status).toBe(502);
      expect(((await response.json()) as ErrorBody).error.code).toBe("upstream_error");
    });

    it.each([301, 302, 303, 307, 308])("is 502 for %i, which is not followed", async (status) => {
      const before = stack.receiver.received.length;
      stack.gateway.fault({ on: "models", status, headers: { location: `${stack.receiver.url}/models` } });
      const response = await askModels();
      expect(response.status).toBe(502);
      expect(response.headers.has("location")).toBe(false);
      expect(((await response.json()) as ErrorBody).error.code).toBe("upstream_error");
      expect(stack.receiver.received).toHaveLength(before);
    });

    it("is 401 without a key, 405 for other methods", async () => {
      expect((await fetch(`${stack.worker.url}/v1/models`)).status).toBe(401);
      const response = await stack.call("/v1/models", { method: "POST", body: "{}" });
      expect([response.status, response.headers.get("allow")]).toEqual([405, "GET"]);
    });
  });

  describe("every answer", () => {
    it("names its request by an id of ours, a new one each time", async () => {
      const headers = { "x-request-id": "the caller's" };
      const answers = await Promise.all(
        ["/healthz", "/healthz", "/v1/models", "/v1/videos/task_1", "/v1/webhooks/secret", "/nowhere"].map(
          async (path) => stack.call(path, { headers }),
        ),
      );
      const ids = answers.map((answer) => answer.headers.get("x-request-id"));
      expect(ids).not.toContain(null);
      expect(ids).not.toContain("the caller's");
      expect(new Set(ids).size).toBe(ids.length);
      expect(answers.map((answer) => answer.headers.has("access-control-allow-origin"))).toEqual(
        answers.map(() => false),
      );
    });

    it.each([
      { path: "/healthz", what: "liveness", status: "ok" },
      { path: "/readyz", what: "readiness", status: "ready" },
    ])("of $path is $what, for any caller", async ({ path, status }) => {
      const before = asked(stack);
      const response = await fetch(`${stack.worker.url}${path}`);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ status });
      const other = await fetch(`${stack.worker.url}${path}`, { method: "POST" });
      expect([other.status, other.headers.get("allow")]).toEqual([405, expect.stringContaining("GET")]);
      expect(asked(stack)).toEqual(before);
    });
  });

  // Last: it changes the deployment.
  describe("while RINGBACK_SECRET_PREVIOUS is set", () => {
    it("the secret under it is listed as previous and signs too, and old tasks are found", async () => {
      const key = "sk-through-the-change";
      const { secret: before } = (await (await secretOf(key)).json()) as { secret: string };
      const old = (await (await stack.create({ prompt: "[slow]" }, as(key))).json()) as TaskBody;
      await stack.restart({
        RINGBACK_SECRET: "another secret of the tests, long enough as well",
        RINGBACK_SECRET_PREVIOUS: FAST_SETTINGS["RINGBACK_SECRET"] ?? "",
      });
      const body = (await (await secretOf(key)).json()) as { secret: string; previous: unknown[] };
      expect(body).toEqual({
        secret: expect.stringMatching(/^whsec_/) as string,
        previous: [{ secret: before, expires_at: null }],
      });
      expect(body.secret).not.toBe(before);

      const from = stack.receiver.received.length;
      await stack.create({ callback_url: stack.receiver.url }, as(key));
      await stack.receiver.waitFor(from + 1);
      const { body: message = "", headers } = stack.receiver.received[from] ?? {};
      const signed = headers as Record<string, string>;
      expect(signed["webhook-signature"]?.split(" ")).toHaveLength(2);
      for (const secret of [before, body.secret])
        expect(new Webhook(secret).verify(message, signed)).toMatchObject({ type: "video.succeeded" });

      const found = await stack.call(`/v1/videos/${old.task_id}`, { headers: as(key) });
      expect(found.status).toBe(200);
      expect(((await found.json()) as TaskBody).task_id).toBe(old.task_id);
    });
  });
});
