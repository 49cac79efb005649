import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Fault } from "../../../../dev/gateway.ts";
import { aTaskJson } from "../../../support/builders.ts";
import {
  eventually,
  FAST_SETTINGS,
  isTerminal,
  MODEL,
  startStack,
  type DeliveryBody,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

/*
 * Everything that is only read.
 *
 * scenario                                            requirement
 * a task in each state, every key                     contract, The task
 * its deliveries, every key                           contract, Reads: GET /v1/videos/{id}/deliveries
 * ids that are made up, or another account's          contract, ids: 404, same bytes; guarantee 8; threats T8, T9
 * the signing secret, before and after a change       contract, GET /v1/webhooks/secret and Who is calling
 * a made-up key                                       contract, Who is calling: 401, asked once and remembered
 * the upstream's models, well and badly               contract, GET /v1/models
 * the operator's key                                  contract, Who is calling
 * liveness, readiness                                 contract, GET /healthz and /readyz
 * after the retention                                 guarantee 10; invariant 14
 */

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const TASK_ID = /^task_[A-Za-z0-9]+$/;
const iso = expect.stringMatching(ISO) as string;

interface ErrorBody {
  error: { code: string; message: string; request_id: string };
}

/** What the upstream was asked, polls aside: those go on by themselves. */
const asked = ({ gateway }: Stack): string[] =>
  gateway.calls
    .filter(({ method, path }) => method !== "GET" || !path.startsWith("/v1/videos/"))
    .map(({ method, path }) => `${method} ${path}`);

const as = (key: string): { authorization: string } => ({ authorization: `Bearer ${key}` });

describe("with callers' own keys", () => {
  let stack: Stack;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ringback-reads-"));
    stack = await startStack({
      persistTo: folder,
      settings: { CALLBACK_RETRY_SECONDS: "600" },
      gateway: {
        taskPlan: ({ prompt }) => ({
          queueSeconds: String(prompt).includes("[queued]") ? 600 : 0,
          runSeconds: String(prompt).includes("[slow]") ? 600 : 0,
          fails: String(prompt).includes("[fail]"),
        }),
      },
    });
  });
  afterEach(() => stack.gateway.clearFaults());
  afterAll(async () => {
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const create = async (fields: Record<string, unknown> = {}): Promise<TaskBody> => {
    const response = await stack.create(fields);
    expect(response.status).toBe(202);
    return (await response.json()) as TaskBody;
  };

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

  const secretOf = async (key: string) => stack.call("/v1/webhooks/secret", { headers: as(key) });
  const modelCalls = (key: string) =>
    stack.gateway.calls.filter(
      ({ path, authorization }) => path === "/v1/models" && authorization === `Bearer ${key}`,
    ).length;

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
