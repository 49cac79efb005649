import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readSettings, SETTING_NAMES } from "../../src/env.ts";
import { largestBodyBytes } from "../../src/net/counted-body.ts";
import { anUpstream } from "../support/builders.ts";
import { RINGBACK_VERSION } from "../../src/version.ts";

const SECRET = "a secret of thirty-two characters";
const DIGEST = "0".repeat(64);

function settings(env: Record<string, unknown>) {
  const result = readSettings({ RINGBACK_SECRET: SECRET, ...env });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.settings;
}

function problems(env: Record<string, unknown>): string[] {
  const result = readSettings({ RINGBACK_SECRET: SECRET, ...env });
  return result.ok ? [] : result.problems.map(({ setting }) => setting);
}

it("every setting has the contract's default", () => {
  expect(settings({})).toEqual({
    mode: "own",
    upstreams: [anUpstream({ baseUrl: "https://api.aiearth.dev/v1" })],
    roots: [SECRET],
    poll: {
      firstMs: null,
      minMs: 1000,
      maxMs: 15_000,
      lostMs: 120_000,
      unauthorizedMs: 600_000,
      resultMissingMs: 120_000,
    },
    callback: {
      retryMs: [5000, 30_000, 120_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000],
      timeoutMs: 15_000,
      holdMs: 2000,
      allowPrivate: false,
    },
    ownHosts: [],
    upstreamTimeoutMs: 20_000,
    taskTimeoutMs: 86_400_000,
    retentionMs: 720 * 3_600_000,
    keys: [],
    operatorTokens: [],
    strict: true,
    maxBodyBytes: 16_777_216,
    clientAddressHeader: null,
    keep: { mode: "off", maxBytes: 536_870_912, patienceMs: 120_000, publicUrl: null },
    alerts: null,
  });
});

