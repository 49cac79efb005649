import { LiftedText } from "./json-body.ts";

/** An image of a request: an http(s) URL, a `data:image/…;base64,` URL or bare base64; references also `asset://…`. */
export type ImageText = string | LiftedText;

const DATA_URL = /^data:image\/[a-z0-9.+-]+(?:;[a-z0-9-]+=[a-z0-9._-]+)*;base64,/i;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** No data URL's head is longer. */
const HEAD_BYTES = 256;

export function isImage(value: unknown, { asset }: { asset: boolean }): value is ImageText {
  if (value instanceof LiftedText) return isLiftedImage(value);
  if (typeof value !== "string") return false;
  if (asset && /^asset:\/\/[\x21-\x7e]+$/i.test(value)) return true;
  if (/^https?:/i.test(value)) return isHttpUrl(value);
  const data = DATA_URL.exec(value.slice(0, HEAD_BYTES))?.[0];
  return isBase64(data === undefined ? value : value.slice(data.length));
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

function isBase64(text: string): boolean {
  // One leftover character encodes nothing: a word was taken for an image.
  return BASE64.test(text) && text.replace(/=+$/, "").length % 4 !== 1;
}

/** The same judgement on bytes: a megabyte is looked at, not copied. */
function isLiftedImage({ bytes }: LiftedText): boolean {
  const head = new TextDecoder().decode(bytes.subarray(0, HEAD_BYTES));
  if (/^https?:/i.test(head)) return isHttpUrl(new TextDecoder().decode(bytes));
  const start = DATA_URL.exec(head)?.[0].length ?? 0;
  let end = bytes.length;
  while (end > bytes.length - 2 && bytes[end - 1] === 0x3d) end -= 1;
  for (let index = start; index < end; index++) if (!isBase64Byte(bytes[index] ?? 0)) return false;
  return end > start && (end - start) % 4 !== 1;
}

function isBase64Byte(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x2f && byte <= 0x39) ||
    byte === 0x2b
  );
}
