import { describe, expect, it } from "vitest";
import { parseBody } from "../../../../src/http/body/form-body.ts";
import { gatherPlain } from "../../../../src/http/body/form-fields.ts";
import type { CreatePath } from "../../../../src/http/create/create-path.ts";
import { fingerprint } from "../../../../src/http/create/fingerprint.ts";
import { partBody } from "../../../../src/http/create/upstream-request.ts";
import { anUpstream } from "../../../support/builders.ts";
import { HOOK, PATH, request, sent, type Given } from "./upstream-requests.ts";

/*
 * scenario                                              requirement (design.md, Other upstreams)
 * a body as JSON and as a form                          sent as JSON, unchanged but for the member ringback
 * the model                                             member, pointer of the profile, name of the path, last part
 * equal requests                                        NAME and PATH are part of what idempotency compares
 */

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
