import { issue, issueAt, problem, type Issue } from "../../contract/problems.ts";
import { numberOf } from "../../domain/text/json.ts";
import { valuesAt } from "../../profiles/pointer.ts";
import { normalizeName, ownerOf } from "../body/field-names.ts";
import { textOf } from "../body/fields.ts";
import {
  isRequestObject,
  parseJsonBody,
  repeatIssues,
  type JsonBody,
  type RequestObject,
  type RequestValue,
} from "../body/json-body.ts";
import { issuesOf } from "../issue.ts";
import { TRAIT_MAX, type AskedCreate, type CreateRules, type CreateVerdict } from "./asked-create.ts";
import type { CreatePath } from "./create-path.ts";
import { withHeaderFields } from "./header-fields.ts";
import { judgeOwn, meaningOf, ownRequest } from "./own-fields.ts";
import { MODEL_MAX, OWN_SCHEMA, RINGBACK_FIELDS } from "./video-schema.ts";

/**
 * A create in an upstream's own words. Its body goes there unchanged but for one member: `ringback` holds Ringback's own
 * fields, which may come as headers, too.
 */

const MEMBER = "ringback";
/** Characters of a name that an issue's path repeats. */
const PATH_MAX = 100;

interface UpstreamBody {
  /** What goes upstream, with the problems of all of it. */
  body: JsonBody;
  /** Ringback's own fields, from the body and the headers, as they came. */
  own: RequestObject;
  /** Those of them that stood in the body. */
  inBody: ReadonlySet<string>;
}

/** Parts the body of a create from Ringback's own fields. */
export function partBody(given: JsonBody, headers: Headers): UpstreamBody {
  const { [MEMBER]: member, ...body } = given.ok ? given.value : {};
  const inMember = bodyIn(member);
  const fields = inMember.ok ? inMember.value : {};
  const own = withHeaderFields({ ok: true, value: fields }, headers);
  const issues = [
    ...(given.issues ?? []),
    ...repeatIssues(given, ([name]) => name === MEMBER),
    ...repeatIssues(inMember, ([, inner]) => inner === undefined).map(inItsMember),
    ...(inMember.ok ? [] : [issue(MEMBER, "not_object")]),
    ...(own.issues ?? []),
    ...Object.keys(body).flatMap(nameIssues),
  ];
  return {
    body: given.ok ? { ok: true, value: body, issues } : { ...given, issues },
    own: own.ok ? own.value : {},
    inBody: new Set(Object.keys(fields)),
  };
}

/** The member as it came; in a form it is text. */
function bodyIn(member: RequestValue | undefined): JsonBody {
  const fields = textOf(member) ?? {};
  if (typeof fields === "string") return parseJsonBody(new TextEncoder().encode(fields));
  return isRequestObject(fields)
    ? { ok: true, value: fields }
    : { ok: false, problem: problem("not_object") };
}

/**
 * A create whose callback never comes, or a test that is paid, would be the price of a name in the wrong place, however it
 * is spelled.
 */
