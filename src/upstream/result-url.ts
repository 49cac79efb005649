import { isJsonObject, own, type JsonValue } from "../domain/json.ts";
import { parseBoundedJson } from "../domain/json-bounds.ts";
import type { ResultUrl } from "../domain/upstream-answer.ts";
import { hasStatus, idsIn, taskIdIn, type AnswerPart, type JsonObject, outwards } from "./answer-parts.ts";
import { normalWord } from "./status-words.ts";

/** Finds the video among the URLs of an answer: in the members and nestings of the known gateways, video first. */

/** What tells a result from the other URLs of an answer. */
export interface ResultRules {
  taskIds: readonly string[];
  /** The upstream's base URL: relative results are meant against its origin, and some of its own URLs need the key. */
  baseUrl: string;
  /** A URL that contains one is never handed out. */
  secrets: readonly string[];
  /** URLs of the request that the answer repeats, as `absoluteUrl` writes them. */
  echoes: ReadonlySet<string>;
}

/** Members that hold a URL, or objects and lists with one; spelled as `normalWord` spells them. */
const MEMBERS = new Set(
  [
    "videourl url resulturl outputurl fileurl downloadurl primaryurl uri",
    "videourls urls resulturls resultjson",
    "data result results output outputs content response task",
    "video videos metadata taskresult videoresult creations assets",
  ].flatMap((names) => names.split(" ")),
);

const URL_MAX_LENGTH = 8192;
/** data → result (JSON in a string) → videos → item → video → url is as deep as gateways nest. */
const MAX_DEPTH = 7;
const MAX_ITEMS = 8;
/** An answer that needs more to be looked at is none. */
const MAX_VALUES = 500;

/** Objects of these types, and inputs by their role, stand beside the video and are never it. */
const NOT_THE_VIDEO =
  /^(?:(?:image|cover|poster|thumb|thumbnail|(?:first|last|key)?frame|preview|audio|text|subtitle)(?:image|url)?|(?:reference|input|image\/|audio\/).*)$/;
/** A request writes its videos so; hardly an answer does. */
const REQUEST_TYPE = "videourl";
const VIDEO_FILE = /\.(?:mp4|webm|mov|m4v|mkv|m3u8)$/i;
const IMAGE_FILE = /\.(?:jpe?g|png|webp|gif|avif|bmp|svg)$/i;
/** The family's proxy of a result. */
const CONTENT_PATH = /\/videos\/[^/]+\/content$/;

/** The best result in the part, or else in those around it; null: there is none. */
export function findResult(part: AnswerPart, rules: ResultRules): ResultUrl | null {
  const search = new Search(rules);
  for (const { object } of outwards(part))
    search.look(object, { depth: 0, isVideo: false, isInput: false, member: "" });
  return search.best();
}

interface Place {
  depth: number;
  /** A name on the way says video. */
  isVideo: boolean;
  /** It is written as a request writes its inputs. */
  isInput: boolean;
  /** The member whose value or item this is. */
  member: string;
}

class Search {
  readonly #rules: ResultRules;
  readonly #found: { result: ResultUrl; badness: number }[] = [];
  #values = 0;

  constructor(rules: ResultRules) {
    this.#rules = rules;
  }

  best(): ResultUrl | null {
    return this.#found.toSorted((a, b) => a.badness - b.badness)[0]?.result ?? null;
  }