describe("a setting", () => {
  it("may be a fraction of seconds, a TOML number or boolean, and empty for not set", () => {
    expect(settings({ POLL_FIRST_SECONDS: "0.25", POLL_MIN_SECONDS: 0.5 }).poll).toMatchObject({
      firstMs: 250,
      minMs: 500,
    });
    expect(settings({ ALLOW_PRIVATE_CALLBACKS: true }).callback.allowPrivate).toBe(true);
    expect(settings({ AIO_API_KEY: "", VALIDATION: " lenient ", POLL_FIRST_SECONDS: "" })).toMatchObject({
      mode: "own",
      strict: false,
    });
    const local = { AIO_BASE_URL: "http://127.0.0.1:9100/v1/", ALLOW_PRIVATE_CALLBACKS: "true" };
    expect(settings(local).upstreams[0].baseUrl).toBe("http://127.0.0.1:9100/v1");
    const poor = "0123456789".repeat(4);
    expect(settings({ RINGBACK_SECRET_PREVIOUS: poor }).roots).toContain(poor);
    expect(settings({ CLIENT_ADDRESS_HEADER: "X-Real-IP" }).clientAddressHeader).toBe("X-Real-IP");
  });

  it.each([
    ["RINGBACK_SECRET", "short"],
    ["RINGBACK_SECRET", ""],
    ["RINGBACK_SECRET", "a".repeat(32)],
    ["RINGBACK_SECRET", "abcdefghijk".repeat(9)],
    ["RINGBACK_SECRET_PREVIOUS", "short"],
    ["AIO_BASE_URL", "api.aiearth.dev"],
    ["AIO_BASE_URL", "ftp://api.aiearth.dev"],
    ["AIO_BASE_URL", "https://u:p@api.aiearth.dev/v1"],
    ["AIO_BASE_URL", "https://api.aiearth.dev/v1?x=1"],
    ["AIO_BASE_URL", "http://api.aiearth.dev/v1"],
    ["CLIENT_ADDRESS_HEADER", "x real ip"],
    ["CLIENT_ADDRESS_HEADER", "x-real-ip:"],
    ["RINGBACK_KEYS", "alice"],
    ["RINGBACK_KEYS_9", `alice:${DIGEST.slice(1)}`],
    ["RINGBACK_HOSTS", "https://acme.com"],
    ["VALIDATION", "loose"],
    ["MAX_BODY_BYTES", "16MB"],
    ["MAX_BODY_BYTES", "99999999999"],
    ["UPSTREAM_TIMEOUT_SECONDS", "-1"],
    ["POLL_FIRST_SECONDS", "soon"],
    ["POLL_MIN_SECONDS", "1e3"],
    ["CALLBACK_RETRY_SECONDS", "5,x"],
    ["TASK_TIMEOUT_SECONDS", "999999999"],
    ["RETENTION_HOURS", "0"],
    ["ALLOW_PRIVATE_CALLBACKS", "yes"],
    ["ALERT_URL", "hooks.acme.com/alerts"],
    ["ALERT_URL", "http://hooks.acme.com/alerts"],
    ["ALERT_URL", "https://127.0.0.1/alerts"],
    ["ALERT_URL", "https://u:p@hooks.acme.com/alerts"],
    ["ALERT_FORMAT", "teams"],
    ["ALERT_SECRET", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    ["ALERT_SECRET", "whsec_short"],
    ["ALERT_SECRET", `whsec_${"A".repeat(88)}`],
    ["ALERT_SECRET", `whsec_${"A".repeat(33)}`],
    ["KEEP_RESULTS", "yes"],
    ["KEEP_MAX_BYTES", "1023"],
    ["KEEP_MAX_BYTES", "5368709121"],
    ["KEEP_MAX_BYTES", "512MB"],
    ["KEEP_PATIENCE_SECONDS", "0"],
    ["KEEP_PATIENCE_SECONDS", "601"],
    ["RINGBACK_PUBLIC_URL", "ringback.example.com"],
    ["RINGBACK_PUBLIC_URL", "ftp://ringback.example.com"],
    ["RINGBACK_PUBLIC_URL", "http://ringback.example.com"],
    ["RINGBACK_PUBLIC_URL", "https://ringback.example.com/v1"],
    ["RINGBACK_PUBLIC_URL", "https://ringback.example.com//"],
    ["RINGBACK_PUBLIC_URL", "https://ringback.example.com?"],
    ["RINGBACK_PUBLIC_URL", "https://ringback.example.com/?a=1"],
    ["RINGBACK_PUBLIC_URL", "https://ringback.example.com/#a"],
    ["RINGBACK_PUBLIC_URL", "https://u:p@ringback.example.com"],
  ])("%s = %j is named", (name, value) => {
    expect(problems({ [name]: value })).toContain(name);
  });

  it("allows the largest body that one client address can have in hand, and no larger one", () => {
    const largest = largestBodyBytes();
    expect(settings({ MAX_BODY_BYTES: String(largest) }).maxBodyBytes).toBe(largest);
    expect(problems({ MAX_BODY_BYTES: String(largest + 1) })).toEqual(["MAX_BODY_BYTES"]);
  });

  it("is long enough as a secret with 32 characters, 12 of them different", () => {
    for (const secret of ["abcdefghijkl".repeat(3), "0123456789abcdef".repeat(2)]) {
      expect(problems({ RINGBACK_SECRET: secret, RINGBACK_SECRET_PREVIOUS: secret })).toEqual([]);
    }
  });

  it.each([
    ["https://ringback.example.com/v1", {}],
    ["https://RINGBACK.example.com:8443/v1", {}],
    ["https://ringback.example.com./v1", {}],
    ["http://ringback.example.com:8787/v1", { ALLOW_PRIVATE_CALLBACKS: "true" }],
  ])("of the upstream must not lead to this deployment: %s", (baseUrl, more) => {
    const env = { AIO_BASE_URL: baseUrl, RINGBACK_HOSTS: "ringback.example.com,ringback.example.com:8787" };
    expect(problems({ ...env, ...more })).toEqual(["AIO_BASE_URL"]);
    expect(problems({ ...env, ...more, RINGBACK_HOSTS: "other.example.com" })).toEqual([]);
  });

  it("of the operator's key comes with the callers' tokens, or not at all", () => {
    expect(problems({ AIO_API_KEY: "sk-x" })).toEqual(["RINGBACK_KEYS"]);
    expect(problems({ RINGBACK_KEYS: `alice:${DIGEST}` })).toEqual(["AIO_API_KEY"]);
    const keys = settings({
      AIO_API_KEY: "sk-x",
      RINGBACK_KEYS: ` alice:${DIGEST}, alice:${"A".repeat(64)} `,
      RINGBACK_KEYS_2: `bob.b-1_:${"1".repeat(64)}`,
    }).keys;
    expect(keys).toEqual([
      { name: "alice", sha256: DIGEST },
      { name: "alice", sha256: "a".repeat(64) },
      { name: "bob.b-1_", sha256: "1".repeat(64) },
    ]);
  });

  it.each<[settings: Record<string, string>, named: string[]]>([
    [{ RINGBACK_KEYS: `acme:${DIGEST},beta:${DIGEST}` }, ["RINGBACK_KEYS"]],
    [{ RINGBACK_KEYS: `acme:${DIGEST},beta:${DIGEST.toUpperCase()}` }, ["RINGBACK_KEYS"]],
    [{ RINGBACK_KEYS: `acme:${DIGEST}`, RINGBACK_KEYS_9: `beta:${DIGEST}` }, ["RINGBACK_KEYS_9"]],
    [{ RINGBACK_KEYS_2: `acme:${DIGEST}`, RINGBACK_KEYS_3: `Acme:${DIGEST}` }, ["RINGBACK_KEYS_3"]],
    [
      {
        RINGBACK_KEYS: `acme:${DIGEST}`,
        RINGBACK_OPERATOR_KEYS: `ann:${"1".repeat(64)},bob:${"1".repeat(64)}`,
      },
      ["RINGBACK_OPERATOR_KEYS"],
    ],
    [{ RINGBACK_KEYS: `acme:${DIGEST}, acme:${DIGEST}`, RINGBACK_KEYS_2: `acme:${DIGEST}` }, []],
  ])("of the tokens give none to two names: %j", (tokens, named) => {
    expect(problems({ AIO_API_KEY: "sk-x", ...tokens })).toEqual(named);
  });

  it("of the operators' tokens needs the operator's key, and shares no token with the callers", () => {
    const callers = { AIO_API_KEY: "sk-x", RINGBACK_KEYS_3: `alice:${DIGEST}` };
    const RINGBACK_OPERATOR_KEYS = `mallory:${"A".repeat(64)}, mallory:${"1".repeat(64)}`;
    expect(settings({ ...callers, RINGBACK_OPERATOR_KEYS }).operatorTokens).toEqual([
      { name: "mallory", sha256: "a".repeat(64) },
      { name: "mallory", sha256: "1".repeat(64) },
    ]);
    const named = ["RINGBACK_OPERATOR_KEYS"];
    expect(problems({ RINGBACK_OPERATOR_KEYS })).toEqual(named);
    expect(problems({ ...callers, RINGBACK_OPERATOR_KEYS: "mallory" })).toEqual(named);
    const both = { ...callers, RINGBACK_KEYS_3: `alice:${"a".repeat(64)}`, RINGBACK_OPERATOR_KEYS };
    expect(problems(both)).toEqual(named);
  });

  it("of the alerts says where they go, in which format, and what signs them", () => {
    const url = "https://hooks.acme.com/alerts?token=x";
    expect(settings({ ALERT_URL: url }).alerts).toEqual({ url, format: "standard", secret: null });
    const secret = `whsec_${"A".repeat(32)}`;
    const all = { ALERT_URL: url, ALERT_FORMAT: "slack", ALERT_SECRET: secret };
    expect(settings(all).alerts).toEqual({ url, format: "slack", secret });
    expect(settings({ ALERT_FORMAT: "slack", ALERT_SECRET: secret }).alerts).toBeNull();
    for (const size of [24, 25, 26, 63, 64]) {
      const made = `whsec_${Buffer.alloc(size, 7).toString("base64")}`;
      expect(settings({ ALERT_URL: url, ALERT_SECRET: made }).alerts?.secret).toBe(made);
    }
  });

  it("of the alerts must not lead to this deployment", () => {
    const env = { ALERT_URL: "https://Ringback.example.com:8443/v1/videos" };
    expect(problems({ ...env, RINGBACK_HOSTS: "ringback.example.com" })).toEqual(["ALERT_URL"]);
    expect(problems({ ...env, RINGBACK_HOSTS: "other.example.com" })).toEqual([]);
  });

  it("of kept files has a bucket, or says that it is missing", () => {
    const RESULTS = {};
    for (const KEEP_RESULTS of ["ask", "on"]) {
      expect(settings({ KEEP_RESULTS, RESULTS }).keep.mode).toBe(KEEP_RESULTS);
      for (const none of [undefined, null]) {
        const result = readSettings({ RINGBACK_SECRET: SECRET, KEEP_RESULTS, RESULTS: none });
        expect(result).toEqual({
          ok: false,
          problems: [{ setting: "KEEP_RESULTS", code: "bucket_missing", params: {} }],
        });
      }
    }
    for (const KEEP_RESULTS of ["off", "", undefined]) {
      expect(settings({ KEEP_RESULTS }).keep.mode).toBe("off");
      expect(settings({ KEEP_RESULTS, RESULTS }).keep.mode).toBe("off");
    }
    const limits = { KEEP_MAX_BYTES: "1024", KEEP_PATIENCE_SECONDS: "0.5" };
    expect(settings(limits).keep).toMatchObject({ maxBytes: 1024, patienceMs: 500 });
  });

  it.each([
    ["https://ringback.example.com", "ringback.example.com", {}],
    ["https://Ringback.example.com:8443/", "ringback.example.com:8443", {}],
    ["http://127.0.0.1:8787", "127.0.0.1:8787", { ALLOW_PRIVATE_CALLBACKS: "true" }],
  ])("of its public URL %s names one of this deployment's own hosts", (url, host, more) => {
    const env = { RINGBACK_PUBLIC_URL: url, ...more };
    expect(settings(env)).toMatchObject({ ownHosts: [host], keep: { publicUrl: new URL(url).origin } });
    expect(settings({ ...env, RINGBACK_HOSTS: "a.example.com" }).ownHosts).toEqual(["a.example.com", host]);
    const { origin } = new URL(url);
    expect(problems({ ...env, AIO_BASE_URL: `${origin}/v1` })).toEqual(["AIO_BASE_URL"]);
    expect(problems({ ...env, ALERT_URL: `${origin}/hook` })).toEqual(["ALERT_URL"]);
  });

  it("that is bad is named without its value", () => {
    const result = readSettings({ RINGBACK_SECRET: "hunter2" });
    expect(JSON.stringify(result)).not.toContain("hunter2");
  });
});

it("the version is package.json's, and docs/settings.md has every setting", () => {
  const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  expect(RINGBACK_VERSION).toBe((JSON.parse(read("package.json")) as { version: string }).version);
  const page = read("docs/settings.md");
  const names =
    read("src/env.ts")
      .match(/^ {4}[A-Z][A-Z_]+(?=:)/gm)
      ?.map((name) => name.trim()) ?? [];
  names.push(...SETTING_NAMES.filter((name) => !/_[2-9]$/.test(name)));
  expect(names.length).toBeGreaterThan(15);
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
