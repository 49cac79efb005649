import * as z from "zod/mini";
import type { JsonValue } from "../domain/text/json.ts";
import { normalWord } from "../domain/text/normal-word.ts";
import { isResultPath, namesIn, namesInPoll } from "./pattern.ts";
import { isPointer } from "./pointer.ts";
import { profileProblem, type ProfileProblem } from "./rules.ts";

/** A profile: how an upstream is called, and where its answers hold what. Data, never code. */

const LIST_MAX = 50;
const TEXT_MAX = 300;
const DAY_SECONDS = 86_400;
const YEAR_HOURS = 8760;

const TOO_LONG = `must have at most ${TEXT_MAX} characters`;
const text = z.string().check(z.minLength(1, "must not be empty"), z.maxLength(TEXT_MAX, TOO_LONG));
const pointer = z
  .string()
  .check(z.maxLength(TEXT_MAX, TOO_LONG), z.refine(isPointer, "must be a JSON Pointer such as /data/0/id"));
const word = text.check(
  z.refine((value) => normalWord(value) !== "", "must hold more than blanks, hyphens and underscores"),
);

function listOf<Item extends z.core.$ZodType>(item: Item) {
  return z.array(item).check(z.maxLength(LIST_MAX, `must have at most ${LIST_MAX} items`));
}

function oneOrMore<Item extends z.core.$ZodType>(item: Item) {
  return listOf(item).check(z.minLength(1, "must not be empty"));
}

function numberFrom(min: number, max: number) {
  const message = `must be a number from ${min} to ${max}`;
  return z.number(message).check(z.gte(min, message), z.lte(max, message));
}

const NOT_A_PATH =
  "must be a path such as /v1/tasks: no host, no query, no blank, no slash at the end; " +
  "a name in braces has letters, digits and underscores, and each part between two slashes holds one at most";

/** A path below `base_url`, which may hold names in braces. */
const path = text.check(z.refine((value) => namesIn(value) !== null, NOT_A_PATH));

const pathWithoutNames = path.check(
  z.refine((value) => (namesIn(value) ?? []).length === 0, "must hold no name in braces"),
);

const NOT_A_POLL_PATH =
  "must be a path such as /v1/tasks/{id}, or /v1/status?id={id}: no host, no blank, no slash at the end, and of names in " +
  "braces {id} alone";

const pollPath = text.check(
  z.refine((value) => namesInPoll(value)?.every((name) => name === "id") ?? false, NOT_A_POLL_PATH),
);

/** These mean the same for every upstream. */
const FIXED_STATUSES = new Set([401, 402, 403, 404, 429]);
/** A status that a profile may read in its own way. */
const status = z
  .int()
  .check(
    z.refine(
      (value) => (value >= 200 && value < 300) || (value >= 400 && value < 500 && !FIXED_STATUSES.has(value)),
      "must be a status from 200 to 299 or from 400 to 499, but not 401, 402, 403, 404 or 429",
    ),
  );
const baseUrl = z.pipe(
  text.check(z.refine(isBaseUrl, "must be an http(s) URL without credentials, query and fragment")),
  z.transform((value: string) => new URL(value).href.replace(/\/+$/, "")),
);

const read = z.strictObject({
  /** Where the word stands; the first one with a known word counts. */
  status: z.optional(oneOrMore(pointer)),
  /** A list that is left out is that of `aio`. */
  words: z.optional(
    z.strictObject({
      queued: z.optional(listOf(word)),
      running: z.optional(listOf(word)),
      succeeded: z.optional(listOf(word)),
      failed: z.optional(listOf(word)),
    }),
  ),
  failed_if: z.optional(
    listOf(
      z.strictObject({
        at: pointer,
        is: z.optional(
          z.union([z.string().check(z.maxLength(TEXT_MAX, TOO_LONG)), z.number(), z.boolean(), z.null()], {
            error: "must be a text, a number, true, false or null",
          }),
        ),
        /** What stands here outranks the rule: a result that came beside a refusal of another one. */
        unless: z.optional(pointer),
      }),
    ),
  ),
  progress: z.optional(pointer),
  progress_max: z.optional(numberFrom(0.000_001, 1_000_000)),
  /**
   * Where the results stand, the best one first. An entry that holds `{id}` is no pointer but a path below `base_url`: the
   * result of an upstream whose answers hold no URL.
   */
  urls: z.optional(
    oneOrMore(
      z
        .string()
        .check(z.refine(isResultPlace, "must be a JSON Pointer such as /data/0/url, or a path with {id}")),
    ),
  ),
  error: z.optional(oneOrMore(pointer)),
  id: z.optional(oneOrMore(pointer)),
  /** Only the upstream's key opens its results. */
  needs_key: z.optional(z.boolean()),
});

