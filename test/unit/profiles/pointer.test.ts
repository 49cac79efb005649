import { describe, expect, it } from "vitest";
import { parseJson, type JsonValue } from "../../../src/domain/text/json.ts";
import { isPointer, memberOf, valuesAt } from "../../../src/profiles/pointer.ts";

/*
 * scenario                                     requirement
 * the examples of RFC 6901, section 5          a pointer leads to the value that the RFC names
 * `*`                                          each item of a list, in order
 * names of every object, ways that end         own members only, and no error
 * texts that are no pointers                   refused
 */

/** RFC 6901, section 5. */
const EXAMPLE = {
  foo: ["bar", "baz"],
  "": 0,
  "a/b": 1,
  "c%d": 2,
  "e^f": 3,
  "g|h": 4,
  "i\\j": 5,
  'k"l': 6,
  " ": 7,
  "m~n": 8,
};

describe("a pointer", () => {
  it.each<[string, unknown[]]>([
    ["", [EXAMPLE]],
    ["/foo", [["bar", "baz"]]],
    ["/foo/0", ["bar"]],
    ["/", [0]],
    ["/a~1b", [1]],
    ["/c%d", [2]],
    ["/e^f", [3]],
    ["/g|h", [4]],
    ["/i\\j", [5]],
    ['/k"l', [6]],
    ["/ ", [7]],
    ["/m~0n", [8]],
    ["/foo/*", ["bar", "baz"]],
    ["/foo/2", []],
    ["/foo/-", []],
    ["/foo/00", []],
    ["/foo/1e0", []],
    ["/foo/bar", []],
    ["/foo/length", []],
    ["/*", []],
    ["/constructor", []],
    ["/__proto__", []],
    ["/foo/0/0", []],
  ])("%j leads to %j", (pointer, values) => {
    expect(isPointer(pointer)).toBe(true);
    expect(valuesAt(EXAMPLE, pointer)).toEqual(values);
  });

  it.each<[string, JsonValue, unknown[]]>([
    ["/videos/*/url", { videos: [{ url: "a" }, {}, { url: null }, 7, { url: "b" }] }, ["a", null, "b"]],
    ["/*/*", [[1, 2], 3, [4]], [1, 2, 4]],
    ["/~01", { "~1": true }, [true]],
    ["/0/a", { 0: { a: 1 } }, [1]],
  ])("%j in %j leads to %j", (pointer, value, values) => {
    expect(valuesAt(value, pointer)).toEqual(values);
  });

  it("does not look into a number that is kept as text", () => {
    expect(valuesAt(parseJson('{"id":12345678901234567890}'), "/id/rawJSON")).toEqual([]);
  });

  it.each(["foo", "#/foo", "/a~", "/a~2b", " /a", "*", "/a".repeat(21)])("is not %j", (text) => {
    expect(isPointer(text)).toBe(false);
  });

  it.each([
    ["/task_id", "task_id"],
    ["/data/0/id", "id"],
    ["/a~1b", "a/b"],
    ["/ids/0", null],
    ["/ids/*", null],
    ["", null],
  ])("%j leads to the member %j", (pointer, member) => {
    expect(memberOf(pointer)).toBe(member);
  });
});
