import { describe, expect, it } from "vitest";
import { encodeJsonBody, parseJsonBody } from "../../../../src/http/body/json-body.ts";
import { readVideoRequest } from "../../../../src/http/create/video-request.ts";
import { issues, PNG, rules } from "./video-requests.ts";

/*
 * scenario                                          requirement
 * an empty test, in every spelling                  contract, POST: 400, it would be paid
 * names that are nearly a field's                   contract, POST: 400 and named
 * words, sentences and short texts for images       contract, POST: what an image is
 * what no other field may stand for                 contract, POST: upstream_body, content, keep_result
 */

describe("a slip is refused, strict or lenient:", () => {
  it.each([
    [{ test: "" }, "test"],
    [{ test: {} }, "test.outcome"],
    [{ test: [] }, "test"],
    [{ test: "{}" }, "test.outcome"],
    [{ test: "[]" }, "test.outcome"],
    [{ test: " " }, "test.outcome"],
    [{ test: "null" }, "test.outcome"],
    [{ test: false }, "test"],
    [{ test: { outcome: "failed", Delay_Seconds: 5 } }, "test.Delay_Seconds"],
    [{ Test: { outcome: "succeeded" } }, "Test"],
    [{ TEST: "" }, "TEST"],
    [{ "test[outcome]": "succeeded" }, "test[outcome]"],
    [{ "test.outcome": "" }, "test.outcome"],
    [{ test__outcome: "succeeded" }, "test__outcome"],
    [{ callbackUrl: "https://hooks.acme.com/x" }, "callbackUrl"],
    [{ "Callback-URL": "https://hooks.acme.com/x" }, "Callback-URL"],
    [{ webhook_url: "https://hooks.acme.com/x" }, "webhook_url"],
    [{ callback: "https://hooks.acme.com/x" }, "callback"],
    [{ durationSeconds: 15 }, "durationSeconds"],
    [{ Duration_Seconds: 15 }, "Duration_Seconds"],
    [{ "duration_seconds\u200b": 15 }, "duration_seconds\u200b"],
    [{ model: "m", Model: "n" }, "Model"],
    [{ "prompt ": "x" }, "prompt "],
    [{ "image[0]": "https://acme.com/a.png" }, "image[0]"],
    [{ "metadata.order": 1 }, "metadata.order"],
    [{ image: "null" }, "image"],
    [{ image: "undefined" }, "image"],
    [{ image: "https://acme.com/a b.png" }, "image"],
    [{ image: PNG.slice(0, 60) }, "image"],
    [{ reference_images: "asset://a, b" }, "reference_images.0"],
    [{ reference_images: ["null"] }, "reference_images.0"],
    [{ keep_result: "on" }, "keep_result"],
    [{ keep_result: 1 }, "keep_result"],
    [{ endpoints: "all" }, "endpoints"],
    [{ endpoints: ["ep_1"] }, "endpoints"],
    [{ upstream_body: [] }, "upstream_body"],
    [{ upstream_body: "x" }, "upstream_body"],
    [{ upstream_body: { prompt: "x" } }, "upstream_body.prompt"],
    [{ upstream_body: { duration_seconds: 15 } }, "upstream_body.duration_seconds"],
    [{ upstream_body: { Metadata: {} } }, "upstream_body.Metadata"],
    [{ upstream_body: { callback_url: "x" } }, "upstream_body.callback_url"],
    [{ upstream_body: { seed: 1 } }, "upstream_body.seed"],
    [{ upstream_body: '{"seed":1}' }, "upstream_body.seed"],
    [{ prompt: null, content: "text" }, "prompt"],
    [{ prompt: null, content: { type: "text" } }, "prompt"],
    [{ content: [1], control_mode: "end_frame", image: PNG }, "end_image"],
  ])("%j at %s", (fields, path) => {
    expect(issues(fields)).toEqual([path]);
    expect(issues(fields, false)).toEqual([path]);
  });
});

describe("what goes upstream", () => {
  it("has every digit of `upstream_body`", () => {
    const text = '{"model":"m","prompt":"p","upstream_body":{"metadata":{"n":12345678901234567890,"x":1.0}}}';
    const parsed = parseJsonBody(new TextEncoder().encode(text));
    const result = parsed.ok ? readVideoRequest(parsed.value, { strict: true, rules, keeps: true }) : null;
    expect(result?.ok && new TextDecoder().decode(encodeJsonBody(result.request.upstream))).toBe(
      '{"model":"m","prompt":"p","metadata":{"n":12345678901234567890,"x":1.0}}',
    );
  });
});