function nameIssues(name: string): Issue[] {
  const read = normalizeName(name);
  const path = name.slice(0, PATH_MAX);
  // `ringback[callback_url]`: only an object, as JSON in a form, holds its fields.
  const isPart = /[[.]/.test(name);
  if (read.startsWith(MEMBER))
    return [issueAt(path, problem(isPart ? "outside_its_field" : "misspelled", { field: MEMBER }))];
  // `test[outcome]` is how a form of `POST /v1/videos` gives a test.
  const isTest = read === "test" || ownerOf(name) === "test";
  const meant = isTest ? "test" : callbackFieldMeant(read);
  return meant === null ? [] : [issueAt(path, problem("outside_its_field", { field: MEMBER, name: meant }))];
}

const CALLBACK_FIELDS = Array.from(RINGBACK_FIELDS).filter((field) => field.startsWith("callback"));

/** `webhook`, `callbackUri` and all that follows one of the fields' names; null: the name is about no callback. */
function callbackFieldMeant(read: string): string | null {
  if (!/^(?:callback|webhook)/.test(read)) return null;
  const ours = read.replace("webhook", "callback");
  return CALLBACK_FIELDS.find((field) => ours.startsWith(normalizeName(field))) ?? "callback_url";
}

/** What the create at this path asks for. */
export function askedAt(target: CreatePath, parts: UpstreamBody): AskedCreate {
  return {
    upstreamName: target.upstream.name,
    createPath: target.path,
    body: parts.body,
    test: parts.own["test"],
    read: (members, rules) => readUpstreamRequest(members, parts, { target, rules }),
  };
}

/** Checks a create as the contract says, all problems at once. `members` are those that go upstream. */
export function readUpstreamRequest(
  members: RequestObject,
  { own, inBody }: Pick<UpstreamBody, "own" | "inBody">,
  { target, rules }: { target: CreatePath; rules: CreateRules },
): CreateVerdict {
  const known = Object.entries(own).filter(([name]) => RINGBACK_FIELDS.has(name));
  const parsed = OWN_SCHEMA.safeParse(Object.fromEntries(known));
  const { callbackUrl, issues } = judgeOwn(own, rules);
  const found = [
    ...Object.keys(own)
      .filter((name) => !RINGBACK_FIELDS.has(name))
      .map((name) => issue(name.slice(0, PATH_MAX), "unknown_field")),
    ...(parsed.success ? [] : issuesOf(parsed.error)),
    ...issues,
    ...Object.keys(parsed.data?.upstream_body ?? {})
      .filter((name) => Object.hasOwn(members, name))
      .map((name) => issue(`upstream_body.${name}`, "given_twice")),
  ];
  if (!parsed.success || found.length > 0)
    return { ok: false, issues: found.map((one) => placed(one, inBody)) };
  const coerced = Object.entries(parsed.data as Record<string, RequestValue | undefined>).filter(
    (field): field is [string, RequestValue] => field[1] !== undefined,
  );
  const upstream: RequestObject = { ...members, ...parsed.data.upstream_body };
  return {
    ok: true,
    request: {
      ...ownRequest(parsed.data, callbackUrl),
      upstream,
      meaning: {
        upstream: target.upstream.name,
        path: target.path,
        body: members,
        ringback: Object.fromEntries(coerced.map((field) => meaningOf(field, own[field[0]], callbackUrl))),
      },
      model: modelOf(upstream, target),
      traits: traitsOf(upstream, target),
    },
  };
}

/** A field of the body is named by its place there. */
function placed(found: Issue, inBody: ReadonlySet<string>): Issue {
  const isIn = Array.from(inBody).some(
    (field) => found.path === field.slice(0, PATH_MAX) || found.path.startsWith(`${field}.`),
  );
  return isIn ? inItsMember(found) : found;
}

function inItsMember(found: Issue): Issue {
  return { ...found, path: `${MEMBER}.${found.path}` };
}

function modelOf(body: RequestObject, { upstream, path, params }: CreatePath): string {
  const { model: pointer } = upstream.profile.create;
  const given = [
    Object.hasOwn(body, "model") ? body["model"] : undefined,
    ...(pointer === undefined ? [] : valuesAt(body as never, pointer)),
    params["model"],
    lastPart(path),
  ];
  const text = given.map(textOf).find((value) => typeof value === "string" && value !== "") as string;
  return text.slice(0, MODEL_MAX);
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The members by which upstreams name the length of a video. */
const LENGTHS = ["duration_seconds", "duration", "seconds"];

/** Tasks that take equally long have these in common, wherever an upstream calls them so. */
function traitsOf(
  body: RequestObject,
  { path }: CreatePath,
): {
  resolution: string | null;
  seconds: number | null;
  inputMode: string | null;
} {
  const { resolution } = body;
  const seconds = LENGTHS.map((name) => numberOf(asNumber(body[name]))).find((value) => value !== undefined);
  return {
    resolution: typeof resolution === "string" ? resolution.slice(0, TRAIT_MAX) : null,
    seconds: seconds ?? null,
    inputMode: lastPart(path).slice(0, TRAIT_MAX),
  };
}

function asNumber(value: RequestValue | undefined): unknown {
  return typeof value === "string" && /^\d{1,5}$/.test(value) ? Number(value) : value;
}
