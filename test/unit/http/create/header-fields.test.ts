import { describe, expect, it } from "vitest";
import { fingerprint } from "../../../../src/http/create/fingerprint.ts";
import { headerOf, withHeaderFields } from "../../../../src/http/create/header-fields.ts";
import type { CreateVerdict } from "../../../../src/http/create/asked-create.ts";
import { readVideoRequest } from "../../../../src/http/create/video-request.ts";
import { RINGBACK_FIELDS } from "../../../../src/http/create/video-schema.ts";
import { problemText, type Issue } from "../../../../src/contract/problems.ts";
import { BASE, body, request, rules } from "./video-requests.ts";

/*
 * scenario                                            requirement
 * each of Ringback's own fields as a header           contract, Other upstreams: /v1/videos takes these headers too
 * a field given twice, an unknown header,             contract, Other upstreams: 400, named
 * one whose name has underscores
 * the same field as a header and in the body          contract, Idempotency: "same body" is judged after coercion
 */

type Given = [name: string, value: string][];

function taken(given: Given, fields: object = {}): CreateVerdict {
  const all = withHeaderFields({ ok: true, value: body({ ...BASE, ...fields }) }, new Headers(given));
  if (!all.ok) throw new Error(all.problem.code);
  if (all.issues?.length) return { ok: false, issues: [...all.issues] };
  return readVideoRequest(all.value, { strict: true, rules, keeps: true });
}

function issues(given: Given, fields?: object): string[] {
  const result = taken(given, fields);
  return result.ok ? [] : result.issues.map(({ path, code }: Issue) => `${path} ${code}`);
}

/** Of each field: as a header, and in a body. */
const VALUES: Record<string, [header: string, field: unknown]> = {
  callback_url: ["https://hooks.acme.com/a?b=c,d", "https://hooks.acme.com/a?b=c,d"],
  callback_headers: ['{"x-make-apikey": "a, b"}', { "x-make-apikey": "a, b" }],
  callback_format: ["flat", "flat"],
  callback_events: ["video.failed, video.running", ["video.failed", "video.running"]],
  metadata: ['{"order": 42, "名": "é"}', { 名: "é", order: 42 }],
  timeout_seconds: ["3600", 3600],
  retry_ambiguous_submit: ["true", true],
  endpoints: ["false", false],
  keep_result: ["false", false],
  upstream_body: ['{"metadata": {"a": 1}}', { metadata: { a: 1 } }],
  test: ['{"outcome": "failed"}', { outcome: "failed", delay_seconds: 5 }],
};
// Headers of the platform hold characters; fetch's own class takes bytes only.
const asHeaders = (given: Given): Headers =>
  Object.assign(new Headers(), { [Symbol.iterator]: () => given.values() });

