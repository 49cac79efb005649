import { describe, expect, it } from "vitest";
import { formIssue } from "../../../../src/console/forms/new-task-fields.ts";
import { curlOf, formIssues, headersIn, requestOf } from "../../../../src/console/forms/new-task-request.ts";
import { en } from "../../../../src/console/text/en.ts";
import { RawText } from "../../../../src/http/body/json-body.ts";

const BASE = { capability: "video_generation", input_mode: "text", control_mode: "none", with_audio: false };

describe("the form's request", () => {
  it.each([
    ["nothing", {}, BASE],
    ["no mode", { mode: "" }, BASE],
    [
      "text, with what belongs to other modes",
      { mode: "text", image: "https://a/b.png", reference_images: "asset://a" },
      BASE,
    ],
    [
      "an image",
      { mode: "image", image: "https://a/b.png", end_image: "" },
      { ...BASE, input_mode: "single_image", image: "https://a/b.png" },
    ],
    [
      "a last frame without a first one, which the schema then refuses",
      { mode: "image", image: "", end_image: "https://a/b.png" },
      { ...BASE, input_mode: "single_image", control_mode: "end_frame", end_image: "https://a/b.png" },
    ],
    [
      "references, one a line",
      { mode: "reference", reference_images: " asset://a \r\n\r\nasset://b" },
      {
        ...BASE,
        input_mode: "multi_image",
        control_mode: "reference",
        reference_images: ["asset://a", "asset://b"],
      },
    ],
    [
      "references with commas between them",
      { mode: "reference", reference_images: "https://example.com/a,b.png,asset://b" },
      {
        ...BASE,
        input_mode: "multi_image",
        control_mode: "reference",
        reference_images: ["https://example.com/a,b.png", "asset://b"],
      },
    ],
    ["numbers", { duration_seconds: "5", timeout_seconds: "" }, { ...BASE, duration_seconds: 5 }],
    ["what is no number", { duration_seconds: "five" }, { ...BASE, duration_seconds: "five" }],
    ["a result to be kept", { keep_result: "true" }, { ...BASE, keep_result: true }],
    ["a result not to be kept", { keep_result: "false" }, { ...BASE, keep_result: false }],
    [
      "a test, of which nothing is kept",
      { keep_result: "true", test_outcome: "failed" },
      { ...BASE, test: { outcome: "failed" } },
    ],
    ["a checked box", { with_audio: "true" }, { ...BASE, with_audio: true }],
    // No form of ours sends these: they are for the schema to refuse, and not to be paid for as something else.
    ["what no box sends", { with_audio: "zz" }, { ...BASE, with_audio: "zz" }],
    ["a mode that is none", { mode: "zz" }, { ...BASE, input_mode: "zz" }],
    ["a mode of another kind", { mode: ["text"] }, { ...BASE, input_mode: ["text"] }],
    [
      "a callback without a URL",
      { callback_url: "", callback_format: "flat", callback_headers: "a: b" },
      { ...BASE, callback_headers: { a: "b" } },
    ],
    [
      "a callback",
      { callback_url: "https://a.com", callback_format: "flat", callback_headers: "a: b:c\nd" },
      {
        ...BASE,
        callback_url: "https://a.com",
        callback_format: "flat",
        callback_headers: { a: "b:c", d: "" },
      },
    ],
    [
      "a test",
      { test_outcome: "failed", test_delay: "0" },
      { ...BASE, test: { outcome: "failed", delay_seconds: 0 } },
    ],
    [
      "a test without a delay",
      { test_outcome: "timeout", test_delay: "" },
      { ...BASE, test: { outcome: "timeout" } },
    ],
    ["a delay without a test", { test_outcome: "", test_delay: "5" }, BASE],
  ])("for %s", (_name, form, expected) => {
    expect(requestOf({ endpoints: "true", ...form })).toEqual(expected);
  });

  const test = { outcome: "failed" };
  it.each([
    ["checked", {}, { endpoints: "true" }, {}],
    ["not checked", {}, {}, { endpoints: false }],
    ["not checked, whatever a test's box says", {}, { test_endpoints: "true" }, { endpoints: false }],
    ["not checked for a test", { test_outcome: "failed" }, {}, { test }],
    [
      "not checked for a test, whatever the other one says",
      { test_outcome: "failed" },
      { endpoints: "true" },
      { test },
    ],
    ["checked for a test", { test_outcome: "failed" }, { test_endpoints: "true" }, { test, endpoints: true }],
    ["what no box sends", {}, { endpoints: "zz" }, { endpoints: "zz" }],
  ])("says of the account's endpoints what is not the default: %s", (_name, form, box, expected) => {
    expect(requestOf({ ...form, ...box })).toEqual({ ...BASE, ...expected });
  });

  it("leaves an image of megabytes as the bytes that it came as", () => {
    const image = new RawText(new Uint8Array(40_000).fill(0x41));
    expect(requestOf({ mode: "image", image })["image"]).toBe(image);
    expect(requestOf({ mode: "reference", reference_images: image })["reference_images"]).toEqual([image]);
  });

  it("takes headers that are written as JSON", () => {
    expect(headersIn({ a: "b" })).toEqual({ a: "b" });
    expect(headersIn("")).toBeUndefined();
  });

  it("makes one header of lines with the same name", () => {
    expect(headersIn("a: b\nc: d\na: e")).toEqual({ a: "b, e", c: "d" });
  });
});

