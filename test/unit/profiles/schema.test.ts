import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { root } from "../../../dev/bundle.ts";
import { BUILT_IN } from "../../../src/profiles/built-in.ts";
import { parseProfile } from "../../../src/profiles/schema.ts";

/*
 * scenario                                         requirement
 * the smallest profile, and one with everything    accepted as it stands
 * each kind of bad member                          refused, and named by its path
 * the built-in ones                                are good profiles, short, with their source
 */

const SMALL = {
  auth: { header: "authorization" },
  create: { paths: ["/v1/jobs"] },
  poll: { method: "GET", path: "/v1/jobs/{id}" },
};

const WHOLE = {
  base_url: "https://video.example/api",
  auth: { header: "X-Key", scheme: "Token" },
  headers: { "X-Version": "2026-01-01", "X-Note": "two words" },
  create: { paths: ["/v1/{model}/jobs", "/v1/edits"], id: ["/job/id", "/id"], model: "/model_name" },
  poll: {
    method: "POST",
    path: "/v1/status",
    body: { job: { id: "{id}", n: 1, list: [null, true] } },
    id_is_path: true,
  },
  read: {
    status: ["/job/state", ""],
    words: { queued: ["WAITING"], running: ["busy"], succeeded: ["true"], failed: ["false", "FALSE"] },
    failed_if: [{ at: "/error" }, { at: "/ok", is: false }, { at: "/x", is: null }],
    progress: "/job/progress",
    progress_max: 1,
    urls: ["/job/urls/*", "/v1/jobs/{id}/content"],
    error: ["/error/message"],
    id: ["/job/id"],
    needs_key: true,
  },
  pending_statuses: [202, 409],
  not_found: { statuses: [410], words: ["UNKNOWN"] },
  check: "/v1/models",
  min_gap_seconds: 2.5,
  lifetime_hours: 24,
};

/** The whole profile with another value at the path; undefined: without the member. */
function withAt(path: string, value: unknown): object {
  const copy = structuredClone(WHOLE) as Record<string, unknown>;
  const names = path.split(".");
  const last = names.pop() ?? "";
  let inner = copy;
  for (const name of names) inner = inner[name] as Record<string, unknown>;
  if (value === undefined) delete inner[last];
  else inner[last] = value;
  return copy;
}

