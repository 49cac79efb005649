import { MEDIA_ENDINGS, type MediaType } from "../../contract/words.ts";

/** As many first bytes as `mediaType` needs to know a file by them. */
export const SNIFF_BYTES = 512;

/** One that says nothing about the file: `application/octet-stream`, the `binary/octet-stream` of some stores. */
const UNTYPED = /\/octet-stream$/;

/**
 * The type under which a file is kept, or null: it is none that Ringback keeps. A source that names a type is believed; the
 * bytes decide only where it names none. Source: the contract, Kept files.
 */
export function mediaType(contentType: string | null, firstBytes: Uint8Array): MediaType | null {
  const named = namedType(contentType);
  return named === "unknown" ? sniffedType(firstBytes) : named;
}

/** What a `content-type` says by itself. Its parameters and its case say nothing. `unknown`: the bytes decide. */
export function namedType(contentType: string | null): MediaType | "unknown" | null {
  const named = (contentType ?? "").replace(/;.*$/s, "").trim().toLowerCase();
  if (named === "" || UNTYPED.test(named)) return "unknown";
  return isMediaType(named) ? named : null;
}

export function isMediaType(text: string): text is MediaType {
  return Object.hasOwn(MEDIA_ENDINGS, text);
}

function sniffedType(bytes: Uint8Array): MediaType | null {
  const text = latin1(bytes, 0, SNIFF_BYTES);
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (text.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (/^GIF8[79]a/.test(text)) return "image/gif";
  if (/^RIFF[^]{4}WEBP/.test(text)) return "image/webp";
  if (text.startsWith("\x1a\x45\xdf\xa3")) return ebmlType(bytes);
  return text.startsWith("ftyp", 4) ? brandedType(bytes, text) : null;
}

/** The major brands of an MP4 that holds a video. Others are of audio, of HEIC and of JPEG 2000. */
const MP4_BRAND = /^(?:iso[m2-9a-c]|mp4[12v]|avc1|dash|M4V[ HP]|MSNV|XAVC|F4V |f4v |cmf[c2]|msdh|mmp4)$/;
const AVIF_BRAND = /^avi[fs]$/;
/** Image files of any codec: the other brands say of which. */
const IMAGE_BRAND = /^(?:mif1|miaf|msf1)$/;

/** A thousand brands: no box is longer, and the first letters of a text read as a number are far more. */
const BRANDS_MAX_BYTES = 4096;

/** A file of the ISO family (ISO/IEC 14496-12) begins with the box `ftyp`: size, name, major brand, version, other brands. */
function brandedType(bytes: Uint8Array, text: string): MediaType | null {
  const boxEnd = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  if (boxEnd < 16 || boxEnd > BRANDS_MAX_BYTES) return null;
  const major = text.slice(8, 12);
  if (major === "qt  ") return "video/quicktime";
  if (MP4_BRAND.test(major)) return "video/mp4";
  const others = text.slice(16, boxEnd).match(/[^]{4}/g) ?? [];
  const isAvif =
    AVIF_BRAND.test(major) || (IMAGE_BRAND.test(major) && others.some((one) => AVIF_BRAND.test(one)));
  return isAvif ? "image/avif" : null;
}

const DOC_TYPE_ID = 0x4282;

/** A Matroska file begins with an EBML header (RFC 8794): elements of id, length and value, one of which is its `DocType`. */
function ebmlType(bytes: Uint8Array): MediaType | null {
  const header = variableNumber(bytes, 4, false);
  if (header === null) return null;
  const headerEnd = Math.min(header.end + header.value, bytes.byteLength);
  for (let at = header.end; at < headerEnd;) {
    const id = variableNumber(bytes, at, true);
    const length = id && variableNumber(bytes, id.end, false);
    if (!length) return null;
    // A string may be padded with zeros.
    const value = latin1(bytes, length.end, Math.min(length.value, 16)).replace(/\0+$/, "");
    if (id.value === DOC_TYPE_ID) return DOC_TYPES.get(value) ?? null;
    at = length.end + length.value;
  }
  return null;
}

const DOC_TYPES: ReadonlyMap<string, MediaType> = new Map([
  ["webm", "video/webm"],
  ["matroska", "video/x-matroska"],
]);

/** A number whose first byte says by its leading zeros how many follow. An id keeps the bit that ends the zeros. */
function variableNumber(
  bytes: Uint8Array,
  at: number,
  keepsMarker: boolean,
): { value: number; end: number } | null {
  const first = bytes[at];
  if (first === undefined || first === 0) return null;
  const extra = Math.clz32(first) - 24;
  const end = at + 1 + extra;
  if (end > bytes.byteLength) return null;
  let value = keepsMarker ? first : first & (0x7f >> extra);
  for (const byte of bytes.subarray(at + 1, end)) value = value * 256 + byte;
  return { value, end };
}

function latin1(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