describe("a header of a create", () => {
  it("stands for each of Ringback's own fields", () => {
    expect(Object.keys(VALUES).toSorted()).toEqual([...RINGBACK_FIELDS].toSorted());
    expect(headerOf("retry_ambiguous_submit")).toBe("Ringback-Retry-Ambiguous-Submit");
  });

  it.each(Object.entries(VALUES))(
    "means what the field means in the body: %s",
    async (field, [text, value]) => {
      const given = withHeaderFields(
        { ok: true, value: body(BASE) },
        asHeaders([[headerOf(field).toLowerCase(), text]]),
      );
      expect(given.issues).toEqual([]);
      const read = readVideoRequest(given.ok ? given.value : {}, { strict: true, rules, keeps: true });
      const meant = request({ [field]: value });
      expect(read).toMatchObject({ ok: true, request: { upstream: meant.upstream } });
      expect(await fingerprint(read.ok ? read.request.meaning : {})).toBe(await fingerprint(meant.meaning));
      expect(await fingerprint(request({}).meaning)).not.toBe(await fingerprint(meant.meaning));
    },
  );

  it("is one object, however many are in it", () => {
    const metadata = '{"a":[{"b":1},{"c":2}],"d":"},{"}';
    expect(taken([["Ringback-Metadata", metadata]])).toMatchObject({ request: { metadata } });
    expect(issues([["Ringback-Metadata", '{"a":1}, "b"']])).toEqual(["metadata not_object"]);
  });

  it("is absent when it is empty, but for a test", () => {
    expect(taken([["Ringback-Metadata", ""]])).toEqual(taken([]));
    expect(taken([["Ringback-Metadata", ""]], { metadata: { a: 1 } })).toEqual(
      taken([], { metadata: { a: 1 } }),
    );
    expect(taken([["Ringback-Metadata", '{"a":1}']], { metadata: null })).toMatchObject({
      ok: true,
      request: { metadata: '{"a":1}' },
    });
    expect(issues([["Ringback-Test", ""]])).toEqual(["test not_object"]);
  });

  const TWICE: [name: string, given: Given, fields: object, expected: string[]][] = [
    [
      "in the body as well",
      [["Ringback-Callback-Url", "https://a.acme.com/"]],
      { callback_url: "https://a.acme.com/" },
      ["Ringback-Callback-Url given_two_ways"],
    ],
    [
      "an empty test beside one",
      [["Ringback-Test", "failed"]],
      { test: "" },
      ["Ringback-Test given_two_ways"],
    ],
    [
      "two URLs",
      [
        ["Ringback-Callback-Url", "https://a.acme.com/"],
        ["ringback-callback-url", "https://b.acme.com/"],
      ],
      {},
      ["Ringback-Callback-Url given_twice"],
    ],
    [
      "two URLs, joined without a blank",
      [["Ringback-Callback-Url", "https://a.acme.com/,https://b.acme.com/"]],
      {},
      ["Ringback-Callback-Url given_twice"],
    ],
    [
      "a URL and an empty one",
      [
        ["Ringback-Callback-Url", "https://a.acme.com/"],
        ["Ringback-Callback-Url", ""],
      ],
      {},
      ["Ringback-Callback-Url given_twice"],
    ],
    [
      "two objects",
      [
        ["Ringback-Metadata", '{"a":1}'],
        ["Ringback-Metadata", '{"a":1}'],
      ],
      {},
      ["Ringback-Metadata given_twice"],
    ],
    [
      "two tests",
      [
        ["Ringback-Test", "failed"],
        ["Ringback-Test", "failed"],
      ],
      {},
      ["test.outcome not_listed"],
    ],
    [
      "two numbers",
      [
        ["Ringback-Timeout-Seconds", "60"],
        ["Ringback-Timeout-Seconds", "60"],
      ],
      {},
      ["timeout_seconds integer_range"],
    ],
    [
      "two switches",
      [
        ["Ringback-Endpoints", "true"],
        ["Ringback-Endpoints", "true"],
      ],
      {},
      ["endpoints not_boolean"],
    ],
  ];
  it.each(TWICE)("is refused when its field is given twice: %s", (_name, given, fields, expected) => {
    expect(issues(given, fields)).toEqual(expected);
  });

  it.each(["Ringback-Model", "Ringback-", "Ringback-Secret", "Ringback_Hop", "Ringback_", "Ringback-_-"])(
    "is refused when it is none of Ringback's fields: %s",
    (name) => {
      expect(issues([[name, "https://a.acme.com/"]])).toEqual([`${name} unknown_header`]);
    },
  );

  it.each([
    ["Ringback_Test", "Ringback-Test"],
    ["Ringback_Callback_Url", "Ringback-Callback-Url"],
    ["Ringback-Callback_Url", "Ringback-Callback-Url"],
    ["Ringback__Callback-Url", "Ringback-Callback-Url"],
    ["Ringback-Callbackurl", "Ringback-Callback-Url"],
    ["Ringback-Time-Out-Seconds", "Ringback-Timeout-Seconds"],
  ])("is refused as %s, and told to be %s", (name, meant) => {
    const { issues: found = [] } = withHeaderFields({ ok: true, value: {} }, new Headers([[name, "failed"]]));
    expect(found.map((one) => `${one.path} ${problemText(one)}`)).toEqual([
      `${name} must be spelled ${meant}`,
    ]);
  });

  it("is refused when its bytes are not UTF-8", () => {
    const given = asHeaders([["ringback-metadata", '{"a":"\uFFFD"}']]);
    expect(withHeaderFields({ ok: true, value: {} }, given).issues).toEqual([
      { path: "Ringback-Metadata", code: "not_utf8", params: {} },
    ]);
  });

  it("is named beside a body that cannot be read, and any other header is left alone", () => {
    const problem = { code: "not_json", params: {} } as const;
    expect(withHeaderFields({ ok: false, problem }, new Headers({ "ringback-x": "1" }))).toEqual({
      ok: false,
      problem,
      issues: [{ path: "Ringback-X", code: "unknown_header", params: {} }],
    });
    expect(issues([["x-ringback-test", "1"]])).toEqual([]);
    expect(issues([["ringbacker", "1"]])).toEqual([]);
  });
});
