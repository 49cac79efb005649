import { splitHeaderList } from "../create/request-headers.ts";

/** How a body is to be read. */
export type BodyType = { kind: "json" } | { kind: "form" } | { kind: "multipart"; boundary: string | null };

/** No real one is longer, and the expressions below are not made for kilobytes of quotes. */
const HEADER_MAX = 1024;

/**
 * JSON by its type or without one, or a form; null for everything else. A header that was sent twice, by a tool that
 * adds its own to the user's, comes as one with a comma: it says something only if both say the same.
 */
export function bodyTypeOf(headers: Headers): BodyType | null {
  const header = headers.get("content-type") ?? "";
  if (header.length > HEADER_MAX) return null;
  const [first, ...others] = splitHeaderList(header)
    .filter((value) => value.trim() !== "")
    .map(bodyType);
  if (first === undefined) return { kind: "json" };
  return others.every((other) => JSON.stringify(other) === JSON.stringify(first)) ? first : null;
}

function bodyType(value: string): BodyType | null {
  const type = value.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "" || type === "application/json" || /^application\/[^\s/]+\+json$/.test(type))
    return { kind: "json" };
  if (type === "application/x-www-form-urlencoded") return { kind: "form" };
  if (type !== "multipart/form-data") return null;
  const [, quoted, bare] = /;\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i.exec(value) ?? [];
  return { kind: "multipart", boundary: quoted?.replace(/\\(.)/g, "$1") ?? bare ?? null };
}
