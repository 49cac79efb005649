import { describe, expect, it } from "vitest";
import { issue, problem, problemSaid, says, showIssue } from "../../../src/contract/problems.ts";
import { zh } from "../../../src/console/text/zh.ts";

/*
 * scenario                                requirement
 * an issue as an answer shows it          `{path, code, message}`, in the language that is asked for
 * a problem on its way through zod        comes out as it went in
 * a message that no check of ours says    a code all the same, never an error
 */

describe("an issue", () => {
  const wrong = issue("timeout_seconds", "integer_range", { min: 60, max: 259_200 });

  it("is shown by its path, its code and a sentence that is made from its parameters", () => {
    const { code, path } = wrong;
    expect(showIssue(wrong)).toEqual({ path, code, message: "must be an integer from 60 to 259200" });
  });

  it("is shown in another language from the same parameters", () => {
    expect(showIssue(wrong, zh.problems).message).toBe("必须是 60 到 259200 的整数");
  });
});

describe("a problem that a schema finds", () => {
  it("comes out of zod's message as it went in", () => {
    const values = ["a", 'with a "quote"'];
    expect(problemSaid(says("not_listed", { values }))).toEqual(problem("not_listed", { values }));
  });

  it("is invalid where zod speaks for itself", () => {
    expect(problemSaid("Invalid input: expected string")).toEqual(problem("invalid"));
  });
});
