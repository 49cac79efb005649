const ALPHABET = new TextEncoder().encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const PADDING = 0x3d;

/** RFC 4648 base64 as bytes: a file of megabytes never becomes a string. */
export function base64Bytes(bytes: Uint8Array): Uint8Array {
  const encoded = new Uint8Array(Math.ceil(bytes.length / 3) * 4).fill(PADDING);
  let at = 0;
  for (let index = 0; index < bytes.length; index += 3) {
    const left = bytes.length - index;
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    encoded[at] = ALPHABET[group >>> 18] ?? 0;
    encoded[at + 1] = ALPHABET[(group >>> 12) & 63] ?? 0;
    if (left > 1) encoded[at + 2] = ALPHABET[(group >>> 6) & 63] ?? 0;
    if (left > 2) encoded[at + 3] = ALPHABET[group & 63] ?? 0;
    at += 4;
  }
  return encoded;
}

const IS_BASE64 = new Uint8Array(256);
for (const byte of ALPHABET) IS_BASE64[byte] = 1;

/** Whether all bytes are letters of base64, without padding. A table, because an image's letters follow no pattern. */
export function isBase64Bytes(bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index++) if (IS_BASE64[bytes[index] ?? 0] === 0) return false;
  return true;
}
