import { describe, expect, it } from "vitest";
import { bodyTypeOf } from "../../../../src/http/body/content-type.ts";

const JSON_BODY = { kind: "json" };
const FORM = { kind: "form" };
const multipart = (boundary: string | null) => ({ kind: "multipart", boundary });

describe("a content type", () => {
  it.each([
    [null, JSON_BODY],
    ["", JSON_BODY],
    ["application/json", JSON_BODY],
    ["Application/JSON ; charset=utf-8", JSON_BODY],
    ["application/vnd.acme+json", JSON_BODY],
    ["application/json, application/json", JSON_BODY],
    ["application/json; charset=utf-8,application/json", JSON_BODY],
    ["application/json, application/problem+json, ", JSON_BODY],
    [",application/json", JSON_BODY],
    ["application/x-www-form-urlencoded", FORM],
    ["application/x-www-form-urlencoded, application/x-www-form-urlencoded;charset=utf-8", FORM],
    ["multipart/form-data; boundary=abc", multipart("abc")],
    ['Multipart/Form-Data;charset=utf-8; Boundary="a, b;c"', multipart("a, b;c")],
    [String.raw`multipart/form-data; boundary="a\"b"`, multipart('a"b')],
    ["multipart/form-data; boundary=abc, multipart/form-data; boundary=abc", multipart("abc")],
    ["multipart/form-data", multipart(null)],
  ])("%j is taken", (header, expected) => {
    expect(bodyTypeOf(new Headers(header === null ? {} : { "content-type": header }))).toEqual(expected);
  });

  it.each([
    "text/plain",
    "application/jsonp",
    "application/xml",
    "application/x-www-form-urlencoded-not",
    "multipart/mixed; boundary=abc",
    "application/json, text/plain",
    "text/plain, application/json",
    "text/plain, text/plain",
    "application/json, application/x-www-form-urlencoded",
    "multipart/form-data; boundary=a, multipart/form-data; boundary=b",
    `application/json; a="${'\\"'.repeat(10_000)}`,
  ])("%.80j is not", (header) => {
    expect(bodyTypeOf(new Headers({ "content-type": header }))).toBeNull();
  });

  it("that was sent twice by two parts of a program is judged as one", () => {
    const headers = new Headers([
      ["content-type", "application/json"],
      ["content-type", "application/json"],
    ]);
    expect(bodyTypeOf(headers)).toEqual(JSON_BODY);
  });
});
