import type { EndpointRules } from "../../domain/delivery/endpoint-policy.ts";
import { issueAt, problem, type Issue, type Problem } from "../../contract/problems.ts";
import type { TaskTraits } from "../../domain/task/task.ts";
import { judgeNames } from "../body/field-names.ts";
import { coerceList } from "../body/fields.ts";
import { deduplicated, issuesOf } from "../issue.ts";
import type { JsonBody, RequestObject, RequestValue } from "../body/json-body.ts";
import { judgeOwn, meaningOf, ownRequest, type OwnRequest } from "./own-fields.ts";
import { RINGBACK_FIELDS, UPSTREAM_FIELDS, VIDEO_SCHEMAS, type VideoFields } from "./video-schema.ts";

/** A create without a problem. */
export interface VideoRequest extends OwnRequest {
  /** What goes upstream: known fields typed, unknown ones as they came. */
  upstream: RequestObject;
  /** All fields after coercion: what "the same request" means for an idempotency key. */
  meaning: RequestObject;
  model: string;
  traits: TaskTraits;
}

/** By what a create is judged. */
export interface CreateRules {
  /** `VALIDATION=strict`. */
  strict: boolean;
  /** For its callback URL. */
  rules: EndpointRules;
  /** Whether the deployment keeps files at all. */
  keeps: boolean;
}

export type VideoRequestResult = { ok: true; request: VideoRequest } | { ok: false; issues: Issue[] };

/** What a create asks for, before it is judged. */
export interface AskedCreate {
  upstreamName: string;
  /** The path of its submit below the upstream's address; null: the only one that the upstream's profile lists. */
  createPath: string | null;
  body: JsonBody;
  /** The field `test`, as it came. */
  test: RequestValue | undefined;
  /** Judges the fields of the body. */
  read: (fields: RequestObject, rules: CreateRules) => VideoRequestResult;
}

/** Checks a create as the contract says, all problems at once. */
export function readVideoRequest(body: RequestObject, rules: CreateRules): VideoRequestResult {
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

/** Under `VALIDATION=lenient` a caller may write any length; it is kept with the task, to know its like. */
export const TRAIT_MAX = 40;

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
): VideoRequest {
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
