import { describe, expect, it } from "vitest";
import { problemText, type Issue } from "../../../../src/contract/problems.ts";
import { parseBody } from "../../../../src/http/body/form-body.ts";
import { gatherPlain } from "../../../../src/http/body/form-fields.ts";
import { encodeJsonBody } from "../../../../src/http/body/json-body.ts";
import { fingerprint } from "../../../../src/http/create/fingerprint.ts";
import type { CreatePath } from "../../../../src/http/create/create-path.ts";
import { partBody, readUpstreamRequest } from "../../../../src/http/create/upstream-request.ts";
import { RINGBACK_FIELDS } from "../../../../src/http/create/video-schema.ts";
import type { CreateVerdict, JudgedCreate } from "../../../../src/http/create/asked-create.ts";
import { deduplicated } from "../../../../src/http/issue.ts";
import { anUpstream } from "../../../support/builders.ts";
import { rules } from "./video-requests.ts";

/*
 * scenario                                              requirement (design.md, Other upstreams)
 * a body as JSON and as a form                          sent as JSON, unchanged but for the member ringback
 * Ringback's fields in the member and in headers        an object with Ringback's own fields; a field given twice is 400
 * names in the wrong place                              a top-level test, callback… or webhook… is 400
 * the model                                             member, pointer of the profile, name of the path, last part
 * equal requests                                        NAME and PATH are part of what idempotency compares
 */

const HOOK = "https://hooks.acme.com/a";
const PATH: CreatePath = { upstream: anUpstream({ name: "ark" }), path: "/v1/image_to_video", params: {} };

interface Given {
  headers?: Record<string, string>;
  target?: CreatePath;
  type?: "json" | "form";
}

function read(text: string, { headers = {}, target = PATH, type = "json" }: Given = {}): CreateVerdict {
  const given = parseBody(new TextEncoder().encode(text), { kind: type }, gatherPlain);
  const parts = partBody(given, new Headers(headers));
  const around = parts.body.issues ?? [];
  if (!parts.body.ok) return { ok: false, issues: [...around] };
  const result = readUpstreamRequest(parts.body.value, parts, {
    target,
    rules: { strict: true, rules, keeps: true },
  });
  if (around.length === 0) return result;
  return { ok: false, issues: deduplicated([...around, ...(result.ok ? [] : result.issues)]) };
}

function request(fields: object | string, given?: Given): JudgedCreate {
  const result = read(typeof fields === "string" ? fields : JSON.stringify(fields), given);
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result.request;
}

function issues(fields: object | string, given?: Given): string[] {
  const result = read(typeof fields === "string" ? fields : JSON.stringify(fields), given);
  return result.ok ? [] : result.issues.map(({ path, code }: Issue) => `${path} ${code}`);
}

const sent = (asked: JudgedCreate): string => new TextDecoder().decode(encodeJsonBody(asked.upstream));

describe("the body of a create at another upstream", () => {
  it("goes there unchanged but for the member ringback, digits and order and all", () => {
    const members =
      '"z":1.10,"a":[12345678901234567890,null,"",{"callback_url":"x","test":1}],"image":"not checked","__proto__":{"b":1}';
    const text = `{${members},"ringback":{"callback_url":"${HOOK}"},"prompt":""}`;
    expect(sent(request(text))).toBe(`{${members},"prompt":""}`);
  });

  it.each([undefined, null, "", {}, "{}"])("may do without the member, or hold it as %j", (ringback) => {
    const asked = request({ prompt: "a", ringback });
    expect(sent(asked)).toBe('{"prompt":"a"}');
    expect(asked).toMatchObject({ callback: null, test: null, endpoints: true, keepResult: null });
  });

  it("may be a form, whose values stay strings and whose names stay as they are", () => {
    const form = `model=m&n=5&on=true&a[b]=1&x.y__z=2&list=1&list=2&empty=&ringback=${encodeURIComponent(
      JSON.stringify({ metadata: { order: 42 }, callback_url: HOOK }),
    )}`;
    const asked = request(form, { type: "form" });
    expect(JSON.parse(sent(asked))).toEqual({
      model: "m",
      n: "5",
      on: "true",
      "a[b]": "1",
      "x.y__z": "2",
      list: ["1", "2"],
      empty: "",
    });
    expect(asked).toMatchObject({ metadata: '{"order":42}', callback: { url: HOOK } });
  });

  it.each(["[]", "1", "null", "{", ""])("is a JSON object, and not %s", (text) => {
    const result = partBody(
      parseBody(new TextEncoder().encode(text), { kind: "json" }, gatherPlain),
      new Headers({ "ringback-x": "1" }),
    );
    expect(result.body).toMatchObject({ ok: false, issues: [{ path: "Ringback-X" }] });
  });
});

