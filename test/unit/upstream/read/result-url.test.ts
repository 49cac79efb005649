import { describe, expect, it } from "vitest";
import { isJsonObject, parseJson } from "../../../../src/domain/text/json.ts";
import { taskCandidates } from "../../../../src/upstream/read/task-candidates.ts";
import { findResult, type ResultRules } from "../../../../src/upstream/read/result-url.ts";

/*
 * scenario                                              requirement (upstream-reality)
 * the members and nestings of the known gateways        the result is found in each
 * covers, frames, inputs, other tasks, the task's link  never the result
 * a video beside other URLs                             the video
 * relative URLs                                         against the upstream's origin
 * content links of the upstream, and the key in a URL   they need the key
 */

const I = "up-1";
const URL_OF_VIDEO = "https://cdn.acme.com/v?sig=a%2Bb";
const COVER = "https://cdn.acme.com/cover";
const BASE_URL = "https://gateway.acme.com/v1";

function find(answer: unknown, rules: Partial<ResultRules> = {}) {
  const value = parseJson(JSON.stringify(answer));
  if (!isJsonObject(value)) throw new Error("not an object");
  const [candidate] = taskCandidates(value);
  if (!candidate) throw new Error("no candidate");
  return findResult(candidate, {
    taskIds: [I],
    baseUrl: BASE_URL,
    secrets: [],
    excludedUrls: new Set(),
    ...rules,
  });
}

const URL_MEMBERS =
  "video_url url result_url output_url file_url download_url primary_url uri video videoUrl resultUrl".split(
    " ",
  );
const NESTINGS =
  "data result results output content video metadata task_result video_result creations assets response".split(
    " ",
  );