describe("the command", () => {
  it("quotes for a shell, and shortens what is long", () => {
    const command = curlOf("https://ringback.acme.com/v1/videos", {
      prompt: "it's",
      image: `data:image/png;base64,${"A".repeat(500)}`,
      end_image: new RawText(new TextEncoder().encode("B".repeat(40_000))),
    });
    expect(command).toBe(
      [
        'curl "https://ringback.acme.com/v1/videos" \\',
        '  -H "Authorization: Bearer $RINGBACK_KEY" \\',
        '  -H "Content-Type: application/json" \\',
        "  -d '{",
        String.raw`  "prompt": "it'\''s",`,
        `  "image": "data:image/png;base64,${"A".repeat(26)}…",`,
        `  "end_image": "${"B".repeat(48)}…"`,
        "}'",
      ].join("\n"),
    );
  });

  it("shows a long prompt as it is", () => {
    expect(curlOf("https://a", { prompt: "word ".repeat(400) })).toContain("word ".repeat(400));
  });
});

it.each([
  ["prompt", "prompt", "Prompt"],
  ["reference_images.2", "reference_images", "Reference images"],
  ["callback_headers.x-shop", "callback_headers", "Custom headers"],
  ["test", "test_outcome", "Test"],
  ["test.delay_seconds", "test_delay", "Ends after (seconds)"],
  ["input_mode", "mode-text", "Input"],
  ["no_field_of_ours", "no_field_of_ours", "no_field_of_ours"],
  ["", "", "New task"],
])("a problem of %j belongs to the field %j, labelled %j", (path, field, label) => {
  const shown = formIssue({ path, code: "required", message: "is required" }, en.create);
  expect(shown).toEqual({ path, code: "required", message: "is required", field, label });
});

describe("what would be dropped without a callback URL", () => {
  const found = (form: Parameters<typeof formIssues>[0]): unknown[] =>
    formIssues(form).map(({ path, params }) => [path, params]);

  it.each([
    ["headers", { callback_headers: "x: y" }, "callback_headers"],
    ["headers without a colon", { callback_headers: "Authorization Bearer x" }, "callback_headers"],
    ["another format", { callback_format: "flat" }, "callback_format"],
    ["other events", { callback_events: "video.failed" }, "callback_events"],
    ["more events", { callback_events: ["video.succeeded", "video.running"] }, "callback_events"],
  ])("is named: %s", (_name, form, field) => {
    expect(found({ callback_url: "", ...form })).toEqual([["callback_url", { field }]]);
    expect(found({ callback_url: "https://example.com/hook", ...form })).toEqual([]);
  });

  it("is nothing in the form as it starts", () => {
    const events = ["video.succeeded", "video.failed"];
    expect(found({ callback_url: "", callback_events: events, callback_format: "standard" })).toEqual([]);
    expect(found({ callback_headers: " \n " })).toEqual([]);
  });
});
