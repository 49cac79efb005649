import { describe, expect, it } from "vitest";
import { fingerprint } from "../../../../src/http/create/fingerprint.ts";
import { parseBody } from "../../../../src/http/body/form-body.ts";
import { readVideoRequest } from "../../../../src/http/create/video-request.ts";
import { BASE, PNG, request, rules } from "./video-requests.ts";

/** Of each, what a tool may send for it. */
const SPELLINGS: Record<string, object[]> = {
  "a list of images": [
    { reference_images: ["https://acme.com/a.png", "asset://b"] },
    { reference_images: '["https://acme.com/a.png","asset://b"]' },
    { reference_images: "https://acme.com/a.png,asset://b" },
    { reference_images: "https://acme.com/a.png\r\nasset://b\n" },
    { reference_images: " https://acme.com/a.png ,\n asset://b" },
  ],
  "an image": [{ image: PNG }, { image: PNG.replace(/.{30}/g, "$&\n") }, { image: `${PNG} ` }],
  "a test": [
    { test: "failed" },
    { test: { outcome: "failed" } },
    { test: '{"outcome":"failed"}' },
    { test: { delay_seconds: "5", outcome: "failed" } },
  ],
  "members for upstream": [
    { upstream_body: { metadata: { a: 1, b: 2 } } },
    { upstream_body: '{"metadata":{"b":2,"a":1}}' },
  ],
  "what is absent": [{}, { Test: null, callback_foo: "", image: "", upstream_body: null, endpoints: "" }],
  switches: [
    { endpoints: true, keep_result: false },
    { endpoints: "TRUE", keep_result: "false" },
  ],
  "the wish for a copy": [{ keep_result: true }, { keep_result: "true" }, { keep_result: "True" }],
  events: [
    { callback_events: ["video.failed", "video.running"] },
    { callback_events: "video.failed,video.running" },
    { callback_events: "video.failed\nvideo.running" },
  ],
};

describe("a create is", () => {
  it("the same request, whether its metadata is an object or JSON in a string", async () => {
    const meant = request({ metadata: { a: 1, b: { c: [2] } } }).meaning;
    const text = request({ metadata: ' {"b": {"c":[2]}, "a":1}' }).meaning;
    expect(await fingerprint(text)).toEqual(await fingerprint(meant));
    expect(await fingerprint(request({ metadata: { a: 2 } }).meaning)).not.toEqual(await fingerprint(meant));
  });

  it.each(Object.entries(SPELLINGS))("the same request, however it spells %s", async (_name, spellings) => {
    const requests = spellings.map((fields) => request(fields));
    const meanings = await Promise.all(requests.map(async ({ meaning }) => fingerprint(meaning)));
    expect(new Set(meanings).size).toBe(1);
    for (const { upstream } of requests) expect(upstream).toEqual(requests[0]?.upstream);
  });

  it("the same request as JSON, as a form and as a form with files", async () => {
    const file = Buffer.from(PNG, "base64");
    const json = {
      ...BASE,
      image: `data:image/png;base64,${PNG}`,
      metadata: { order: "42" },
      test: { outcome: "failed", delay_seconds: 5 },
      reference_images: ["asset://a"],
    };
    const form = new URLSearchParams({
      ...BASE,
      image: json.image,
      "metadata[order]": "42",
      "test.outcome": "failed",
      "reference_images[]": "asset://a",
    });
    const files = new FormData();
    for (const [name, value] of form) if (name !== "image") files.append(name, value);
    files.append("image", new Blob([file], { type: "image/png" }), "a.png");
    const multipart = new Response(files);
    const boundary = /boundary=(.*)$/.exec(multipart.headers.get("content-type") ?? "")?.[1] ?? null;
    const bodies = [
      parseBody(Buffer.from(JSON.stringify(json)), { kind: "json" }),
      parseBody(Buffer.from(form.toString()), { kind: "form" }),
      parseBody(Buffer.from(await multipart.arrayBuffer()), { kind: "multipart", boundary }),
    ];
    const meanings = bodies.map(async (body) => {
      const result = body.ok ? readVideoRequest(body.value, { strict: true, rules, keeps: true }) : null;
      return result?.ok ? fingerprint(result.request.meaning) : JSON.stringify([body, result]);
    });
    const [first, ...others] = await Promise.all(meanings);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(others).toEqual([first, first]);
  });

  it("another one with another wish for a copy", async () => {
    const wishes = [{}, { keep_result: true }, { keep_result: false }];
    const meanings = wishes.map(async (fields) => fingerprint(request(fields).meaning));
    expect(new Set(await Promise.all(meanings)).size).toBe(3);
  });

  it("another one with other members for upstream", async () => {
    const meant = await fingerprint(request({ upstream_body: { metadata: { a: 1 } } }).meaning);
    for (const other of [{}, { metadata: { a: 1 } }, { upstream_body: { metadata: { a: 2 } } }])
      expect(await fingerprint(request(other).meaning)).not.toBe(meant);
  });
});
