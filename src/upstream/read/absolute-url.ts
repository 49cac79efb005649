const MAX_LENGTH = 8192;

/**
 * The text as an absolute http(s) URL, byte for byte where it can be; null if it is none, or longer than 8 KB. A text
 * that begins with `/` is relative to the origin of `baseUrl`.
 */
export function absoluteUrl(text: string, baseUrl: string): string | null {
  const trimmed = text.trim();
  if (trimmed.length > MAX_LENGTH || !/^(?:https?:\/)?\//i.test(trimmed)) return null;
  if (!URL.canParse(trimmed, baseUrl)) return null;
  const parsed = new URL(trimmed, baseUrl);
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") return null;
  // Kept byte for byte, because it may be signed; parsed only where it is relative or could break a line or a header.
  const url = /^[a-z]+:\/\/[\x21-\x7e]+$/i.test(trimmed) ? trimmed : parsed.href;
  // As JSON has it: a URL full of quotes would be twice as long in a callback, which has a limit of its own.
  return JSON.stringify(url).length - 2 > MAX_LENGTH ? null : url;
}
