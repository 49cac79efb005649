import { env } from "cloudflare:workers";
import { createExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { app } from "../../../src/app.ts";

/*
 * scenario                                               requirement (contract)
 * settings that are missing or do not parse              Who is calling: 503, named, Retry-After, the same at every call
 * settings left empty                                    count as left out
 */

const ROUTES: [method: string, path: string][] = [
  ["POST", "/v1/videos"],
  ["GET", "/v1/videos/task_x"],
  ["GET", "/v1/videos/task_x/deliveries"],
  ["GET", "/v1/models"],
  ["GET", "/v1/webhooks/secret"],
];
const DURATIONS =
  "UPSTREAM_TIMEOUT_SECONDS UPSTREAM_LOST_SECONDS UPSTREAM_UNAUTHORIZED_SECONDS RESULT_MISSING_SECONDS POLL_FIRST_SECONDS " +
  "POLL_MIN_SECONDS POLL_MAX_SECONDS CALLBACK_TIMEOUT_SECONDS CALLBACK_HOLD_SECONDS TASK_TIMEOUT_SECONDS";
const MORE_KEYS = [2, 3, 4, 5, 6, 7, 8, 9].map((number) => `RINGBACK_KEYS_${number}`);
const DIGEST = "0123456789abcdef".repeat(4);
const KEY = `alice:${DIGEST}`;
const NUMBERS = [...DURATIONS.split(" "), "CALLBACK_RETRY_SECONDS", "MAX_BODY_BYTES", "RETENTION_HOURS"];
const numbers = (value: string) => Object.fromEntries(NUMBERS.map((name) => [name, value]));

const cases: [name: string, settings: Record<string, string>, named: string[]][] = [
  ["no secret", { RINGBACK_SECRET: "" }, ["RINGBACK_SECRET"]],
  ["a secret of 31 characters", { RINGBACK_SECRET: "canary".padEnd(31, "x") }, ["RINGBACK_SECRET"]],
  ["a secret of equal letters", { RINGBACK_SECRET: "c".repeat(43) }, ["RINGBACK_SECRET"]],
  [
    "an upstream without TLS, in production",
    { ALLOW_PRIVATE_CALLBACKS: "", AIO_BASE_URL: "http://canary.example.com/v1" },
    ["AIO_BASE_URL"],
  ],
  [
    "an upstream that is this deployment",
    { AIO_BASE_URL: "https://canary.example.com/v1", RINGBACK_HOSTS: "canary.example.com" },
    ["AIO_BASE_URL"],
  ],
  ["a header that is none", { CLIENT_ADDRESS_HEADER: "the canary's" }, ["CLIENT_ADDRESS_HEADER"]],
  [
    "alerts that would come back",
    { ALERT_URL: "https://canary.example.com/", RINGBACK_HOSTS: "canary.example.com" },
    ["ALERT_URL"],
  ],
  ["a key without callers", { AIO_API_KEY: "sk-canary" }, ["RINGBACK_KEYS"]],
  ["callers without a key", { RINGBACK_KEYS: KEY }, ["AIO_API_KEY"]],
  ["callers in another list without a key", { RINGBACK_KEYS_7: KEY }, ["AIO_API_KEY"]],
  ["words for numbers", numbers("canary"), NUMBERS],
  ["negative numbers", numbers("-1"), NUMBERS],
  ["numbers without an end", numbers("Infinity"), NUMBERS],
  ["numbers with a unit", numbers("15s"), NUMBERS],
  [
    "words for everything else",
    {
      AIO_BASE_URL: "canary",
      RINGBACK_SECRET_PREVIOUS: "canary",
      RINGBACK_KEYS: "canary",
      ...Object.fromEntries(MORE_KEYS.map((name) => [name, "alice:canary"])),
      RINGBACK_KEYS_9: `al ice:${DIGEST}`,
      RINGBACK_HOSTS: "https://canary/x",
      VALIDATION: "canary",
      ALLOW_PRIVATE_CALLBACKS: "canary",
      ALERT_FORMAT: "canary",
      ALERT_SECRET: "whsec_canary",
    },
    [
      "AIO_BASE_URL",
      "RINGBACK_SECRET_PREVIOUS",
      "RINGBACK_KEYS",
      ...MORE_KEYS,
      "RINGBACK_HOSTS",
      "VALIDATION",
      "ALLOW_PRIVATE_CALLBACKS",
      "ALERT_FORMAT",
      "ALERT_SECRET",
    ],
  ],
  ["a base URL of another kind", { AIO_BASE_URL: "ftp://canary/v1" }, ["AIO_BASE_URL"]],
  ["a base URL with a password", { AIO_BASE_URL: "https://canary:canary@example.com/v1" }, ["AIO_BASE_URL"]],
  ["kept files without a bucket", { KEEP_RESULTS: "ask" }, ["KEEP_RESULTS", "RESULTS"]],
  ["an origin with a path", { RINGBACK_PUBLIC_URL: "https://canary.example/v1" }, ["RINGBACK_PUBLIC_URL"]],
];

const AUTHORIZED = { authorization: "Bearer sk-the-callers-own-key", "content-type": "application/json" };

/** A call to a deployment without a bucket, with these settings on top. */
async function call(
  path: string,
  settings: Record<string, string>,
  { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const body = method === "POST" ? JSON.stringify({ model: "m", prompt: "A lighthouse at dusk." }) : null;
  const request = new Request(`http://ringback.test${path}`, { method, headers, body });
  return app.fetch(
    request,
    { ...env, RESULTS: undefined, KEEP_RESULTS: "", ...settings },
    createExecutionContext(),
  );
}

interface ErrorBody {
  error: { code: string; message: string; request_id: string };
}

describe("with settings that do not do", () => {
  it.each(cases)(
    "every call under /v1 is 503 and names what is wrong: %s",
    async (_name, settings, named) => {
      const bodies = new Set<string>();
      const calls = ROUTES.flatMap(([method, path]) => [
        { path, method, headers: {} },
        { path, method, headers: AUTHORIZED },
      ]);
      for (const { path, ...init } of [...calls, { path: "/readyz" }]) {
        const answer = await call(path, settings, init);
        const text = await answer.text();
        const { code, message, request_id: requestId } = (JSON.parse(text) as ErrorBody).error;
        expect([answer.status, code]).toEqual([503, "misconfigured"]);
        expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
        expect(message.match(/\b[A-Z][A-Z0-9_]+\b/g)).toEqual(expect.arrayContaining(named));
        expect(message).not.toContain("canary");
        expect(text).toContain(requestId);
        bodies.add(text.replace(requestId, ""));
      }
      expect(bodies.size).toBe(1);
    },
  );

  it("settings left empty are settings left out, and a good one of each kind is taken", async () => {
    const empty = Object.fromEntries(
      [...NUMBERS, "RINGBACK_KEYS", "RINGBACK_KEYS_2", "AIO_API_KEY", "RINGBACK_HOSTS"].map((name) => [
        name,
        "",
      ]),
    );
    const settings = {
      AIO_BASE_URL: "http://127.0.0.1:9/v1/",
      ...empty,
      VALIDATION: "lenient",
      RINGBACK_SECRET_PREVIOUS: "",
    };
    expect((await call("/v1/videos/task_x", settings, { headers: AUTHORIZED })).status).toBe(404);
  });
});