describe("Ringback's own fields", () => {
  const OWN = {
    callback_url: HOOK,
    callback_events: ["video.failed"],
    callback_headers: { "x-a": "b" },
    callback_format: "flat",
    metadata: { a: 1 },
    timeout_seconds: "60",
    retry_ambiguous_submit: true,
    endpoints: false,
    keep_result: true,
    test: "failed",
  };

  it("stand in the member or in headers, and mean the same", async () => {
    const inBody = request({ prompt: "a", ringback: OWN });
    expect(inBody).toMatchObject({
      callback: { url: HOOK, events: ["video.failed"], format: "flat", headers: [["x-a", "b"]] },
      metadata: '{"a":1}',
      timeoutMs: 60_000,
      repeatServerErrors: true,
      endpoints: false,
      keepResult: true,
      test: { outcome: "failed", delayMs: 5000 },
    });
    const headers = Object.fromEntries(
      Object.entries(OWN).map(([name, value]) => [
        `Ringback-${name.replaceAll("_", "-")}`,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    );
    const inHeaders = request({ prompt: "a" }, { headers });
    expect(inHeaders).toEqual(inBody);
    expect(await fingerprint(inHeaders.meaning)).toBe(await fingerprint(inBody.meaning));
  });

  it("are never in what goes upstream, but for those of upstream_body", () => {
    const asked = request({ prompt: "a", ringback: { ...OWN, upstream_body: { test: 1, metadata: "m" } } });
    expect(sent(asked)).toBe('{"prompt":"a","test":1,"metadata":"m"}');
  });

  it.each<[what: string, fields: object, headers: Record<string, string>, expected: string[]]>([
    ["no object", { ringback: 5 }, {}, ["ringback not_object"]],
    ["a list", { ringback: [] }, {}, ["ringback not_object"]],
    ["text", { ringback: "callback_url" }, {}, ["ringback not_object"]],
    [
      "unknown",
      { ringback: { callback_uri: HOOK, prompt: "x" } },
      {},
      ["ringback.callback_uri unknown_field", "ringback.prompt unknown_field"],
    ],
    [
      "wrong",
      { ringback: { test: "x", timeout_seconds: 1, callback_url: "x" } },
      {},
      [
        "ringback.timeout_seconds integer_range",
        "ringback.test.outcome not_listed",
        "ringback.callback_url not_url",
      ],
    ],
    ["wrong in a header", {}, { "ringback-timeout-seconds": "1" }, ["timeout_seconds integer_range"]],
    [
      "given twice",
      { ringback: { test: "failed" } },
      { "ringback-test": "failed" },
      ["Ringback-Test given_two_ways"],
    ],
    ["unknown in a header", {}, { "ringback-model": "m" }, ["Ringback-Model unknown_header"]],
    [
      "a member that is there already",
      { metadata: 1, ringback: { upstream_body: { metadata: 2 } } },
      {},
      ["ringback.upstream_body.metadata given_twice"],
    ],
    [
      "an upstream's field",
      { ringback: { upstream_body: { prompt: 2 } } },
      {},
      ["ringback.upstream_body.prompt not_listed"],
    ],
  ])("are refused when they are %s", (_what, fields, headers, expected) => {
    expect(issues({ prompt: "a", ...fields }, { headers })).toEqual(expected);
  });

  it.each<[what: string, text: string, expected: string[]]>([
    [
      "the member",
      '{"ringback":{"test":"failed"},"prompt":"a","\\u0072ingback":null}',
      ["ringback given_twice"],
    ],
    [
      "a field in it",
      '{"ringback":{"test":"failed","test":null},"prompt":"a"}',
      ["ringback.test given_twice"],
    ],
    [
      "a field in its text",
      `{"ringback":${JSON.stringify('{"test":"failed","test":null}')}}`,
      ["ringback.test given_twice"],
    ],
    ["only members of the upstream's", '{"a":1,"a":2,"b":{"test":1,"test":2},"ringback":{}}', []],
  ])("are refused where the last of two would count: %s", (_what, text, expected) => {
    expect(issues(text)).toEqual(expected);
  });

  it.each([
    "test",
    "Test",
    "te-st",
    "test[outcome]",
    "Test.outcome",
    "test__outcome",
    "callback_url",
    "callbackUrl",
    "callback",
    "CALLBACK-x",
    "webhook",
    "webhook_url",
    "web_hook",
  ])("do not stand at the top: %s", (name) => {
    for (const value of [HOOK, null, ""]) {
      expect(issues({ prompt: "a", [name]: value })).toEqual([`${name} outside_its_field`]);
    }
    expect(issues(`${encodeURIComponent(name)}=x`, { type: "form" })).toEqual([`${name} outside_its_field`]);
  });

  it.each([
    ["webhook_url", "callback_url"],
    ["webhook", "callback_url"],
    ["callbackUri", "callback_url"],
    ["callback_url", "callback_url"],
    ["webhookHeaders", "callback_headers"],
    ["webhook_events_filter", "callback_events"],
    ["test[outcome]", "test"],
  ])("are told their place and their name there: %s is %s", (name, meant) => {
    const result = read(JSON.stringify({ [name]: HOOK }));
    expect(result.ok ? [] : result.issues.map((one) => problemText(one))).toEqual([
      `must be given in ringback, as ${meant}`,
    ]);
    expect(RINGBACK_FIELDS).toContain(meant);
  });

  it.each(["tests", "test_mode", "testimony", "my_test", "metadata[test]", "latest.test"])(
    "leave the upstream a name that only looks like a test's: %s",
    (name) => {
      const asked = request({ [name]: 1 });
      expect(sent(asked)).toBe(JSON.stringify({ [name]: 1 }));
    },
  );

  it.each([
    ["Ringback", "misspelled"],
    ["ring_back", "misspelled"],
    ["ringback_url", "misspelled"],
    ["ringback[test]", "outside_its_field"],
    ["ringback.test", "outside_its_field"],
  ])("stand under no name that is nearly the member's: %s is %s", (name, code) => {
    expect(issues({ [name]: {} })).toEqual([`${name} ${code}`]);
  });
});

describe("the model of a task at another upstream", () => {
  const withPointer = { ...anUpstream().profile, create: { paths: ["/x"], model: "/input/model" } };
  const target = (more: Partial<CreatePath> = {}): CreatePath => ({ ...PATH, ...more });
  const named = target({ upstream: anUpstream({ profile: withPointer }), params: { model: "veo-3" } });

  it.each<[what: string, fields: object, target: CreatePath, expected: string]>([
    ["the member", { model: "m-1", input: { model: "m-2" } }, named, "m-1"],
    ["what the profile names", { input: { model: "m-2" } }, named, "m-2"],
    [
      "what the profile names, where the member is none",
      { model: "", input: { model: "m-2" } },
      named,
      "m-2",
    ],
    ["the name in the path", { model: { id: 1 } }, named, "veo-3"],
    ["the last part of the path", { model: null }, target(), "image_to_video"],
    ["the last part with all that is in it", {}, target({ path: "/a/b:do" }), "b:do"],
    ["cut where it is long", { model: "m".repeat(300) }, target(), "m".repeat(200)],
  ])("is %s", (_what, fields, path, expected) => {
    expect(request(fields, { target: path }).model).toBe(expected);
  });

  it("comes with what tells how long it takes", () => {
    expect(request({ resolution: "720p", duration: "8" }).traits).toEqual({
      resolution: "720p",
      seconds: 8,
      inputMode: "image_to_video",
    });
    expect(request({ resolution: 720, duration: "long", seconds: 5.5 }).traits).toEqual({
      resolution: null,
      seconds: 5.5,
      inputMode: "image_to_video",
    });
  });
});

it("a request is another one at another upstream, at another path, and by any member", async () => {
  const mark = async (fields: object, given?: Given) => fingerprint(request(fields, given).meaning);
  const base = await mark({ a: 1, b: "x", ringback: { metadata: { m: 1, n: 2 } } });
  expect(await mark({ ringback: { metadata: '{"n":2,"m":1}' }, b: "x", a: 1 })).toBe(base);
  const others = await Promise.all([
    mark({ a: "1", b: "x", ringback: { metadata: { m: 1, n: 2 } } }),
    mark({ a: 1, b: "x", ringback: { metadata: { m: 1 } } }),
    mark({ a: 1, b: "x" }),
    mark({ a: 1, b: "x" }, { target: { ...PATH, path: "/v1/text_to_video" } }),
    mark({ a: 1, b: "x" }, { target: { ...PATH, upstream: anUpstream({ name: "runway" }) } }),
    mark({ a: 1, b: "x", ringback: { upstream_body: { test: 1 } } }),
  ]);
  expect(new Set([base, ...others]).size).toBe(others.length + 1);
});
