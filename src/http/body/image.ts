import { base64Bytes, isBase64Bytes } from "../../domain/text/base64.ts";
import { concat } from "../../net/concat.ts";
import { LIFT_MIN_BYTES, RawText } from "./json-body.ts";

/** An image of a request: an http(s) URL, a `data:image/…;base64,` URL or bare base64; references also `asset://…`. */
export type ImageText = string | RawText;

export const IMAGE_FIELDS: ReadonlySet<string> = new Set(["image", "end_image", "reference_images"]);

const DATA_URL = /^data:image\/[a-z0-9.+-]+(?:;[a-z0-9-]+=[a-z0-9._-]+)*;base64,/i;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** `null` and many another word is base64, too; no image is that short. */
const BARE_MIN_LENGTH = 64;
/** No data URL's head is longer. */
const HEAD_BYTES = 256;
const BLANK = 0x20;

export function isImage(value: unknown, { asset }: { asset: boolean }): value is ImageText {
  if (value instanceof RawText) return isLiftedImage(value);
  if (typeof value !== "string") return false;
  if (asset && /^asset:\/\/[\x21-\x7e]+$/i.test(value)) return true;
  if (/^https?:/i.test(value)) return isHttpUrl(value);
  const start = startOfBase64(value);
  return isBase64(value.slice(start)) && (start > 0 || value.length >= BARE_MIN_LENGTH);
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^\s\p{Cc}]+$/iu.test(text) && URL.canParse(text);
}

/** Behind the head of a data URL; 0 if it is none. */
function startOfBase64(text: string): number {
  return DATA_URL.exec(text.slice(0, HEAD_BYTES))?.[0].length ?? 0;
}

function isBase64(text: string): boolean {
  // One leftover character encodes nothing: this is a word, not an image.
  return BASE64.test(text) && text.replace(/=+$/, "").length % 4 !== 1;
}

/** The same judgement on bytes, without copying a megabyte. */
function isLiftedImage({ bytes }: RawText): boolean {
  const head = new TextDecoder().decode(bytes.subarray(0, HEAD_BYTES));
  if (/^https?:/i.test(head)) return isHttpUrl(new TextDecoder().decode(bytes));
  const start = startOfBase64(head);
  let end = bytes.length;
  while (end > bytes.length - 2 && bytes[end - 1] === 0x3d) end -= 1;
  return end > start && (end - start) % 4 !== 1 && isBase64Bytes(bytes.subarray(start, end));
}

/** Base64 and the white space of its layout. A sentence has the same letters, but no word that long. */
const WRAPPED_BASE64 = /^[A-Za-z0-9+/=\s]+$/;
const LONG_RUN = /[A-Za-z0-9+/=]{16}/;

/** Drops the white space inside base64: `base64`, PEM and MIME break it into lines. Everything else stays as it is. */
export function stripBase64Whitespace(value: unknown): unknown {
  if (value instanceof RawText) return value.bytes.includes(BLANK) ? withoutBlanks(value) : value;
  if (typeof value !== "string" || !/\s/.test(value)) return value;
  const start = startOfBase64(value);
  const base64 = value.slice(start);
  if (!WRAPPED_BASE64.test(base64) || !LONG_RUN.test(base64)) return value;
  return value.slice(0, start) + base64.replace(/\s+/g, "");
}

/** The only white space that a lifted text can have. */
function withoutBlanks(text: RawText): ImageText {
  const left = stripBase64Whitespace(text.toText()) as string;
  return left.length < LIFT_MIN_BYTES ? left : new RawText(new TextEncoder().encode(left));
}

/** The type of a file, by its header or by its first bytes; null if it is no image. */
export function imageTypeOf(said: string, file: Uint8Array): string | null {
  const type = said.split(";")[0]?.trim().toLowerCase() ?? "";
  if (/^image\/[a-z0-9.+-]+$/.test(type)) return type;
  if (type !== "" && type !== "application/octet-stream" && type !== "image/*") return null;
  const first = Array.from(file.subarray(0, 12), (byte) => String.fromCharCode(byte)).join("");
  return SIGNATURES.find(([signature]) => signature.test(first))?.[1] ?? null;
}

const SIGNATURES: readonly (readonly [RegExp, string])[] = [
  [/^\x89PNG\r\n/, "image/png"],
  [/^\xff\xd8\xff/, "image/jpeg"],
  [/^RIFF[^]{4}WEBP/, "image/webp"],
  [/^GIF8[79]a/, "image/gif"],
];

export function dataUrl(type: string, file: Uint8Array): ImageText {
  const bytes = concat([new TextEncoder().encode(`data:${type};base64,`), base64Bytes(file)]);
  return bytes.length < LIFT_MIN_BYTES ? new TextDecoder().decode(bytes) : new RawText(bytes);
}