  look(value: JsonValue, place: Place): void {
    if (place.depth > MAX_DEPTH || ++this.#values > MAX_VALUES) return;
    const inner = { ...place, depth: place.depth + 1 };
    if (typeof value === "string") this.#lookAtText(value, inner);
    else if (Array.isArray(value)) {
      for (const [index, item] of value.slice(0, MAX_ITEMS).entries())
        if (index === 0 || !this.#isAnotherTask(item, place.member)) this.look(item, inner);
    } else if (isJsonObject(value)) this.#lookInside(value, inner);
  }

  #lookInside(object: JsonObject, place: Place): void {
    const marks = marksOf(object);
    // What the whole answer is marked as (`text_to_video`, `image`) says what was asked for.
    if (place.depth > 1 && marks.some((mark) => NOT_THE_VIDEO.test(mark))) return;
    const isVideo = place.isVideo || marks.includes("video");
    const isInput = place.isInput || marks.includes(REQUEST_TYPE);
    for (const [key, value] of Object.entries(object)) {
      const member = normalWord(key);
      if (MEMBERS.has(member))
        this.look(value, { ...place, member, isInput, isVideo: isVideo || member.includes("video") });
    }
  }

  /** Behind the first, which is this task's (rule 1), an item may be another task; a bare `id` may be a file's, too. */
  #isAnotherTask(item: JsonValue, member: string): boolean {
    const ids = isJsonObject(item) ? idsIn(item) : [];
    if (!isJsonObject(item) || ids.length === 0) return false;
    if (ids.some((id) => this.#rules.taskIds.includes(id))) return false;
    return taskIdIn(item) !== null || (member === "data" && hasStatus(item));
  }

  /** A URL, or JSON in a string. */
  #lookAtText(text: string, place: Place): void {
    if (/^\s*[{[]/.test(text)) {
      try {
        this.look(parseBoundedJson(text), place);
      } catch {
        // Text that only looks like JSON holds no URL.
      }
      return;
    }
    const url = absoluteUrl(text, this.#rules.baseUrl);
    if (url === null || this.#rules.echoes.has(url) || this.#isTheTaskItself(url)) return;
    const path = new URL(url).pathname;
    const hidden = this.#containsSecret(url);
    const needsKey = hidden || (CONTENT_PATH.test(path) && this.#isOwnOrigin(url));
    const isVideo = place.isVideo || VIDEO_FILE.test(path);
    const badness =
      (IMAGE_FILE.test(path) ? 8 : 0) + (needsKey ? 4 : 0) + (place.isInput ? 2 : 0) + (isVideo ? 0 : 1);
    this.#found.push({ result: { url: hidden ? null : url, needsKey }, badness });
  }

  #containsSecret(url: string): boolean {
    return this.#rules.secrets.some((secret) => url.includes(secret) || decoded(url).includes(secret));
  }

  #isOwnOrigin(url: string): boolean {
    return new URL(url).origin === new URL(this.#rules.baseUrl).origin;
  }

  /** Some gateways link the task: that is where it is asked about, not its result. */
  #isTheTaskItself(url: string): boolean {
    return this.#rules.taskIds.some(
      (id) => url === `${this.#rules.baseUrl}/videos/${encodeURIComponent(id)}`,
    );
  }
}

function marksOf(object: JsonObject): string[] {
  const marks = ["type", "role", "kind", "mime_type"].map((name) => own(object, name));
  return marks.filter((mark) => typeof mark === "string").map(normalWord);
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    // A stray percent sign: it hides nothing.
    return url;
  }
}

/** The text as an absolute http(s) URL, byte for byte where it can be; null if it is none, or longer than 8 KB. */
export function absoluteUrl(text: string, baseUrl: string): string | null {
  const trimmed = text.trim();
  if (trimmed.length > URL_MAX_LENGTH || !/^(?:https?:\/)?\//i.test(trimmed)) return null;
  if (!URL.canParse(trimmed, baseUrl)) return null;
  const parsed = new URL(trimmed, baseUrl);
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") return null;
  // Kept byte for byte, because it may be signed; parsed only where it is relative or could break a line or a header.
  const url = /^[a-z]+:\/\/[\x21-\x7e]+$/i.test(trimmed) ? trimmed : parsed.href;
  // As JSON has it: a URL full of quotes would be twice as long in a callback, which has a limit of its own.
  return JSON.stringify(url).length - 2 > URL_MAX_LENGTH ? null : url;
}
