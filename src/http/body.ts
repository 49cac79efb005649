import { readBytes } from "../wire/read-bytes.ts";
import { bodyTypeOf, type BodyType } from "./content-type.ts";
import { ApiError } from "./errors.ts";

/** An isolate has 128 MB; a request's bytes are held up to three times (read, forwarded, handed to the object). */
const IN_HAND_MAX_BYTES = 50_331_648;

/** Request bytes that this isolate holds now. */
let inHandBytes = 0;

/**
 * Reads the body, at most `maxBytes`, counts it as in hand while `use` runs, and refuses it before it is read where
 * it says its length.
 * @throws ApiError 413 if it is longer, 503 if the isolate holds too much already
 */
export async function withBody<T>(
  request: Request,
  maxBytes: number,
  use: (body: Uint8Array) => Promise<T>,
): Promise<T> {
  const length = request.headers.get("content-length") ?? "";
  const declared = /^\d+$/.test(length) ? Number(length) : 0;
  if (declared > maxBytes) throw tooLarge(maxBytes);
  // Counted as it arrives: a length that is only promised takes no memory.
  let mine = 0;
  const admit = (bytes: number): boolean => {
    if (inHandBytes + bytes > IN_HAND_MAX_BYTES) return false;
    inHandBytes += bytes;
    mine += bytes;
    return true;
  };
  try {
    const read = await readBytes(request.body, maxBytes, { admit, expectedBytes: declared });
    if (read.end === "capped") throw tooLarge(maxBytes);
    if (read.end === "refused") {
      throw new ApiError("overloaded", "Too many large requests at once; try again in a moment.");
    }
    if (read.end === "broken") {
      throw new ApiError("invalid_request", "The request body broke off.", {
        issues: [{ path: "", message: "broke off" }],
      });
    }
    return await use(read.bytes);
  } finally {
    inHandBytes -= mine;
  }
}

function tooLarge(maxBytes: number): ApiError {
  return new ApiError("payload_too_large", `The request body is larger than ${maxBytes} bytes.`);
}

/**
 * How the body is to be read: as JSON, by its type or without one, or as a form. Everything else, and any content
 * encoding, is not taken.
 */
export function requireJsonOrForm(request: Request): BodyType {
  const type = bodyTypeOf(request.headers);
  if (type === null) {
    throw new ApiError(
      "unsupported_media_type",
      "Send the request as application/json, application/x-www-form-urlencoded or multipart/form-data.",
    );
  }
  refuseEncoding(request);
  return type;
}

/** What a browser sends from a page without files. */
export function requireForm(request: Request): void {
  if (bodyTypeOf(request.headers)?.kind !== "form") {
    throw new ApiError("unsupported_media_type", "Send the request as application/x-www-form-urlencoded.");
  }
  refuseEncoding(request);
}

function refuseEncoding(request: Request): void {
  if (request.headers.has("content-encoding")) {
    throw new ApiError("unsupported_media_type", "Send the request without a content encoding.");
  }
}
