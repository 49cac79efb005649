/** Cuts to at most `limit` UTF-16 units without leaving half of a character. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit);
}

/** One readable line from foreign text: well-formed, no control characters. */
export function plainText(text: string, limit: number): string {
  // Twice the limit is plenty to clean before the cut; an upstream may send megabytes.
  const well = clip(text, limit * 2).toWellFormed();
  return clip(well.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim(), limit);
}

/** Cuts to at most so many bytes of UTF-8 without leaving half of a character. */
export function clipBytes(text: string, limitBytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(limitBytes));
  return text.slice(0, read);
}
