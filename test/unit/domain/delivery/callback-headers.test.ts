import { expect, it } from "vitest";
import { problem } from "../../../../src/contract/problems.ts";
import { headerProblems } from "../../../../src/domain/delivery/callback-headers.ts";

it.each([
  ["x-make-apikey", "secret"],
  ["authorization", "Bearer a b c"],
  ["X-Custom_1", "!~"],
  ["x-token", "v".repeat(4096)],
  ["__proto__", "x"],
  ["date", "today"],
])("%s: %.20s may ride along", (name, value) => {
  expect(headerProblems([[name, value]])).toEqual([]);
});

it.each([
  ...[
    "webhook-id",
    "Webhook-Anything",
    "ringback-attempt",
    "user-agent",
    "Host",
    "content-type",
    "content-length",
    "connection",
  ],
  ...[
    "transfer-encoding",
    "TE",
    "trailer",
    "upgrade",
    "expect",
    "via",
    "forwarded",
    "proxy-authorization",
    "cookie",
    "cf-ray",
    "x-forwarded-for",
    "x-real-ip",
  ],
  ...["", "x y", "x:", "x\r\ny", "é", "x\u0000"],
])("a header named %j may not", (name) => {
  expect(headerProblems([[name, "v"]])).toHaveLength(1);
});

it.each([
  "",
  " ",
  " v",
  "v ",
  "a\tb",
  "a\r\nb: c",
  "a\u0000",
  "é",
  "灯",
  "v".repeat(4097),
  5,
  null,
  undefined,
  {},
  ["v"],
  { toString: 5, valueOf: 6 },
  Object.create(null),
])("a value of %.20j may not", (value) => {
  expect(headerProblems([["x-a", value]])).toHaveLength(1);
});

it("ten headers of 8 KB in all may, one more or one byte more may not", () => {
  const ten = Array.from({ length: 10 }, (_, index): [string, string] => [`x-${index}`, "v"]);
  expect(headerProblems(ten)).toEqual([]);
  expect(headerProblems([...ten, ["x-more", "v"]])).toEqual([
    { name: null, problem: problem("too_many_headers", { max: 10 }) },
  ]);
  const full: [string, string][] = [
    ["a", "v".repeat(4095)],
    ["b", "v".repeat(4095)],
  ];
  expect(headerProblems(full)).toEqual([]);
  expect(headerProblems([...full, ["c", ""]])).not.toEqual([]);
  expect(
    headerProblems([
      ["a", "v".repeat(4096)],
      ["b", "v".repeat(4096)],
    ]),
  ).toEqual([{ name: null, problem: problem("headers_too_large", { max: 8192 }) }]);
});

it("a name may come once, in whatever case", () => {
  expect(
    headerProblems([
      ["X-A", "1"],
      ["x-a", "2"],
    ]),
  ).toEqual([{ name: "x-a", problem: problem("given_twice") }]);
});
