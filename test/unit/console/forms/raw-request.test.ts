import { describe, expect, it } from "vitest";
import { rawIssue, rawRequestOf, targetChoice } from "../../../../src/console/forms/raw-request.ts";
import { en } from "../../../../src/console/text/en.ts";
import { issue, showIssue } from "../../../../src/contract/problems.ts";
import type { RequestObject } from "../../../../src/http/body/json-body.ts";
import { createPatterns } from "../../../../src/http/create/create-path.ts";
import { ark } from "../../../../src/profiles/built-in/ark.ts";
import { veo } from "../../../../src/profiles/built-in/veo.ts";
import { WITHOUT_SETTINGS } from "../../../../src/task-object/alarm.ts";
import { anUpstream } from "../../../support/builders.ts";

/*
 * scenario                       requirement
 * a chosen path with a name      the name in it, held to the characters of a path's names
 * a body, good and bad           its members beside Ringback's own fields in theirs
 * a callback without a URL       said, as in the form of a new task
 * each kind of issue             at the field that it is about
 */

const upstreams = [
  anUpstream(),
  anUpstream({ name: "ark", profile: ark }),
  anUpstream({ name: "veo", profile: veo }),
] as const;
const patterns = createPatterns({ ...WITHOUT_SETTINGS, upstreams });
const [ARK = "", VEO = ""] = patterns.map(targetChoice);

const requestOf = (form: RequestObject) =>
  rawRequestOf({ target: ARK, body: "{}", endpoints: "true", ...form }, patterns);
const saidOf = ({ issues }: Pick<ReturnType<typeof requestOf>, "issues">): string[] =>
  issues.map(({ path, code }) => `${path} ${code}`);

describe("where a raw request goes", () => {
  it("offers every path of every upstream but aio", () => {
    expect(patterns.map(({ upstream, pattern, names }) => [upstream.name, pattern, names])).toEqual([
      ["ark", "/api/v3/contents/generations/tasks", []],
      ["veo", "/v1beta/models/{model}:predictLongRunning", ["model"]],
    ]);
  });

  it("fills in what was typed", () => {
    const { target, issues } = requestOf({ target: VEO, path_model: " veo-3.1 " });
    expect(issues).toEqual([]);
    expect(target).toMatchObject({
      upstream: { name: "veo" },
      path: "/v1beta/models/veo-3.1:predictLongRunning",
      params: { model: "veo-3.1" },
    });
  });

  it.each([
    ["", "required"],
    ["..", "invalid"],
    ["a/b", "invalid"],
    ["a%2Fb", "invalid"],
    ["a?b", "invalid"],
    ["{model}", "invalid"],
    ["模型", "invalid"],
    ["a".repeat(201), "invalid"],
  ])("refuses «%s» in the path, which keeps its braces", (typed, code) => {
    const request = requestOf({ target: VEO, path_model: typed });
    expect(saidOf(request)).toEqual([`{model} ${code}`]);
    expect(request.target?.path).toBe("/v1beta/models/{model}:predictLongRunning");
  });

  it.each([["aio /videos"], ["ark /api/v3/contents/generations/tasks/x"], [""], [["a", "b"]]])(
    "names none by %s",
    (target) => {
      const request = requestOf({ target });
      expect([request.target, saidOf(request)]).toEqual([null, ["target invalid"]]);
    },
  );
});

describe("what a raw request holds", () => {
  it("is the body as it was typed, with Ringback's own fields in theirs", () => {
    const form = {
      body: ' {"model": "m", "n": {"a": [1]}} ',
      metadata: '{"order":7}',
      timeout_seconds: "90",
    };
    expect(requestOf(form).body).toEqual({
      ok: true,
      value: {
        model: "m",
        n: { a: [1] },
        ringback: { metadata: '{"order":7}', timeout_seconds: 90 },
      },
    });
    expect(requestOf({}).body).toEqual({ ok: true, value: {} });
  });

  it.each([
    ["", "required"],
    ["  ", "required"],
    ["{", "not_json"],
    ["[]", "not_json_object"],
  ])("is no object: «%s»", (body, code) => {
    expect(requestOf({ body }).body).toMatchObject({ ok: false, problem: { code } });
  });

  it("has one place for Ringback's own fields", () => {
    const { body, issues } = requestOf({ body: '{"ringback": {"test": "failed"}, "a": 1}' });
    expect(saidOf({ issues })).toEqual(["ringback given_twice"]);
    expect(body).toEqual({ ok: true, value: { a: 1 } });
  });

  it("says of a callback's fields without a URL what the form of a new task says", () => {
    const request = requestOf({ callback_headers: "a: b" });
    expect(saidOf(request)).toEqual(["ringback.callback_url required_with"]);
  });
});

describe("an issue", () => {
  it.each([
    ["target", "target", "Provider and path"],
    ["{model}", "path_model", "{model} of the path"],
    ["", "body", "Request body"],
    ["callback_url", "body", "Request body"],
    ["ringback", "body", "Request body"],
    ["ringback.callback_url", "callback_url", "Callback URL"],
    ["ringback.test.delay_seconds", "test_delay", "Ends after (seconds)"],
  ])("with the path «%s» stands at %s", (path, field, label) => {
    const shown = showIssue(issue(path, "invalid"), en.problems);
    expect(rawIssue(shown, en)).toEqual({ ...shown, field, label });
  });
});
