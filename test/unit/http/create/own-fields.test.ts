import { describe, expect, it } from "vitest";
import { problemText } from "../../../../src/contract/problems.ts";
import { fingerprint } from "../../../../src/http/create/fingerprint.ts";
import { RINGBACK_FIELDS } from "../../../../src/http/create/video-schema.ts";
import { HOOK, issues, read, request, sent } from "./upstream-requests.ts";

/*
 * scenario                                              requirement (design.md, Other upstreams)
 * Ringback's fields in the member and in headers        an object with Ringback's own fields; a field given twice is 400
 * names in the wrong place                              a top-level test, callback… or webhook… is 400
 */

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
    ["a name with a dot", { ringback: { "metadata.x": 1 } }, {}, ["ringback.metadata.x unknown_field"]],
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
