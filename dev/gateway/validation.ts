/**
 * Every reason for which the gateway refuses a request: the key, the rate, and the rules for a create as the upstream's
 * document states them. Unknown fields are let through.
 */
import type { Answer } from "../listen.ts";

const RATE_WINDOW_MS = 1000;
const LONGEST_PROMPT_CHARACTERS = 2500;

const DOCUMENTED_VALUES: Record<string, readonly string[]> = {
  capability: ["video_generation"],
  input_mode: ["text", "single_image", "multi_image"],
  control_mode: ["none", "end_frame", "reference"],
  aspect_ratio: ["16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive"],
  resolution: ["480p", "720p", "1080p"],
};

export function refuse(status: number, code: string, message: string): Answer {
  const type = status === 429 ? "rate_limit_error" : status >= 500 ? "server_error" : "invalid_request_error";
  return { status, body: { error: { message, type, code } } };
}

export function readKey(authorization: string | undefined): string | null {
  return /^Bearer (sk-\S+)$/.exec(authorization ?? "")?.[1] ?? null;
}

/** A sliding window per key. Refused calls do not count, or a client that repeats would never get through. */
export function createRateLimiter(perSecond = Infinity): (key: string, now: number) => boolean {
  const passedAt = new Map<string, number[]>();
  return (key, now) => {
    const recent = (passedAt.get(key) ?? []).filter((at) => now - at < RATE_WINDOW_MS);
    const passes = recent.length < perSecond;
    if (passes) recent.push(now);
    passedAt.set(key, recent);
    return passes;
  };
}

export function parseObject(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    // Neither UTF-8 nor JSON: for the caller the same as JSON of another kind.
    return null;
  }
}

/** The first rule that the request breaks, or null. Null values are refused: only an absent field is absent. */
export function findViolation(request: Record<string, unknown>): string | null {
  const { model, prompt, duration_seconds: duration, with_audio: audio } = request;
  if (typeof model !== "string" || model === "") return "model is required";
  if (prompt !== undefined && typeof prompt !== "string") return "prompt must be a string";
  if (prompt !== undefined && Array.from(prompt).length > LONGEST_PROMPT_CHARACTERS)
    return `prompt must not exceed ${LONGEST_PROMPT_CHARACTERS} characters`;
  for (const [field, values] of Object.entries(DOCUMENTED_VALUES)) {
    const value = request[field];
    if (value !== undefined && !values.some((documented) => documented === value))
      return `${field} must be one of ${values.join(", ")}`;
  }
  if (duration !== undefined && !isDuration(duration))
    return "duration_seconds must be an integer between 4 and 15, or -1";
  if (audio !== undefined && typeof audio !== "boolean") return "with_audio must be a boolean";
  return findImageViolation(request);
}

function findImageViolation(request: Record<string, unknown>): string | null {
  return findWrongImage(request) ?? findMissingField(request);
}

function findWrongImage(request: Record<string, unknown>): string | null {
  const { image, end_image: endImage, reference_images: references } = request;
  for (const [field, value] of Object.entries({ image, end_image: endImage }))
    if (value !== undefined && !isImage(value))
      return `${field} must be an HTTP(S) URL, a data URL or base64`;
  if (references !== undefined) {
    if (!Array.isArray(references) || references.length === 0)
      return "reference_images must be a non-empty array";
    if (!references.every((reference) => isAsset(reference) || isImage(reference)))
      return "reference_images must hold asset:// references or images";
  }
  return null;
}

function findMissingField(request: Record<string, unknown>): string | null {
  const { image, end_image: endImage, reference_images: references, control_mode: control, prompt } = request;
  if (request.input_mode === "single_image" && image === undefined)
    return "image is required when input_mode is single_image";
  if (control === "end_frame" && endImage === undefined)
    return "end_image is required when control_mode is end_frame";
  if (endImage !== undefined && image === undefined) return "image is required when end_image is given";
  if (control === "reference" && references === undefined)
    return "reference_images is required when control_mode is reference";
  const isText =
    request.input_mode === "text" || (request.input_mode === undefined && !image && references === undefined);
  if (isText && !prompt) return "prompt is required for text to video";
  return null;
}

function isDuration(value: unknown): boolean {
  return Number.isInteger(value) && (value === -1 || (Number(value) >= 4 && Number(value) <= 15));
}

function isAsset(value: unknown): boolean {
  return typeof value === "string" && /^asset:\/\/\S+$/.test(value);
}

function isImage(value: unknown): boolean {
  if (typeof value !== "string") return false;
  if (/^https?:/i.test(value)) return URL.canParse(value);
  // One regular expression over megabytes of base64 is linear here: one class, no alternatives.
  const base64 = value.replace(/^data:image\/[\w.+-]+;base64,/i, "");
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64);
}
