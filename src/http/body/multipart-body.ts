import { problem, type Problem } from "../../contract/problems.ts";
import {
  decodeText,
  fieldNamed,
  gatherFields,
  textValue,
  type FormEntry,
  type Gather,
} from "./form-fields.ts";
import { dataUrl, IMAGE_FIELDS, imageTypeOf } from "./image.ts";
import type { JsonBody } from "./json-body.ts";

/**
 * A create as `multipart/form-data` (RFC 7578), which tools use to send a file. The platform's own reader would replace
 * invalid UTF-8 instead of refusing it.
 */

const CR = 0x0d;
const LF = 0x0a;
const DASH = 0x2d;
const SPACE = 0x20;
const TAB = 0x09;
const END_OF_HEAD = Uint8Array.of(CR, LF, CR, LF);

const HEAD_MAX_BYTES = 8192;

/** A problem of the body as a whole. */
class BrokenBody extends Error {
  readonly problem: Problem;

  constructor(found: Problem) {
    super(found.code);
    this.problem = found;
  }
}

export function parseMultipartBody(
  bytes: Uint8Array,
  boundary: string | null,
  gather: Gather = gatherFields,
): JsonBody {
  if (boundary === null) return { ok: false, problem: problem("no_boundary") };
  try {
    return gather(entriesOf(bytes, boundary));
  } catch (error) {
    // Beside Ringback's own, the decoder's only error.
    return { ok: false, problem: error instanceof BrokenBody ? error.problem : problem("not_utf8") };
  }
}

/** @throws BrokenBody; TypeError where a name or a text is not UTF-8 */
function* entriesOf(bytes: Uint8Array, boundary: string): Generator<FormEntry> {
  for (const { name, file, content } of partsOf(bytes, boundary)) {
    if (file === null) {
      yield { name, value: textValue(content) };
      continue;
    }
    const type = imageTypeOf(file.type, content);
    if (!IMAGE_FIELDS.has(fieldNamed(name) ?? "")) yield { name, problem: problem("file_not_taken") };
    else if (type === null) yield { name, problem: problem("file_not_image") };
    else yield { name, value: dataUrl(type, content) };
  }
}

interface Part {
  name: string;
  file: { type: string } | null;
  content: Uint8Array;
}

/** The parts between the lines of the boundary; text before the first or after the last has no meaning. */
function* partsOf(bytes: Uint8Array, boundary: string): Generator<Part> {
  const line = new TextEncoder().encode(`--${boundary}`);
  for (let edge = nextEdge(bytes, line, 0); !edge.last;) {
    const next = nextEdge(bytes, line, edge.end);
    yield partOf(bytes.subarray(edge.end, Math.max(edge.end, next.start)));
    edge = next;
  }
}

/** A line of the boundary, the line break before it included, because that belongs to no part. */
interface Edge {
  start: number;
  end: number;
  last: boolean;
}

/** @throws BrokenBody if none follows */
function nextEdge(bytes: Uint8Array, line: Uint8Array, from: number): Edge {
  for (let at = indexOf(bytes, line, from); at !== -1; at = indexOf(bytes, line, at + 1)) {
    if (at !== 0 && (bytes[at - 2] !== CR || bytes[at - 1] !== LF)) continue;
    const start = Math.max(at - 2, 0);
    let end = at + line.length;
    if (bytes[end] === DASH && bytes[end + 1] === DASH) return { start, end, last: true };
    while (bytes[end] === SPACE || bytes[end] === TAB) end += 1;
    if (bytes[end] === CR && bytes[end + 1] === LF) return { start, end: end + 2, last: false };
  }
  throw new BrokenBody(problem("boundary_missing"));
}

function partOf(bytes: Uint8Array): Part {
  const end = indexOf(bytes.subarray(0, HEAD_MAX_BYTES), END_OF_HEAD, 0);
  const headers = headersIn(bytes.subarray(0, Math.max(end, 0)));
  const disposition = headers.get("content-disposition") ?? "";
  const parameters = parametersIn(disposition);
  const name = parameters.get("name");
  if (name === undefined || !/^form-data\b/i.test(disposition))
    throw new BrokenBody(problem("part_without_name"));
  if (!/^(?:7bit|8bit|binary)?$/i.test(headers.get("content-transfer-encoding") ?? ""))
    throw new BrokenBody(problem("part_encoded"));
  const content = bytes.subarray(end + END_OF_HEAD.length);
  const type = headers.get("content-type") ?? "";
  const filename = parameters.get("filename") ?? parameters.get("filename*");
  // A page sends an empty file field with an empty name.
  const unfilled = filename === "" && content.length === 0;
  const isFile = !unfilled && (filename !== undefined || /^image\//i.test(type));
  return { name, file: isFile ? { type } : null, content };
}

function headersIn(head: Uint8Array): Map<string, string> {
  const lines = decodeText(head).split("\r\n");
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

/** As browsers write them (`%22` for a quote), and as other programs do (`\"`). */
function parametersIn(disposition: string): Map<string, string> {
  const found = disposition.matchAll(/;\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g);
  return new Map(
    Array.from(found, ([, name = "", quoted, bare = ""]) => [name.toLowerCase(), unquoted(quoted ?? bare)]),
  );
}

function unquoted(text: string): string {
  const plain = text.replace(/\\(["\\])/g, "$1");
  return plain.replace(/%(22|0D|0A)/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const first = wanted[0] ?? 0;
  for (let at = bytes.indexOf(first, from); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}
