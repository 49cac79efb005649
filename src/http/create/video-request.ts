import { issueAt, problem, type Issue, type Problem } from "../../contract/problems.ts";
import { AIO } from "../../contract/words.ts";
import { judgeNames } from "../body/field-names.ts";
import { coerceList } from "../body/fields.ts";
import { deduplicated, issuesOf } from "../issue.ts";
import { repeatIssues, type JsonBody, type RequestObject, type RequestValue } from "../body/json-body.ts";
import {
  TRAIT_MAX,
  type AskedCreate,
  type CreateRules,
  type CreateVerdict,
  type JudgedCreate,
} from "./asked-create.ts";
import { judgeOwn, meaningOf, ownRequest } from "./own-fields.ts";
import { RINGBACK_FIELDS, UPSTREAM_FIELDS, VIDEO_SCHEMAS, type VideoFields } from "./video-schema.ts";

/** What the body of `POST /v1/videos` asks for. */
export function askedVideo(given: JsonBody): AskedCreate {
  const test = given.ok ? given.value["test"] : undefined;
  const repeats = repeatIssues(given, ([name, inner]) => inner === undefined && RINGBACK_FIELDS.has(name));
  const body: JsonBody = { ...given, issues: [...repeats, ...(given.issues ?? [])] };
  return { upstreamName: AIO, createPath: null, body, test, read: readVideoRequest };
}

/** Checks a create as the contract says, all problems at once. */
export function readVideoRequest(body: RequestObject, rules: CreateRules): CreateVerdict {
  const { fields: entries, issues: nameIssues } = judgeNames(Object.entries(body));
  const known = entries.filter(([key]) => UPSTREAM_FIELDS.has(key) || RINGBACK_FIELDS.has(key));
  const parsed = (rules.strict ? VIDEO_SCHEMAS.strict : VIDEO_SCHEMAS.lenient).safeParse(
    Object.fromEntries(known),
  );
  const typeIssues = parsed.success ? [] : issuesOf(parsed.error);
  const fields = Object.fromEntries(known) as Record<string, RequestValue>;
  const { callbackUrl, issues: ownIssues } = judgeOwn(fields, rules);
  const issues = [
    ...typeIssues,
    ...combinationIssues(fields, { hasContent: Array.isArray(body["content"]) }),
    ...ownIssues,
    ...nameIssues,
  ];
  if (!parsed.success || issues.length > 0) return { ok: false, issues: deduplicated(issues) };
  return { ok: true, request: assemble(entries, parsed.data, callbackUrl) };
}

function isAbsent(value: RequestValue | undefined): boolean {
  return value === undefined || value === null || value === "";
}

/** What a field needs beside it. These hold under `lenient` too. */
function combinationIssues(
  fields: Record<string, RequestValue>,
  { hasContent }: { hasContent: boolean },
): Issue[] {
  const has = (name: string): boolean => !isAbsent(fields[name]);
  // Read as the schema reads it: a text may hold an empty list.
  const list = coerceList(fields["reference_images"]);
  const hasReferences = list !== undefined && !(Array.isArray(list) && list.length === 0);
  const issues: Issue[] = [];
  const needs = (condition: boolean, name: string, why: Problem): void => {
    const missing = name === "reference_images" ? !hasReferences : !has(name);
    if (condition && missing) issues.push(issueAt(name, why));
  };
  const anyImage = has("image") || has("end_image") || hasReferences;
  const isText = fields["input_mode"] === "text" || (!has("input_mode") && !anyImage);
  // The upstream's own list of texts and pictures, which goes there as it is.
  needs(isText && !hasContent, "prompt", problem("required_for_text"));
  needs(
    fields["input_mode"] === "single_image",
    "image",
    problem("required_when", { field: "input_mode", value: "single_image" }),
  );
  needs(
    fields["control_mode"] === "end_frame",
    "end_image",
    problem("required_when", { field: "control_mode", value: "end_frame" }),
  );
  needs(has("end_image"), "image", problem("required_with", { field: "end_image" }));
  needs(
    fields["control_mode"] === "reference",
    "reference_images",
    problem("required_when", { field: "control_mode", value: "reference" }),
  );
  return issues;
}

function assemble(
  entries: readonly [string, RequestValue][],
  fields: VideoFields,
  callbackUrl: string | null,
): JudgedCreate {
  const typed = fields as Record<string, RequestValue | undefined>;
  const coerced = entries.flatMap(([key, value]): [string, RequestValue][] => {
    if (!UPSTREAM_FIELDS.has(key) && !RINGBACK_FIELDS.has(key)) return [[key, value]];
    const known = typed[key];
    return known === undefined ? [] : [[key, known]];
  });
  const forwarded = coerced.filter(([key]) => !RINGBACK_FIELDS.has(key));
  const given = new Map(entries);
  return {
    ...ownRequest(fields, callbackUrl),
    upstream: Object.fromEntries([...forwarded, ...Object.entries(fields.upstream_body ?? {})]),
    meaning: Object.fromEntries(coerced.map((field) => meaningOf(field, given.get(field[0]), callbackUrl))),
    model: fields.model,
    traits: {
      resolution: fields.resolution?.slice(0, TRAIT_MAX) ?? null,
      seconds: fields.duration_seconds ?? null,
      inputMode: fields.input_mode?.slice(0, TRAIT_MAX) ?? null,
    },
  };
}
