import { isJsonObject, own, type JsonObject, type JsonValue } from "../../domain/text/json.ts";
import { parseBoundedJson } from "../../domain/text/json-bounds.ts";
import { normalWord } from "../../domain/text/normal-word.ts";
import type { ResultUrl } from "../../domain/task/upstream-answer.ts";
import { absoluteUrl } from "./absolute-url.ts";
import { hasStatus, idsNamedBy, outwards, taskIdIn, type TaskCandidate } from "./task-candidates.ts";

/** Finds the video among the URLs of an answer: in the members and nestings of the known gateways, video first. */

/** What separates a result from the other URLs of an answer. */
export interface ResultRules {
  taskIds: readonly string[];
  /** The upstream's base URL: results may be relative to its origin, and some of its own URLs need the key. */
  baseUrl: string;
  /** Ringback never gives out a URL that contains one of them. */
  secrets: readonly string[];
  /** URLs that the answer repeats from the request, as `absoluteUrl` writes them. */
  excludedUrls: ReadonlySet<string>;
}

/** Members that hold a URL, or objects and lists with one; spelled as `normalWord` spells them. */
const MEMBERS = new Set(
  [
    "videourl url resulturl outputurl fileurl downloadurl primaryurl uri failreason",
    "videourls urls resulturls resultjson",
    "data result results output outputs content response task",
    "video videos metadata taskresult videoresult creations assets",
  ].flatMap((names) => names.split(" ")),
);

/** data → result (JSON in a string) → videos → item → video → url is as deep as gateways nest. */
const MAX_DEPTH = 7;
const MAX_ITEMS = 8;
/** The search stops here; what it has found by then counts. */
const MAX_VALUES = 500;

/** What stands beside the video, by the type, kind or role of its object, and is never the video. */
const COVERS = new Set(
  "cover coverimage coverurl poster posterurl thumbnail thumbnailurl thumb lastframe firstframe keyframe".split(
    " ",
  ),
);
/** The same in a list of typed items. Elsewhere these words may say what the request asked for. */
const OTHER_MEDIA = new Set("image imageurl frame preview audio audiourl text subtitle".split(" "));
const OTHER_MEDIA_PREFIXES = ["image/", "audio/"];
const INPUT_ROLES = new Set(
  "reference referenceimage referencevideo referenceaudio input inputimage".split(" "),
);
/** Requests write their videos with this type, results almost never. */
const REQUEST_TYPE = "videourl";
const VIDEO_FILE = /\.(?:mp4|webm|mov|m4v|mkv|m3u8)$/i;
const IMAGE_FILE = /\.(?:jpe?g|png|webp|gif|avif|bmp|svg)$/i;
/** The family's proxy of a result. */
const CONTENT_PATH = /\/videos\/[^/]+\/content$/;
/** The address of a task's status: some gateways link it. */
const STATUS_PATH = /\/(?:videos|generations|tasks)\/([^/]+)\/?$/;

/** The best result in the task's own object, else in the nearest object around it that has one; null: there is none. */
export function findResult(candidate: TaskCandidate, rules: ResultRules): ResultUrl | null {
  for (const { object } of outwards(candidate)) {
    const search = new Search(rules);
    search.look(object, START);
    const best = search.best();
    if (best !== null) return best;
  }
  return null;
}

interface Place {
  depth: number;
  /** A name on the way says video. */
  isVideo: boolean;
  /** It is written as a request writes its inputs. */
  isInput: boolean;
  /** It is an item of a list. */
  isItem: boolean;
  /** The member whose value or item this is. */
  member: string;
}

const START: Place = { depth: 0, isVideo: false, isInput: false, isItem: false, member: "" };

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
      // The first item is this task's (rule 1); one behind it may be another task.
      for (const [index, item] of value.slice(0, MAX_ITEMS).entries())
        if (index === 0 || !isJsonObject(item) || !this.#isAnotherTask(item, place.member))
          this.look(item, { ...inner, isItem: true });
    } else if (isJsonObject(value)) this.#lookInside(value, inner);
  }

  #lookInside(object: JsonObject, place: Place): void {
    const { member } = place;
    // Below `data` an object is this task's, whatever else it names (rule 1).
    if (!place.isItem && member !== "" && member !== "data" && this.#isAnotherTask(object, member)) return;
    const labels = labelsOf(object);
    if (labels.some((label) => isOtherMedia(label, place.isItem))) return;
    const isVideo = place.isVideo || labels.includes("video");
    const isInput = place.isInput || labels.includes(REQUEST_TYPE);
    for (const [key, value] of Object.entries(object)) {
      const name = normalWord(key);
      if (MEMBERS.has(name))
        this.look(value, {
          ...place,
          member: name,
          isItem: false,
          isInput,
          isVideo: isVideo || name.includes("video"),
        });
    }
  }

  /** A bare `id` may be a file's, unless it stands beside a status in a list of tasks. */
  #isAnotherTask(object: JsonObject, member: string): boolean {
    const ids = idsNamedBy(object);
    if (ids.length === 0 || ids.some((id) => this.#rules.taskIds.includes(id))) return false;
    return taskIdIn(object) !== null || (member === "data" && hasStatus(object));
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
    const result = resultUrl(text, this.#rules);
    if (result === null) return;
    const { pathname } = new URL(result.url);
    this.#found.push({
      result,
      // The last choice is an image, then an input, then what needs the key; a name says video better than an ending.
      badness:
        (IMAGE_FILE.test(pathname) ? 16 : 0) +
        (place.isInput ? 8 : 0) +
        (result.needsKey ? 4 : 0) +
        (place.isVideo ? 0 : 2) +
        (VIDEO_FILE.test(pathname) ? 0 : 1),
    });
  }
}

/** The text as the URL of a result; null: it is no URL, one of the request, or the task's own address. */
export function resultUrl(text: string, rules: ResultRules): ResultUrl | null {
  const url = absoluteUrl(text, rules.baseUrl);
  if (url === null || rules.excludedUrls.has(url)) return null;
  const { pathname, origin } = new URL(url);
  const isOwnOrigin = origin === new URL(rules.baseUrl).origin;
  if (isOwnOrigin && isTheTaskItself(pathname, rules.taskIds)) return null;
  const containsKey = rules.secrets.some((secret) => url.includes(secret) || decoded(url).includes(secret));
  return { url, containsKey, needsKey: containsKey || (isOwnOrigin && CONTENT_PATH.test(pathname)) };
}

function isTheTaskItself(pathname: string, taskIds: readonly string[]): boolean {
  const id = STATUS_PATH.exec(pathname)?.[1];
  return pathname === "/" || (id !== undefined && taskIds.includes(decoded(id)));
}

function labelsOf(object: JsonObject): string[] {
  const labels = ["type", "role", "kind", "mime_type"].map((name) => own(object, name));
  return labels.filter((label) => typeof label === "string").map(normalWord);
}

function isOtherMedia(label: string, isItem: boolean): boolean {
  if (COVERS.has(label)) return true;
  const isMedium = OTHER_MEDIA.has(label) || OTHER_MEDIA_PREFIXES.some((prefix) => label.startsWith(prefix));
  return isItem && (isMedium || INPUT_ROLES.has(label));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray percent sign: it hides nothing.
    return text;
  }
}
