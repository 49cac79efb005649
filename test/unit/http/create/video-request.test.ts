import { describe, expect, it } from "vitest";
import { issue } from "../../../../src/contract/problems.ts";
import { readVideoRequest } from "../../../../src/http/create/video-request.ts";
import { BASE, DATA, issues, PNG, request, rules } from "./video-requests.ts";

describe("what goes upstream", () => {
  it("is the upstream's fields typed, unknown ones as they came, and none of Ringback's", () => {
    const { upstream } = request({
      duration_seconds: "5",
      with_audio: false,
      resolution: null,
      aspect_ratio: "",
      seed: 7,
      nothing: null,
      callback_url: "https://hooks.acme.com/x",
      metadata: { order: 1 },
      timeout_seconds: 60,
    });
    expect(upstream).toEqual({ ...BASE, duration_seconds: 5, with_audio: false, seed: 7, nothing: null });
  });

  it.each([
    [{ with_audio: "true" }, { with_audio: true }],
    [{ with_audio: "False" }, { with_audio: false }],
    [{ duration_seconds: "-1" }, { duration_seconds: -1 }],
    [{ reference_images: ["asset://a"] }, { reference_images: ["asset://a"] }],
    [
      { reference_images: '["asset://a","https://acme.com/b.png"]' },
      { reference_images: ["asset://a", "https://acme.com/b.png"] },
    ],
    [
      { reference_images: "asset://a\r\n\nhttps://acme.com/b.png\n" },
      { reference_images: ["asset://a", "https://acme.com/b.png"] },
    ],
    [
      { reference_images: "https://acme.com/a,b.png,https://acme.com/c.png?x=1,2, asset://a" },
      { reference_images: ["https://acme.com/a,b.png", "https://acme.com/c.png?x=1,2", "asset://a"] },
    ],
    [
      { reference_images: `${DATA},${DATA},http://acme.com/a,\nHTTPS://acme.com/b` },
      { reference_images: [DATA, DATA, "http://acme.com/a", "HTTPS://acme.com/b"] },
    ],
    [{ image: PNG.replace(/.{20}/g, "$&\r\n") }, { image: PNG }],
    [
      { image: DATA.replace("base64,", "base64,\n"), end_image: `${PNG}\n` },
      { image: DATA, end_image: PNG },
    ],
    [{ reference_images: [`${PNG.slice(0, 40)} ${PNG.slice(40)}`] }, { reference_images: [PNG] }],
    [
      { upstream_body: { metadata: { a: 1 }, test: true, endpoints: null, upstream_body: "x" } },
      { metadata: { a: 1 }, test: true, endpoints: null, upstream_body: "x" },
    ],
    [{ upstream_body: '{"timeout_seconds":5}', timeout_seconds: 60 }, { timeout_seconds: 5 }],
    [{ metadata: { ours: 1 }, upstream_body: { metadata: { theirs: 2 } } }, { metadata: { theirs: 2 } }],
    [{ endpoints: "true", keep_result: "false", upstream_body: "" }, {}],
    [{ endpoints: false, keep_result: false, upstream_body: {} }, {}],
    [{ content: [{ type: "text", text: "x" }] }, { content: [{ type: "text", text: "x" }] }],
    [{ Callback_Url: null, "Duration-Seconds": "", TEST: null, "metadata.x": null }, {}],
  ])("from %j is %j", (given, expected) => {
    expect(request(given).upstream).toEqual({ ...BASE, ...expected });
  });
});

