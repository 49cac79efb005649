/** A strong entity tag, RFC 9110, 8.8.3. A kept file never changes, so its id names its bytes. */
export function fileEtag(fileId: string): string {
  return `"${fileId}"`;
}

/** Whether `If-None-Match` names the file, so that the client has it already. Null: it was not sent. */
export function isNoneMatch(header: string | null, etag: string): boolean {
  if (header === null) return false;
  if (header.trim() === "*") return true;
  // The weak comparison: a tag is the same with and without `W/`. A comma may stand inside a tag.
  return [...header.matchAll(/(?:W\/)?("[^"]*")/g)].some(([, tag]) => tag === etag);
}

/** Whether a `Range` counts: `If-Range` was not sent, or names exactly this file. A date never does: the answers carry none. */
export function isRangeValid(ifRange: string | null, etag: string): boolean {
  return ifRange === null || ifRange.trim() === etag;
}