export const PROFILE_SCHEMA = z.strictObject({
  /** Without a slash at its end. Left out where anyone may host the upstream: then each setting names an address. */
  base_url: z.optional(baseUrl),
  auth: z.strictObject({
    header: text,
    /** The word before the key, as `Bearer`; left out: the key alone. */
    scheme: z.optional(text.check(z.regex(/^[A-Za-z][\w.~+-]*$/, "must be one word, as Bearer"))),
  }),
  /** Sent with each call. */
  headers: z.optional(z.record(z.string(), z.string())),
  create: z.strictObject({
    paths: oneOrMore(path),
    /** Where the answer names the task. Left out: the ids are looked for as those of `aio`. */
    id: z.optional(oneOrMore(pointer)),
    /** Where the request names its model. */
    model: z.optional(pointer),
  }),
  poll: z.strictObject({
    method: z.enum(["GET", "POST"]),
    path: pollPath,
    /** JSON, in whose texts `{id}` is the task's id. */
    body: z.optional(z.record(z.string(), z.custom<JsonValue>())),
    /** The id is a path and is put into the poll's as it is. */
    id_is_path: z.optional(z.boolean()),
  }),
  read: z.optional(read),
  pending_statuses: z.optional(listOf(status)),
  not_found: z.optional(
    z.strictObject({ statuses: z.optional(listOf(status)), words: z.optional(listOf(word)) }),
  ),
  /** A list of models, which only a known key gets. Left out: no question tells whether a key is known. */
  check: z.optional(pathWithoutNames),
  min_gap_seconds: z.optional(numberFrom(0, DAY_SECONDS)),
  /** How long a result can be fetched. */
  lifetime_hours: z.optional(numberFrom(0.01, YEAR_HOURS)),
});

export type Profile = z.infer<typeof PROFILE_SCHEMA>;

export type ProfileRead = NonNullable<Profile["read"]>;

type ProfileResult = { ok: true; profile: Profile } | { ok: false; problem: ProfileProblem };

/** Reads a profile; of several problems it names the first. */
export function parseProfile(value: unknown): ProfileResult {
  const result = PROFILE_SCHEMA.safeParse(value, { reportInput: true });
  const problem = result.success ? profileProblem(result.data) : problemOf(result.error);
  return result.success && problem === null
    ? { ok: true, profile: result.data }
    : { ok: false, problem: problem ?? { path: "", message: INVALID } };
}

const INVALID = "is not valid";

function problemOf({ issues: [issue] }: z.core.$ZodError): ProfileProblem {
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  const places = [...(issue?.path ?? []), ...unknown].map((place) => String(place).slice(0, 100));
  return { path: places.join("."), message: messageOf(issue) };
}

/** The types of JSON, by the names that the schema has for them. */
const TYPES: Partial<Record<string, string>> = {
  object: "an object",
  record: "an object",
  array: "a list",
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

function messageOf(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case "unrecognized_keys":
      return "is no member of a profile";
    case "invalid_value":
      return `must be one of ${issue.values.join(", ")}`;
    case "invalid_type":
      if (issue.message.startsWith("must")) return issue.message;
      return `must be ${issue.input === undefined ? "given, as " : ""}${TYPES[issue.expected] ?? issue.expected}`;
    default:
      return issue?.message ?? INVALID;
  }
}

function isBaseUrl(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return url.search + url.hash + url.username + url.password === "" && !/[?#@]/.test(value);
}

function isResultPlace(place: string): boolean {
  if (place.length > TEXT_MAX) return false;
  return isResultPath(place) ? namesIn(place)?.join() === "id" : isPointer(place);
}