describe("a create is refused", () => {
  it.each([
    [{ model: undefined }, "model"],
    [{ model: "" }, "model"],
    [{ model: 5 }, "model"],
    [{ model: "m".repeat(201) }, "model"],
    [{ prompt: undefined }, "prompt"],
    [{ prompt: "x".repeat(2501) }, "prompt"],
    [{ prompt: ["x"] }, "prompt"],
    [{ prompt: null, input_mode: "text", image: PNG }, "prompt"],
    [{ duration_seconds: 4.5 }, "duration_seconds"],
    [{ duration_seconds: "soon" }, "duration_seconds"],
    [{ with_audio: "yes" }, "with_audio"],
    [{ with_audio: 1 }, "with_audio"],
    [{ input_mode: "single_image" }, "image"],
    [{ control_mode: "end_frame", image: PNG }, "end_image"],
    [{ end_image: PNG }, "image"],
    [{ control_mode: "reference" }, "reference_images"],
    [{ control_mode: "reference", reference_images: [] }, "reference_images"],
    [{ image: "no image!" }, "image"],
    [{ image: "asset://a" }, "image"],
    [{ image: "ftp://acme.com/a.png" }, "image"],
    [{ image: "data:text/html;base64,AAAA" }, "image"],
    [{ image: "data:image/png;base64,!!" }, "image"],
    [{ reference_images: ["asset://a", "no image!"] }, "reference_images.1"],
    [{ reference_images: 5 }, "reference_images"],
    [{ callback_url: "http://acme.com/" }, "callback_url"],
    [{ callback_url: 5 }, "callback_url"],
    [{ callback_url: "https://ringback.acme.com/v1/videos" }, "callback_url"],
    [{ callback_events: [] }, "callback_events"],
    [{ callback_events: ["video.done"] }, "callback_events.0"],
    [{ callback_format: "xml" }, "callback_format"],
    [{ callback_headers: { "webhook-id": "x" } }, "callback_headers.webhook-id"],
    [{ callback_headers: { "X-A": "1", "x-a": "2" } }, "callback_headers.x-a"],
    [{ callback_headers: { "x-a": "é" } }, "callback_headers.x-a"],
    [{ callback_headers: { "": "x" } }, "callback_headers."],
    [
      { callback_headers: Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`x-${index}`, "v"])) },
      "callback_headers",
    ],
    [{ callback_headers: [["x-a", "1"]] }, "callback_headers"],
    [{ callback_headers: '{"cookie":"a=b"}' }, "callback_headers.cookie"],
    [{ callback_headers: '{"x-a":"a\\r\\nx-evil: 1"}' }, "callback_headers.x-a"],
    [{ callback_headers: '{"bad name":"v"}' }, "callback_headers.bad name"],
    [{ callback_headers: '{"x-a":5}' }, "callback_headers.x-a"],
    [
      {
        callback_headers: JSON.stringify(
          Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`x-${index}`, "v"])),
        ),
      },
      "callback_headers",
    ],
    [{ control_mode: "reference", reference_images: "[]" }, "reference_images"],
    [{ control_mode: "reference", reference_images: " \n " }, "reference_images"],
    [{ callback_urls: "https://acme.com/" }, "callback_urls"],
    [{ metadata: [1] }, "metadata"],
    [{ metadata: "[1]" }, "metadata"],
    [{ metadata: "not JSON" }, "metadata"],
    [{ metadata: "{not JSON" }, "metadata"],
    [{ metadata: `${'{"a":'.repeat(100)}1${"}".repeat(100)}` }, "metadata"],
    [{ callback_url: "https://hooks.acme.com/x", callback_headers: "x-app: 7" }, "callback_headers"],
    [{ callback_events: "video.done" }, "callback_events.0"],
    [{ callback_events: " " }, "callback_events"],
    [{ callback_events: " ,\n," }, "callback_events"],
    [{ metadata: { note: "x".repeat(4096) } }, "metadata"],
    [{ timeout_seconds: 59 }, "timeout_seconds"],
    [{ timeout_seconds: 259_201 }, "timeout_seconds"],
    [{ timeout_seconds: 60.5 }, "timeout_seconds"],
    [{ retry_ambiguous_submit: "maybe" }, "retry_ambiguous_submit"],
    [{ test: "explodes" }, "test.outcome"],
    [{ test: { outcome: "failed", delay_seconds: 601 } }, "test.delay_seconds"],
    [{ test: 5 }, "test"],
  ])("for %j at %s, strict or lenient", (fields, path) => {
    expect(issues(fields)).toEqual([path]);
    expect(issues(fields, false)).toEqual([path]);
  });

  it.each([
    [{ capability: "audio" }, "capability"],
    [{ aspect_ratio: "5:4" }, "aspect_ratio"],
    [{ duration_seconds: 3 }, "duration_seconds"],
    [{ duration_seconds: 16 }, "duration_seconds"],
    [{ resolution: "4k" }, "resolution"],
    [{ input_mode: "video" }, "input_mode"],
    [{ control_mode: "depth" }, "control_mode"],
  ])("for %j under strict only", (fields, path) => {
    expect(issues(fields)).toEqual([path]);
    expect(issues(fields, false)).toEqual([]);
  });

  it("but not for an unknown callback field that is absent", () => {
    expect(issues({ callback_foo: null, callback_bar: "" })).toEqual([]);
    expect(issues({ callback_foo: 0 })).toEqual(["callback_foo"]);
  });

  it("with a hundred problems at most, and a list too long to judge is one of them", () => {
    const many = Array.from({ length: 15_000 }, () => 1);
    expect(issues({ reference_images: many.slice(0, 10_000) })).toHaveLength(100);
    for (const list of [many, JSON.stringify(many), "x\n".repeat(200_000)]) {
      expect(issues({ reference_images: list })).toEqual(["reference_images"]);
    }
    expect(issues({ callback_events: many })).toEqual(["callback_events"]);
    const fields = Object.fromEntries(many.map((_, index) => [`callback_${index}`, 1]));
    expect(issues(fields)).toHaveLength(100);
  });

  it("with all its problems at once", () => {
    const fields = {
      model: "",
      duration_seconds: 99,
      end_image: PNG,
      callback_url: "x",
      callback_foo: 1,
      metadata: 5,
    };
    expect(issues(fields).toSorted()).toEqual(
      ["callback_foo", "callback_url", "duration_seconds", "image", "metadata", "model"].toSorted(),
    );
  });
});

