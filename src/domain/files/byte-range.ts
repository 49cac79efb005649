/** What a request's `Range` asks for: the whole file, one part of it, or nothing that the file has. */
export type RangeVerdict =
  | { kind: "whole" }
  | { kind: "part"; offset: number; length: number }
  | { kind: "unsatisfiable" };

const WHOLE: RangeVerdict = { kind: "whole" };
const UNSATISFIABLE: RangeVerdict = { kind: "unsatisfiable" };

/**
 * Judges a `Range` of bytes. Several ranges, another unit and what does not parse count as no range at all, which
 * RFC 9110, 14.2 allows. `size`: of the file, in bytes.
 */
export function judgeRange(header: string | null, size: number): RangeVerdict {
  const specs = /^bytes=(.*)$/is.exec(header ?? "")?.[1]?.split(",") ?? [];
  // RFC 9110, 5.6.1: a list may have empty elements.
  const [only, ...more] = specs
    .map((spec) => spec.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((spec) => spec !== "");
  if (only === undefined || more.length > 0) return WHOLE;
  const [, first = "", last = ""] = /^(\d*)-(\d*)$/.exec(only) ?? [];
  if (first === "") return last === "" ? WHOLE : suffix(Number(last), size);
  const [from, to] = [Number(first), last === "" ? Infinity : Number(last)];
  if (to < from) return WHOLE;
  if (from >= size) return UNSATISFIABLE;
  return { kind: "part", offset: from, length: Math.min(to, size - 1) - from + 1 };
}

/** The last bytes; all of them if the file has fewer. */
function suffix(wanted: number, size: number): RangeVerdict {
  const length = Math.min(wanted, size);
  return length === 0 ? UNSATISFIABLE : { kind: "part", offset: size - length, length };
}
