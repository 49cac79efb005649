import { afterEach, describe, expect, it, vi } from "vitest";
import { commaSeparated, coerceList } from "../../../../src/http/body/fields.ts";

const MILLION = 1_000_000;

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a list in a text", () => {
  it.each<[name: string, text: string, read: (value: unknown) => unknown]>([
    ["lines", "a\n".repeat(MILLION), coerceList],
    ["empty lines", "\n".repeat(MILLION), coerceList],
    ["URLs with commas between", `${"http:,".repeat(MILLION)}http:`, coerceList],
    ["JSON", `[${"{},".repeat(MILLION)}{}]`, coerceList],
    ["words", "a,".repeat(MILLION), commaSeparated],
    ["JSON for words", `[${'"",'.repeat(MILLION)}""]`, commaSeparated],
  ])("of millions of %s is counted before it is split or parsed, and is no list", (_name, text, read) => {
    const split = vi.spyOn(String.prototype, "split");
    const parse = vi.spyOn(JSON, "parse");
    const value = read(text);
    expect(
      split.mock.results.map(({ value: made }) => (made as string[]).length).filter((n) => n > 1),
    ).toEqual([]);
    expect(parse).not.toHaveBeenCalled();
    expect(Array.isArray(value) && value.length > 1).toBe(false);
  });

  it.each<[text: string, read: (value: unknown) => unknown, items: string[]]>([
    ["a\r\n b\n\n", coerceList, ["a", "b"]],
    ["http://a/1,2 , https://b/", coerceList, ["http://a/1,2", "https://b/"]],
    ['["a","b"]', coerceList, ["a", "b"]],
    ["a, b,\nc,", commaSeparated, ["a", "b", "c"]],
    ["a\n".repeat(20_000), coerceList, Array<string>(20_000).fill("a")],
  ])("%.20j is split", (text, read, items) => {
    expect(read(text)).toEqual(items);
  });
});
