import { describe, expect, it } from "vitest";
import { isJsonObject, parseJson } from "../../../../src/domain/text/json.ts";
import { parseAnswer } from "../../../../src/upstream/read/answer-json.ts";
import { parseTask, type TaskContext } from "../../../../src/upstream/read/parse-task.ts";

/*
 * scenario                                                    requirement (docs/decisions/upstream-answers.md)
 * words for a status, in any case, with blanks, - and _       the contract's words
 * which object of an answer is the task's own                 rule 1
 * envelopes                                                   rule 1
 * ids, zero ids, several ids, foreign ids                     the contract's ids
 * what explains a failure                                     rule 1, "words that mean success are none"
 * an unknown word                                             rule 5
 * the upstream key                                            rule 4
 */

const I = "up-1";
const U = "https://cdn.acme.com/v.mp4";

function parse(answer: unknown, context: Partial<TaskContext> = {}) {
  const value = parseJson(typeof answer === "string" ? answer : JSON.stringify(answer));
  if (!isJsonObject(value)) throw new Error("not an object");
  const base = {
    taskIds: [I],
    baseUrl: "https://gateway.acme.com/v1",
    secrets: [],
    excludedUrls: new Set<string>(),
  };
  return parseTask(value, { ...base, ...context });
}

describe("a status word", () => {
  it.each([
    ["queued", "queued pending submitted notstart waiting queueing inqueue preparing created"],
    ["running", "running processing inprogress generating started active dreaming"],
    ["succeeded", "succeeded completed success succeed done finished complete"],
    ["failed", "failed failure fail error cancelled canceled expired rejected timeout timedout"],
  ] as const)("means %s in any spelling", (status, words) => {
    for (const word of words.split(" ")) {
      const half = Math.ceil(word.length / 2);
      const [head, tail] = [word.slice(0, half), word.slice(half)];
      for (const spelling of [
        word,
        word.toUpperCase(),
        ` ${word} `,
        ...["_", "-", " "].map((sign) => head + sign + tail),
      ])
        for (const member of ["status", "task_status", "state", "TaskStatus"]) {
          expect(parse({ [member]: spelling }).status).toBe(status);
          expect(parse({ data: { task_id: I, [member]: spelling } }).status).toBe(status);
        }
    }
  });

  it.each(["reviewing", "constructor", "__proto__", "", 1, 0, true, null, {}, ["failed"]])(
    "that is unknown (%j) means nothing, and is kept for the log with the members beside it",
    (word) => {
      const read = parse({ task_id: I, status: word, reason: "secret words" });
      expect(read).toMatchObject({ status: null, members: ["task_id", "status", "reason"] });
      expect(read.word).toBe(typeof word === "string" ? word : JSON.stringify(word));
    },
  );

  it.each([
    [{ task_id: I, status: 200, state: "running" }, "running"],
    [{ task_id: I, status: "success", task_status: "processing" }, "running"],
    [{ task_id: I, status: "reviewing", state: "failed" }, "failed"],
  ])("in several members of one object counts by the more exact name that is known: %j", (answer, status) => {
    expect(parse(answer).status).toBe(status);
  });
});

/** The answer in so many envelopes. */
function nested(levels: number, envelope: object, answer: object): object {
  return levels === 0 ? answer : { ...envelope, data: nested(levels - 1, envelope, answer) };
}