describe("a create is taken", () => {
  it.each([
    { prompt: "🌊".repeat(2500) },
    { prompt: null, image: PNG },
    { prompt: null, content: [{ type: "text", text: "x" }] },
    { prompt: null, content: [{ type: "text", text: "x" }], input_mode: "text" },
    { test: null },
    { prompt: undefined, reference_images: ["asset://a"] },
    { image: `data:image/png;base64,${PNG}` },
    { image: "https://acme.com/a.png", end_image: PNG, control_mode: "end_frame" },
    { callback_events: ["video.progress", "video.progress"] },
    { metadata: { nested: { deep: [1, "x"] } } },
    { timeout_seconds: "60" },
    { test: "succeeded" },
    {
      callback_headers: { authorization: "Bearer abc", "x-make-apikey": "k" },
      callback_url: "https://hook.eu1.make.com/x",
    },
  ])("for %.80j", (fields) => {
    expect(issues(fields)).toEqual([]);
  });

  it("with its callback, its test and its defaults read", () => {
    expect(request({ callback_url: "https://hooks.acme.com/x", test: { outcome: "timeout" } })).toMatchObject(
      {
        callback: {
          url: "https://hooks.acme.com/x",
          events: ["video.succeeded", "video.failed"],
          format: "standard",
          headers: [],
        },
        test: { outcome: "timeout", delayMs: 5000 },
        timeoutMs: null,
        repeatServerErrors: false,
        metadata: null,
      },
    );
  });

  it.each([
    ['{"outcome":"failed"}', "failed"],
    ["failed", "failed"],
    [{ outcome: "failed" }, "failed"],
  ])("with its test from %j", (test, outcome) => {
    expect(request({ test }).test).toEqual({ outcome, delayMs: 5000 });
  });

  it.each([
    ["video.succeeded, video.running", ["video.succeeded", "video.running"]],
    ["video.failed", ["video.failed"]],
    ['["video.failed"]', ["video.failed"]],
    [
      ["video.failed", "video.progress"],
      ["video.failed", "video.progress"],
    ],
    ["video.failed\r\nvideo.progress\n", ["video.failed", "video.progress"]],
    ["video.failed,,", ["video.failed"]],
    ["", ["video.succeeded", "video.failed"]],
  ])("with its events from %j", (events, expected) => {
    const given = { callback_url: "https://hooks.acme.com/x", callback_events: events };
    expect(request(given).callback?.events).toEqual(expected);
  });

  it("with its objects read from JSON in a string, every digit kept", () => {
    const given = {
      callback_url: "https://hooks.acme.com/x",
      metadata: ' {"n":1.0,"m":12345678901234567890}',
      callback_headers: '{"x-app":"7"}',
    };
    const { metadata, callback } = request(given);
    expect(metadata).toBe('{"n":1.0,"m":12345678901234567890}');
    expect(callback?.headers).toEqual([["x-app", "7"]]);
  });

  it.each([{ reference_images: "[]" }, { reference_images: "\n" }, { reference_images: [] }])(
    "as a text task that needs a prompt where the list of images is empty: %j",
    (given) => {
      const result = readVideoRequest({ model: "a", ...given }, { strict: true, rules, keeps: true });
      expect(result).toEqual({
        ok: false,
        issues: [issue("prompt", "required_for_text")],
      });
    },
  );
});
