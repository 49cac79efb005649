import { isJsonObject, numberOf, own, parseJson, type JsonValue } from "../domain/json.ts";
import { plainText } from "../domain/text.ts";
import type { TaskReading, TaskStatus } from "../domain/upstream-answer.ts";

/** Reads the upstream's answers tolerantly: any case, several words for one status, facts nested in `data`. */

type JsonObject = { [key: string]: JsonValue };

const STATUS_WORDS: Record<string, TaskStatus> = {
  queued: "queued",
  pending: "queued",
  submitted: "queued",
  running: "running",
  processing: "running",
  in_progress: "running",
  generating: "running",
  succeeded: "succeeded",
  completed: "succeeded",
  success: "succeeded",
  failed: "failed",
  error: "failed",
  cancelled: "failed",
  canceled: "failed",
  expired: "failed",
};

const ID_MAX_LENGTH = 256;
const URL_MAX_LENGTH = 8192;
const MESSAGE_MAX_LENGTH = 2000;

/** Facts may stand in `data`; what is nearer to the task (inside `data`) says more than an envelope around it. */
function layers(answer: JsonObject): JsonObject[] {
  const inner = own(answer, "data");
  return isJsonObject(inner) ? [inner, answer] : [answer];
}

export function readTask(answer: JsonObject): TaskReading {
  const parts = layers(answer);
  const word = firstOf(parts, (part) => stringOf(own(part, "status")));
  const ids = namedIds(answer, parts);
  return {
    ids: ids.filter(isUsableId),
    namesId: ids.length > 0,
    status: word === null ? null : statusOf(word),
    word,
    progress: firstOf(parts, (part) => progressOf(own(part, "progress"))),
    videoUrl: findUrl(answer, "video_url", 0) ?? findUrl(answer, "url", 0),
    errorMessage: readErrorMessage(answer),
  };
}

/** `error_message`, `error.message`, `error` or `message`: the first that is text, made fit for one line. */
export function readErrorMessage(answer: JsonObject): string | null {
  const parts = layers(answer);
  const text =
    firstOf(parts, (part) => stringOf(own(part, "error_message"))) ??
    firstOf(parts, (part) => {
      const error = own(part, "error");
      return isJsonObject(error) ? stringOf(own(error, "message")) : stringOf(error);
    }) ??
    firstOf(parts, (part) => stringOf(own(part, "message")));
  const plain = text === null ? "" : plainText(text, MESSAGE_MAX_LENGTH);
  return plain === "" ? null : plain;
}

function statusOf(word: string): TaskStatus | null {
  const key = word.trim().toLowerCase();
  return Object.hasOwn(STATUS_WORDS, key) ? (STATUS_WORDS[key] ?? null) : null;
}

function firstOf<T>(parts: readonly JsonObject[], read: (part: JsonObject) => T | null): T | null {
  for (const part of parts) {
    const value = read(part);
    if (value !== null) return value;
  }
  return null;
}

function stringOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** `task_id` before `id`, because a bare `id` may be the request's. */
function namedIds(answer: JsonObject, parts: readonly JsonObject[]): string[] {
  const candidates = [
    own(answer, "task_id"),
    ...parts.map((part) => own(part, "task_id")),
    ...parts.map((part) => own(part, "id")),
  ];
  const texts = candidates.map((value) => stringOf(value) ?? integerText(value));
  return [...new Set(texts.filter((text) => text !== null))];
}

/** Whether a poll's path could carry it. */
function isUsableId(text: string): boolean {
  // As a path segment the dots would climb out of `/videos/`, percent-encoded or not.
  return text.length <= ID_MAX_LENGTH && text.isWellFormed() && text !== "." && text !== "..";
}

function integerText(value: JsonValue | undefined): string | null {
  const text = JSON.isRawJSON(value) ? value.rawJSON : typeof value === "number" ? String(value) : "";
  return /^-?\d+$/.test(text) ? text : null;
}

function progressOf(value: JsonValue | undefined): number | null {
  const match = typeof value === "string" ? /^\s*(\d{1,9}(?:\.\d+)?)\s*%?\s*$/.exec(value) : null;
  const number = match ? Number(match[1]) : numberOf(value);
  return number === undefined || !Number.isFinite(number) ? null : Math.min(Math.max(number, 0), 100);
}

const CONTAINERS = ["data", "result", "output", "content", "video"] as const;
/** data → result (a JSON string) → video → url is as deep as gateways nest. */
const MAX_DEPTH = 5;

function findUrl(value: JsonValue | undefined, key: "video_url" | "url", depth: number): string | null {
  if (depth > MAX_DEPTH) return null;
  if (typeof value === "string") return depth === 0 ? null : urlInText(value, key, depth);
  if (Array.isArray(value)) return firstUrl(value.slice(0, 8), key, depth);
  if (!isJsonObject(value)) return null;
  const named = own(value, key);
  const direct = typeof named === "string" ? usableUrl(named) : findUrl(named, "url", depth + 1);
  return (
    direct ??
    firstUrl(
      CONTAINERS.map((container) => own(value, container)),
      key,
      depth,
    )
  );
}

function firstUrl(
  values: readonly (JsonValue | undefined)[],
  key: "video_url" | "url",
  depth: number,
): string | null {
  for (const value of values) {
    const url = findUrl(value, key, depth + 1);
    if (url !== null) return url;
  }
  return null;
}

/** A bare URL, or JSON in a string. */
function urlInText(text: string, key: "video_url" | "url", depth: number): string | null {
  const bare = usableUrl(text);
  if (bare !== null || !/^\s*[{[]/.test(text)) return bare;
  try {
    return findUrl(parseJson(text), key, depth + 1);
  } catch {
    // Text that only looks like JSON holds no URL.
    return null;
  }
}

function usableUrl(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed.length > URL_MAX_LENGTH || !/^https?:\/\//i.test(trimmed) || !URL.canParse(trimmed))
    return null;
  // Kept byte for byte, because it may be signed; parsed only where it could break a line or a header.
  const url = /^[\x21-\x7e]+$/.test(trimmed) ? trimmed : new URL(trimmed).href;
  // As JSON has it: a URL full of quotes would be twice as long in a callback, which has a limit of its own.
  return JSON.stringify(url).length - 2 > URL_MAX_LENGTH ? null : url;
}