describe("a result", () => {
  it.each(URL_MEMBERS)("stands in %s, at the top, nested, in a list and as JSON in a string", (member) => {
    const holder = { [member]: URL_OF_VIDEO };
    for (const nesting of NESTINGS)
      for (const answer of [
        holder,
        { [nesting]: holder },
        { [nesting]: [holder] },
        { [nesting]: JSON.stringify(holder) },
        { data: { [nesting]: holder } },
        { data: [{ task_id: I, [nesting]: holder }] },
      ])
        expect(find(answer), JSON.stringify(answer)).toEqual({
          url: URL_OF_VIDEO,
          containsKey: false,
          needsKey: false,
        });
  });

  it.each([
    { result: URL_OF_VIDEO },
    { output: [URL_OF_VIDEO] },
    { urls: [URL_OF_VIDEO] },
    { videos: [{ url: URL_OF_VIDEO }] },
    { video: { url: URL_OF_VIDEO } },
    { video_url: { url: URL_OF_VIDEO } },
    { task_result: { videos: [{ id: "v1", url: URL_OF_VIDEO, duration: "5" }] } },
    { data: { resultJson: JSON.stringify({ resultUrls: [URL_OF_VIDEO] }) } },
    { results: { videos: [{ url: URL_OF_VIDEO }] } },
    { response: { videos: [{ video: { uri: URL_OF_VIDEO } }] } },
    { creations: [{ id: "c1", url: URL_OF_VIDEO, cover_url: COVER }] },
    { metadata: { url: URL_OF_VIDEO } },
    { data: { type: "reference_to_video", video_url: URL_OF_VIDEO } },
    { type: "text", metadata: { type: "image", url: URL_OF_VIDEO } },
    { fail_reason: URL_OF_VIDEO },
    { url: "not a url", video: { url: URL_OF_VIDEO } },
    { video_url: null, data: { url: URL_OF_VIDEO } },
    { video_url: `  ${URL_OF_VIDEO}\n` },
    { task_id: I, status: "succeeded", data: [{ id: "asset-1", url: URL_OF_VIDEO }] },
    { task_id: I, status: "succeeded", data: [{ task_id: "vendor-9", url: URL_OF_VIDEO }] },
    { task_id: I, status: "succeeded", data: { task_id: "vendor-9", url: URL_OF_VIDEO } },
    {
      output: [
        { id: "f1", type: "image", status: "completed", url: COVER },
        { id: "f2", type: "video", url: URL_OF_VIDEO },
      ],
    },
  ])("is found in %j", (answer) => {
    expect(find(answer)).toEqual({ url: URL_OF_VIDEO, containsKey: false, needsKey: false });
  });

  it.each([
    { video_url: "ftp://cdn/v.mp4" },
    { video_url: "javascript:alert(1)" },
    { video_url: "data:video/mp4;base64,AAAA" },
    { video_url: "v1/v.mp4" },
    { video_url: "" },
    { video_url: 5 },
    { result: "done" },
    { video_url: `https://cdn/${"x".repeat(8192)}` },
    { note: { url: URL_OF_VIDEO } },
    { cover_url: COVER, poster: COVER, thumbnail: { url: COVER }, last_frame_url: COVER, first_frame: COVER },
    { output: [{ type: "image", url: COVER }] },
    {
      output: [
        { type: "cover", url: COVER },
        { type: "last_frame", url: COVER },
        { type: "thumbnail", url: COVER },
      ],
    },
    { content: [{ type: "image_url", image_url: { url: COVER }, url: COVER }] },
    { content: [{ role: "reference_video", url: COVER }] },
    {
      data: [
        { task_id: I, status: "succeeded" },
        { task_id: "up-2", video_url: COVER },
      ],
    },
    {
      data: [
        { id: I, status: "succeeded" },
        { id: "up-2", status: "succeeded", video_url: COVER },
      ],
    },
    { url: `${BASE_URL}/videos/${I}` },
    { url: `/v1/videos/${I}` },
    { url: `${BASE_URL}/videos/${I}/` },
    { url: `/v1/video/generations/${I}` },
    { url: "/" },
    { result: { task_id: "up-2", url: COVER } },
  ])("is not found in %.90j", (answer) => {
    expect(find(answer)).toBeNull();
  });

  it.each([
    {
      output: [
        { type: "image", url: COVER },
        { type: "video", url: URL_OF_VIDEO },
      ],
    },
    { output: [{ url: `${COVER}.jpg` }, { url: URL_OF_VIDEO }] },
    { url: COVER, metadata: { video_url: URL_OF_VIDEO } },
    { url: `${COVER}.PNG`, metadata: { url: URL_OF_VIDEO } },
    { content: [{ type: "video_url", video_url: { url: COVER } }], url: URL_OF_VIDEO },
    { metadata: { url: `${BASE_URL}/videos/${I}/content` }, url: URL_OF_VIDEO },
    { url: `${COVER}.mp4`, video_url: URL_OF_VIDEO },
  ])("is the video before anything else in %j", (answer) => {
    expect(find(answer)?.url).toBe(URL_OF_VIDEO);
  });

  it("is looked for in the task's own object before those around it", () => {
    const answer = { video_url: COVER, data: { task_id: I, status: "succeeded", url: URL_OF_VIDEO } };
    const inner = taskCandidates(answer)[1];
    const rules = { taskIds: [I], baseUrl: BASE_URL, secrets: [], excludedUrls: new Set<string>() };
    expect(inner && findResult(inner, rules)?.url).toBe(URL_OF_VIDEO);
  });

  it("is a content link before what looks like an input", () => {
    const url = `${BASE_URL}/videos/${I}/content`;
    expect(find({ content: [{ type: "video_url", video_url: { url: COVER } }], url })).toEqual({
      url,
      containsKey: false,
      needsKey: true,
    });
  });

  it("is no URL of the request", () => {
    const excludedUrls = new Set([COVER]);
    expect(find({ video_url: COVER }, { excludedUrls })).toBeNull();
    expect(find({ video_url: COVER, url: URL_OF_VIDEO }, { excludedUrls })?.url).toBe(URL_OF_VIDEO);
  });

  it.each([
    ["/files/v.mp4?t=1", "https://gateway.acme.com/files/v.mp4?t=1"],
    ["//cdn.acme.com/v.mp4", "https://cdn.acme.com/v.mp4"],
  ])("that is relative (%s) is meant against the upstream's origin", (text, url) => {
    expect(find({ url: text })).toEqual({ url, containsKey: false, needsKey: false });
  });

  it.each([
    [`/v1/videos/${I}/content`, true],
    [`${BASE_URL}/videos/${I}/content`, true],
    [`${BASE_URL}/videos/task_other/content?variant=video`, true],
    [`https://cdn.acme.com/v1/videos/${I}/content`, false],
    [`${BASE_URL}/videos/${I}/content/v.mp4`, false],
  ])("at %s needs the key: %j", (text, needsKey) => {
    expect(find({ metadata: { url: text } })).toEqual({
      url: new URL(text, BASE_URL).href,
      containsKey: false,
      needsKey,
    });
  });

  it.each(["sk-0123456789/abcdef", encodeURIComponent("sk-0123456789/abcdef")])(
    "that contains the key (%s) is never given out",
    (spelling) => {
      const secrets = ["sk-0123456789/abcdef"];
      const url = `https://cdn.acme.com/v.mp4?key=${spelling}`;
      expect(find({ url }, { secrets })).toEqual({ url, containsKey: true, needsKey: true });
      expect(find({ url, video: URL_OF_VIDEO }, { secrets })?.url).toBe(URL_OF_VIDEO);
    },
  );

  it("is looked for in a bounded part of an answer", () => {
    const wide = { data: Array.from({ length: 1000 }, () => ({ note: 1 })), output: [URL_OF_VIDEO] };
    expect(find(wide)?.url).toBe(URL_OF_VIDEO);
    const deep = Array.from({ length: 40 }).reduce<unknown>((inner) => ({ data: inner }), {
      url: URL_OF_VIDEO,
    });
    expect(find(deep)).toBeNull();
  });
});
