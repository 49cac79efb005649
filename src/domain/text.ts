/** Cuts to at most `limit` UTF-16 units without leaving half of a character. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit);
}

/** One readable line from a stranger's text: well-formed, no control characters. */
export function plainText(text: string, limit: number): string {
  // Twice the limit is plenty to clean before the cut; an upstream may send megabytes.
  const cleaned = clip(text, limit * 2)
    .toWellFormed()
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
  return clip(cleaned.trim(), limit);
}