describe("the task's own object", () => {
  it.each([
    // Named, with a status: the innermost.
    [{ id: I, status: "SUCCEEDED", output: [U] }, "succeeded"],
    [{ id: I, data: { status: "succeeded", url: U } }, "succeeded"],
    [{ id: I, status: "failed", data: null, error: "x" }, "failed"],
    [{ id: I, status: "running", result: { task_id: I, status: "succeeded" } }, "succeeded"],
    [{ id: I, status: "running", result: { status: "succeeded" } }, "running"],
    [{ id: I, status: "running", output: [{ status: "succeeded" }] }, "running"],
    [{ task: { id: I, status: "running" }, status: "success" }, "running"],
    [{ status: "success", data: { task_id: I, status: 1 } }, null],
    [{ status: "success", data: { task_id: I, state: "running" } }, "running"],
    [{ code: 0, message: "success", data: { task_id: I, status: "FAILED" } }, "failed"],
    [{ status: "error", data: [{ task_id: I, status: "running" }, { status: "failed" }] }, "running"],
    [
      {
        code: "success",
        data: { id: 12, task_id: I, status: "SUCCESS", data: { id: "cgt", status: "running" } },
      },
      "running",
    ],
    [{ code: "success", data: { id: 12, task_id: I, status: "FAILURE", data: { id: "cgt" } } }, "failed"],
    // Named, without a status: the envelope's word does not end it.
    [{ status: "success", data: { task_id: I } }, null],
    [{ status: "failed", data: { id: I, progress: 10 } }, null],
    // Not named: inside data.
    [{ status: "success", data: { status: "running" } }, "running"],
    [{ status: "success", data: { status: "reviewing" } }, null],
    [{ status: "success", data: { result: { state: "failed" } } }, "failed"],
    [{ status: "failed", result: { status: "running" }, data: {} }, null],
    [{ status: "error", message: "busy", data: null }, null],
    [{ status: "success", data: null }, null],
    [{ status: "succeeded", data: {} }, null],
    // No data at all: the innermost that has a status, lists aside.
    [{ status: "succeeded" }, "succeeded"],
    [{ status: "success", output: { task_status: "RUNNING" } }, "running"],
    [{ status: "running", output: [{ status: "succeeded" }] }, "running"],
    [{ request_id: "r", output: { task_id: I, task_status: "PENDING" } }, "queued"],
    [{}, null],
    // However deep.
    [nested(10, { status: "failed" }, { task_id: I, status: "running" }), "running"],
  ])("of %.80j says %j", (answer, status) => {
    expect(parse(answer).status).toBe(status);
  });

  it.each(["succeeded", "succeed", "completed", "complete", "done", "finished", "COMPLETED"])(
    "may be missing around a bare result, if the answer says %j",
    (word) => {
      expect(parse({ status: word, data: { video_url: U } })).toMatchObject({
        status: "succeeded",
        result: { url: U, containsKey: false, needsKey: false },
      });
    },
  );

  it.each([
    { status: "success", data: { video_url: U } },
    { status: "completed", data: { cover_url: U } },
    { status: "completed", data: null, video_url: U },
    { status: "failed", data: { video_url: U } },
  ])("is not found in %j, which says nothing", (answer) => {
    expect(parse(answer)).toMatchObject({ status: null, word: null, progress: null, result: null });
  });

  it("is found by any id of the create", () => {
    const answer = { id: "vid-7", status: "succeeded", video_url: U };
    expect(parse(answer, { taskIds: [I, "vid-7"] })).toMatchObject({ status: "succeeded", isForeign: false });
  });

  it.each([
    [{ task_id: I, status: "running" }, true],
    [{ task_id: I, data: { status: "running" } }, true],
    [{ status: "running" }, false],
    [{ task_id: "up-2", status: "running" }, false],
  ])("names the task in %j: %j", (answer, namesTask) => {
    expect(parse(answer).namesTask).toBe(namesTask);
  });
});

