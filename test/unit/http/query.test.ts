import { describe, expect, it } from "vitest";
import { problemText } from "../../../src/contract/problems.ts";
import { queryIssues } from "../../../src/http/query.ts";

const UNKNOWN = "is not a query parameter of this call";

function issues(query: string, known: string[] = []): [path: string, message: string][] {
  return queryIssues(`https://ringback.example.com/v1/videos${query}`, known).map((issue) => [
    issue.path,
    problemText(issue),
  ]);
}

describe("a query", () => {
  it.each(["", "?", "?&", "?status=queued", "?status=", "?limit=5&status=failed"])(
    "is taken: %s",
    (query) => {
      expect(issues(query, ["status", "limit"])).toEqual([]);
    },
  );

  it.each([
    ["?callback=exhausted", [["callback", UNKNOWN]]],
    ["?Status=queued", [["Status", UNKNOWN]]],
    [
      "?status=queued&stauts=failed&x",
      [
        ["stauts", UNKNOWN],
        ["x", UNKNOWN],
      ],
    ],
    ["?%73tatus[]=a", [["status[]", UNKNOWN]]],
    ["?=x", [["?", UNKNOWN]]],
    [
      "?constructor=1&__proto__=2",
      [
        ["constructor", UNKNOWN],
        ["__proto__", UNKNOWN],
      ],
    ],
    ["?status=a&status=a", [["status", "is given twice"]]],
    [`?${"a".repeat(200)}=1`, [["a".repeat(100), UNKNOWN]]],
  ])("names what is wrong with it: %.60s", (query, expected) => {
    expect(issues(query, ["status", "limit"])).toEqual(expected);
  });

  it("of thousands of names is a hundred problems at most", () => {
    const names = Array.from({ length: 5000 }, (_, index) => `a${index}`);
    expect(issues(`?${names.join("&")}`)).toHaveLength(100);
  });
});