describe("a profile", () => {
  const byQuery = { ...SMALL, poll: { method: "GET", path: "/v1/status?lang=en&task_id={id}" } };

  it.each([SMALL, WHOLE, { ...SMALL, read: {} }, byQuery])("is accepted as it stands: %j", (profile) => {
    expect(parseProfile(profile)).toEqual({ ok: true, profile });
  });

  it("has an address without a slash at its end", () => {
    const result = parseProfile({ ...SMALL, base_url: "https://Video.example//" });
    expect(result).toMatchObject({ ok: true, profile: { base_url: "https://video.example" } });
  });

  it.each([null, [], "ark", 7])("is an object, not %j", (value) => {
    expect(parseProfile(value)).toMatchObject({ ok: false, problem: { path: "" } });
  });

  it.each<[string, unknown, string?]>([
    // Members that are missing, unknown, or of another type.
    ["auth", undefined],
    ["create", undefined],
    ["poll", undefined],
    ["auth.header", undefined],
    ["create.paths", undefined],
    ["poll.method", undefined],
    ["poll.path", undefined],
    ["name", "x"],
    ["auth.type", "bearer"],
    ["create.path", "/x"],
    ["poll.paths", []],
    ["read.url", "/x"],
    ["read.words.done", ["x"]],
    ["not_found.codes", []],
    ["read.failed_if.0.equals", 1],
    ["constructor", 1],
    ["read", []],
    ["read.needs_key", "true"],
    ["pending_statuses", 202],
    // Addresses.
    ["base_url", "video.example"],
    ["base_url", "ftp://video.example"],
    ["base_url", "https://user:pass@video.example"],
    ["base_url", "https://video.example/?"],
    ["base_url", "https://video.example/?a=b"],
    ["base_url", "https://video.example/#a"],
    // Headers.
    ["auth.header", ""],
    ["auth.header", "x y"],
    ["auth.header", "Host"],
    ["auth.header", "content-length"],
    ["auth.header", "ringback-hop"],
    ["auth.scheme", ""],
    ["auth.scheme", "Bearer x"],
    ["auth.scheme", "Bearer\r\nx: y"],
    ["headers", { "": "a" }, "headers."],
    ["headers", { "a:b": "c" }, "headers.a:b"],
    ["headers", { "x-a": "a\r\nb: c" }, "headers.x-a"],
    ["headers", { "x-a": " a" }, "headers.x-a"],
    ["headers", { "x-a": "ä" }, "headers.x-a"],
    ["headers", { "x-a": "a".repeat(301) }, "headers.x-a"],
    ["headers", { "x-a": 1 }, "headers.x-a"],
    ["headers", { "x-a": "1", "X-A": "2" }, "headers.X-A"],
    ["headers", { "x-key": "collides with auth" }, "headers.x-key"],
    ["headers", { Host: "a" }, "headers.Host"],
    ["headers", { "Content-Length": "1" }, "headers.Content-Length"],
    ["headers", { "Ringback-Hop": "1" }, "headers.Ringback-Hop"],
    ["headers", { "Transfer-Encoding": "chunked" }, "headers.Transfer-Encoding"],
    ["headers", Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`x-${n}`, "a"]))],
    // Paths.
    ["create.paths", []],
    ["create.paths.0", "v1/jobs"],
    ["create.paths.0", "/v1/jobs?x=1"],
    ["create.paths.0", "/v1/../jobs"],
    ["create.paths.0", "/v1/{a}{b}"],
    ["create.paths.0", `/${"a".repeat(300)}`],
    ["create.paths", Array.from({ length: 51 }, (_, n) => `/v1/${n}`)],
    ["poll.path", "/v1/{model}/{id}"],
    ["poll.path", "/v1/{task}"],
    ["poll.path", "/v1/status?"],
    ["poll.path", "/v1/status?task={task}"],
    ["poll.path", "/v1/status?id={id}#top"],
    ["poll.path", "/v1/status?id={id}?x=1"],
    ["poll.path", "/v1/status?to=https://host.example"],
    ["poll.path", "?id={id}"],
    ["create.paths", ["/v1/status"], "poll.path"],
    ["check", "/v1/{id}"],
    ["check", ""],
    // Polls.
    ["poll.method", "PUT"],
    ["poll.method", "GET", "poll.body"],
    ["poll.body", { job: "x" }, "poll"],
    ["poll.body", undefined, "poll"],
    ["poll.body", { job: `{id}${"x".repeat(2000)}` }],
    ["poll.body", "{id}"],
    ["create.paths", ["/v1/edits", "/v1/status"], "poll.path"],
    ["create.paths", ["/v1/{any}"], "poll.path"],
    ["create.paths", ["/V1/Status"], "poll.path"],
    // Pointers.
    ["create.id", []],
    ["create.id.0", "id"],
    ["create.model", "/a~2"],
    ["read.status.0", "/a~"],
    ["read.progress", "#/a"],
    ["read.error.0", `/${"a".repeat(300)}`],
    ["read.id.0", "/a".repeat(21)],
    ["read.failed_if.0.at", "x"],
    ["read.urls", []],
    ["read.urls.0", "job/urls"],
    ["read.urls.1", "/v1/{model}/{id}"],
    ["read.urls.1", "v1/{id}"],
    ["read.urls.1", "https://other.example/{id}"],
    // Words and values.
    ["read.words.queued.0", " - "],
    ["read.words.queued.0", "a".repeat(301)],
    ["read.words.queued.0", true],
    ["read.words.running.0", "wait-ing", "read.words.running.0"],
    ["read.words.failed", Array.from({ length: 51 }, (_, n) => `w${n}`)],
    ["not_found.words.0", "BUSY"],
    ["read.failed_if.0.is", {}],
    ["read.failed_if.0.is", "a".repeat(301)],
    // Numbers.
    ["read.progress_max", 0],
    ["read.progress_max", "1"],
    ["pending_statuses.0", 302],
    ["pending_statuses.0", 401],
    ["pending_statuses.0", 404],
    ["pending_statuses.0", 429],
    ["pending_statuses.0", 500],
    ["pending_statuses.0", 200.5],
    ["not_found.statuses.0", 403],
    ["min_gap_seconds", -1],
    ["min_gap_seconds", 86_401],
    ["lifetime_hours", 0],
    ["lifetime_hours", 8761],
  ])("is refused for its %s: %j", (path, value, named = path) => {
    const result = parseProfile(withAt(path, value));
    // What to write, not only that this is wrong.
    const message = expect.stringMatching(/^(must |needs |is no member of a profile$)/) as string;
    expect(result).toMatchObject({ ok: false, problem: { path: named, message } });
  });

  it.each([
    ["create.pats", 1, "is no member of a profile"],
    ["poll", undefined, "must be given, as an object"],
    ["auth", "Bearer", "must be an object"],
    ["create.paths", undefined, "must be given, as a list"],
    ["create.id", "/id", "must be a list"],
    ["read.progress", ["/done"], "must be a text"],
    ["read.needs_key", "yes", "must be true or false"],
    ["pending_statuses.0", "202", "must be a number"],
    ["poll.method", "PUT", "must be one of GET, POST"],
    ["read.progress", "done", "must be a JSON Pointer such as /data/0/id"],
    [
      "poll.path",
      "/v1/{task}",
      "must be a path such as /v1/tasks/{id}, or /v1/status?id={id}: no host, no blank, no slash at the end, and of names " +
        "in braces {id} alone",
    ],
    ["auth.header", "Host", "must be the name of a header, and of none that Ringback or the connection sets"],
  ])("says what to write for its %s: %j", (path, value, message) => {
    expect(parseProfile(withAt(path, value))).toEqual({ ok: false, problem: { path, message } });
  });

  it("says which path a poll must differ from", () => {
    expect(parseProfile(withAt("create.paths", ["/v1/status"]))).toEqual({
      ok: false,
      problem: { path: "poll.path", message: "must differ from create.paths.0: each poll would buy" },
    });
  });

  it("with a member that every object has is refused, too", () => {
    const profile: unknown = JSON.parse(`{"__proto__":{},${JSON.stringify(SMALL).slice(1)}`);
    expect(parseProfile(profile)).toMatchObject({ ok: false, problem: { path: "__proto__" } });
  });
});

describe("a built-in profile", () => {
  it("stands in a file of its own, short and with its source", () => {
    const folder = `${root}src/profiles/built-in/`;
    const files = readdirSync(folder);
    expect(files.map((file) => file.replace(".ts", "")).toSorted()).toEqual([...BUILT_IN.keys()].toSorted());
    for (const file of files) {
      const text = readFileSync(folder + file, "utf8");
      expect(text.split("\n").length).toBeLessThanOrEqual(61);
      expect(text).toMatch(/Source: [^/]*\/?[^{]*\b2026\b|docs\/decisions/);
    }
  });

  it.each([...BUILT_IN])("%s is a good one", (_name, profile) => {
    expect(parseProfile(structuredClone(profile))).toEqual({ ok: true, profile });
  });

  it("has an address, unless anyone may host it", () => {
    const without = [...BUILT_IN].filter(([, profile]) => profile.base_url === undefined);
    expect(without.map(([name]) => name)).toEqual(["new-api"]);
  });
});