describe("an id", () => {
  it.each([
    ['{"task_id":"a","id":"b"}', ["a", "b"]],
    ['{"id":"vid-7","task_id":"up-1"}', ["up-1", "vid-7"]],
    ['{"data":{"id":"b"}}', ["b"]],
    ['{"id":"request","data":{"task_id":"t"}}', ["t", "request"]],
    ['{"id":"request","data":{"id":"t"}}', ["t", "request"]],
    ['{"code":200,"data":[{"status":"submitted","task_id":"t"}]}', ["t"]],
    ['{"request_id":"r","output":{"task_id":"t"}}', ["t"]],
    ['{"task":{"id":"t"}}', ["t"]],
    ['{"result":[{"id":"t"}]}', ["t"]],
    ['{"id":"t","status":"queued","output":{"id":"file-1"}}', ["t", "file-1"]],
    ['{"id":"t","data":{"id":7}}', ["t", "7"]],
    ['{"id":"request","data":{"id":"t"},"result":{"id":"file"}}', ["t", "request", "file"]],
    ['{"task_id":12345678901234567890123}', ["12345678901234567890123"]],
    ['{"task_id":7}', ["7"]],
    ['{"task_id":7.5}', []],
    ['{"task_id":1e30}', []],
    ['{"task_id":"","id":"b"}', ["b"]],
    ['{"task_id":0,"id":"b"}', ["b"]],
    ['{"task_id":"0","id":"null"}', []],
    ['{"task_id":null,"id":"b"}', ["b"]],
    ['{"task_id":true,"id":{}}', []],
    ['{"task_id":".."}', []],
    ['{"task_id":"."}', []],
    ['{"task_id":"a/../b"}', ["a/../b"]],
    ['{"task_id":"\\ud800"}', []],
    [`{"task_id":"${"x".repeat(256)}"}`, ["x".repeat(256)]],
    [`{"task_id":"${"x".repeat(257)}"}`, []],
  ])("of the create %s is %j", (json, ids) => {
    expect(parse(json, { taskIds: null }).ids).toEqual(ids);
  });

  it.each([
    ["{}", false],
    ['{"task_id":null,"id":""}', false],
    ['{"task_id":0,"id":"null"}', false],
    ['{"task_id":{},"id":7.5}', false],
    ['{"task_id":"up-1"}', false],
    ['{"id":"request","data":{"task_id":"up-1"}}', false],
    ['{"status":"succeeded","output":[{"id":"file-1"}]}', false],
    ['{"task_id":"a"}', true],
    ['{"data":{"id":7}}', true],
    ['{"output":{"task_id":"a"}}', true],
    ['{"task":{"id":"a"}}', true],
    [`{"task_id":"${"x".repeat(257)}"}`, true],
    ['{"output":{"id":"b","status":"failed"}}', true],
    ['{"result":[{"id":"b","status":"succeeded"}]}', true],
    ['{"task_id":".."}', true],
    ['{"task_id":"\\ud800"}', true],
  ])("of another task alone makes the answer foreign: %.50s is %j", (json, isForeign) => {
    expect(parse(json).isForeign).toBe(isForeign);
  });
});

describe("a failure", () => {
  it.each(["error", "timeout", "timed_out", "TIMED OUT"])("by the word %j may be the query's", (word) => {
    expect(parse({ status: word }).isAmbiguous).toBe(true);
  });

  it.each(["failed", "failure", "fail", "cancelled", "expired", "rejected"])(
    "by %j is the task's",
    (word) => {
      expect(parse({ status: word }).isAmbiguous).toBe(false);
    },
  );

  it.each([
    [{ task_id: I, status: "FAILED", fail_reason: "out of memory" }, "out of memory"],
    [{ code: 0, message: "success", data: { task_id: I, status: "FAILED", fail_reason: "oom" } }, "oom"],
    [{ message: "query failed", data: { task_id: I, status: "failed" } }, null],
    [{ error: { message: "of the query" }, data: { task_id: I, status: "failed", message: "ok" } }, null],
    [{ id: I, status: "failed", data: null, error: "x" }, "x"],
  ])("of %j is explained by %j", (answer, message) => {
    expect(parse(answer)).toMatchObject({ status: "failed", errorMessage: message });
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
  expect(parse({ status: "running", progress }).progress).toBe(expected);
  expect(parse({ data: { status: "running", progress } }).progress).toBe(expected);
});

describe("the upstream key in an answer", () => {
  const key = "sk-canary/with+signs";
  const secrets = [key];

  it.each([
    JSON.stringify({ message: `bad key ${key}` }),
    JSON.stringify({ message: key }).replaceAll("/", "\\/"),
    `{"message":"${Array.from(key, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")}"}`,
    JSON.stringify({ [key]: 1, nested: [{ deep: `x${key}y` }] }),
    `<html>${key}</html>`,
    `{"a":"${key}","a":1}`,
  ])("is cut out of what is kept and shown: %s", (text) => {
    const { json, text: plain } = parseAnswer(text, secrets);
    for (const part of [json ?? "", plain]) {
      expect(part).not.toContain(key);
      expect(JSON.stringify(part)).not.toContain("canary");
    }
  });

  it("is cut out of every fact that is kept", () => {
    const read = parse(
      {
        task_id: `id-${key}`,
        status: `odd ${key}`,
        [`m-${key}`]: 1,
        error_message: `${"x".repeat(1990)}${key}`,
      },
      { secrets, taskIds: null },
    );
    expect(JSON.stringify(read)).not.toContain("canary");
    expect(read.ids).toEqual([]);
  });

  it("leaves an answer without it verbatim, digits and all", () => {
    const text = '{"id":12345678901234567890,  "x":1.0}';
    expect(parseAnswer(text, secrets).json).toBe(text);
  });
});
