import { describe, expect, it } from "vitest";
import { isJsonObject, parseJson } from "../../../src/domain/json.ts";
import { parseAnswer } from "../../../src/upstream/answer-json.ts";
import { readErrorMessage, readTask } from "../../../src/upstream/reading.ts";

function read(json: string) {
  const value = parseJson(json);
  if (!isJsonObject(value)) throw new Error("not an object");
  return readTask(value);
}

describe("a status word", () => {
  it.each([
    ["queued", ["queued", "pending", "submitted"]],
    ["running", ["running", "processing", "in_progress", "generating"]],
    ["succeeded", ["succeeded", "completed", "success"]],
    ["failed", ["failed", "error", "cancelled", "canceled", "expired"]],
  ] as const)("means %s in any case", (status, words) => {
    for (const word of words) {
      for (const spelling of [word, word.toUpperCase(), ` ${word} `]) {
        expect(read(JSON.stringify({ status: spelling })).status).toBe(status);
        expect(read(JSON.stringify({ data: { status: spelling } })).status).toBe(status);
      }
    }
  });

  it.each(["reviewing", "constructor", "__proto__", "", "done"])(
    "that is unknown (%j) means nothing",
    (word) => {
      expect(read(JSON.stringify({ status: word })).status).toBeNull();
    },
  );

  it("inside data counts, and the envelope around it does not", () => {
    expect(read('{"status":"success","data":{"status":"running"}}').status).toBe("running");
    expect(read('{"status":"success","data":{"status":"reviewing"}}').status).toBeNull();
  });
});

describe("an id", () => {
  it.each([
    ['{"task_id":"a","id":"b"}', ["a", "b"]],
    ['{"data":{"id":"b"}}', ["b"]],
    ['{"id":"request","data":{"task_id":"t"}}', ["t", "request"]],
    ['{"task_id":12345678901234567890123}', ["12345678901234567890123"]],
    ['{"task_id":7}', ["7"]],
    ['{"task_id":7.5}', []],
    ['{"task_id":1e30}', []],
    ['{"task_id":""}', []],
    ['{"task_id":true,"id":{}}', []],
    ['{"task_id":".."}', []],
    ['{"task_id":"."}', []],
    ['{"task_id":"a/../b"}', ["a/../b"]],
    ['{"task_id":"\\ud800"}', []],
    [`{"task_id":"${"x".repeat(256)}"}`, ["x".repeat(256)]],
    [`{"task_id":"${"x".repeat(257)}"}`, []],
  ])("of %s is %j", (json, ids) => {
    expect(read(json).ids).toEqual(ids);
  });
});

it.each([
  ["{}", false],
  ['{"task_id":null,"id":""}', false],
  ['{"task_id":{},"id":7.5}', false],
  ['{"task_id":"a"}', true],
  ['{"data":{"id":7}}', true],
  [`{"task_id":"${"x".repeat(257)}"}`, true],
  ['{"task_id":".."}', true],
  ['{"task_id":"\\ud800"}', true],
])("whether an answer names an id, usable or not: %.40s is %j", (json, named) => {
  expect(read(json).namesId).toBe(named);
});

describe("a video's URL", () => {
  const url = "https://cdn.acme.com/v.mp4?sig=a%2Bb";
  it.each([
    { video_url: url },
    { url },
    { data: { video_url: url } },
    { result: { url } },
    { result: JSON.stringify({ video_url: url }) },
    { result: url },
    { output: { video_url: url } },
    { content: { video_url: url } },
    { video: { url } },
    { data: { result: { video_url: url } } },
    { data: { output: JSON.stringify({ url }) } },
    { url: "not a url", video: { url } },
    { video_url: null, data: { url } },
  ])("is found in %j", (answer) => {
    expect(read(JSON.stringify(answer)).videoUrl).toBe(url);
  });

  it.each([
    { video_url: "ftp://cdn/v.mp4" },
    { video_url: "javascript:alert(1)" },
    { video_url: "" },
    { video_url: 5 },
    { result: "done" },
    { video_url: `https://cdn/${"x".repeat(8192)}` },
    { note: { url } },
  ])("is not found in %j", (answer) => {
    expect(read(JSON.stringify(answer)).videoUrl).toBeNull();
  });
});

it.each([
  [42, 42],
  ["42%", 42],
  ["42", 42],
  [" 42.5 % ", 42.5],
  [0, 0],
  [250, 100],
  [-3, 0],
  ["most", null],
  [null, null],
  [true, null],
])("progress %j is %j", (progress, expected) => {
  expect(read(JSON.stringify({ progress })).progress).toBe(expected);
  expect(read(JSON.stringify({ data: { progress } })).progress).toBe(expected);
});

it.each([
  [{ error_message: "a", error: { message: "b" }, message: "c" }, "a"],
  [{ error: { message: "b" }, message: "c" }, "b"],
  [{ error: "b", message: "c" }, "b"],
  [{ message: "c" }, "c"],
  [{ data: { error_message: "d" }, message: "ok" }, "d"],
  [{ error_message: "", message: "c" }, "c"],
  [{ error: { code: 5 } }, null],
  [{ error_message: "a\nb\u0000c" }, "a b c"],
  [{ error_message: "x".repeat(3000) }, "x".repeat(2000)],
])("the error of %j is %j", (answer, expected) => {
  const value = parseJson(JSON.stringify(answer));
  expect(isJsonObject(value) && readErrorMessage(value)).toBe(expected);
});

describe("the caller's key in an answer", () => {
  const key = "sk-canary/with+signs";
  const parse = (text: string) => parseAnswer(text, key);

  it.each([
    JSON.stringify({ message: `bad key ${key}` }),
    JSON.stringify({ message: key }).replaceAll("/", "\\/"),
    `{"message":"${Array.from(key, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")}"}`,
    JSON.stringify({ [key]: 1, nested: [{ deep: `x${key}y` }] }),
    `<html>${key}</html>`,
    `{"a":"${key}","a":1}`,
  ])("is cut out of %s", (text) => {
    const { json, text: plain, object } = parse(text);
    for (const part of [json ?? "", plain, JSON.stringify(object)]) {
      expect(part).not.toContain(key);
      expect(JSON.stringify(part)).not.toContain("canary");
    }
  });

  it("leaves an answer without it verbatim, digits and all", () => {
    const text = '{"id":12345678901234567890,  "x":1.0}';
    expect(parse(text).json).toBe(text);
  });
});
