import { issue, issueAt, problem, type Issue, type ShownIssue } from "../../contract/problems.ts";
import { RawText, parseJsonBody, type JsonBody, type RequestObject } from "../../http/body/json-body.ts";
import {
  fillCreatePath,
  isPathValue,
  type CreatePath,
  type CreatePattern,
} from "../../http/create/create-path.ts";
import type { Text } from "../text/en.ts";
import { formIssue, type FormIssue } from "./new-task-fields.ts";
import { formIssues, ownFieldsOf } from "./new-task-request.ts";

/** From the form of a raw request to the create that a program would send: an upstream's own body at its own path. */

/** The member of the body that holds Ringback's own fields. */
const MEMBER = "ringback";

interface RawRequest {
  /** Null: the form names none. */
  target: CreatePath | null;
  /** With Ringback's own fields in their member. */
  body: JsonBody;
  /** What only the form can find. */
  issues: Issue[];
}

/** The choice of a pattern, as the form sends it. */
export function targetChoice({ upstream, pattern }: CreatePattern): string {
  return `${upstream.name} ${pattern}`;
}

/** The field in which a name of a pattern is filled in. */
export function nameField(name: string): string {
  return `path_${name}`;
}

export function rawRequestOf(form: RequestObject, patterns: readonly CreatePattern[]): RawRequest {
  const chosen = patterns.find((pattern) => targetChoice(pattern) === form["target"]) ?? null;
  const { target, issues } = chosen === null ? NO_TARGET : filled(chosen, form);
  const given = bodyOf(form);
  const { [MEMBER]: member, ...members } = given.ok ? given.value : {};
  const own = ownFieldsOf(form);
  const value = Object.keys(own).length === 0 ? members : { ...members, [MEMBER]: own };
  return {
    target,
    body: given.ok ? { ok: true, value } : given,
    issues: [
      ...issues,
      // The form's own fields are the other one.
      ...(member === undefined ? [] : [issue(MEMBER, "given_twice")]),
      ...formIssues(form).map((one) => issueAt(`${MEMBER}.${one.path}`, one)),
    ],
  };
}

const NO_TARGET = { target: null, issues: [issue("target", "invalid")] };

/** A name that is not filled in, or not well, stays in its braces. */
function filled(pattern: CreatePattern, form: RequestObject): { target: CreatePath; issues: Issue[] } {
  const given = pattern.names.map((name) => [name, textOf(form[nameField(name)]).trim()] as const);
  const wrong = given.filter(([, value]) => !isPathValue(value));
  const good = given.filter(([, value]) => isPathValue(value));
  return {
    target: fillCreatePath(pattern, Object.fromEntries(good)),
    issues: wrong.map(([name, value]) => issue(`{${name}}`, value === "" ? "required" : "invalid")),
  };
}

function bodyOf(form: RequestObject): JsonBody {
  const text = textOf(form["body"]).trim();
  if (text === "") return { ok: false, problem: problem("required") };
  return parseJsonBody(new TextEncoder().encode(text));
}

function textOf(value: RequestObject[string] | undefined): string {
  if (value instanceof RawText) return value.toText();
  return typeof value === "string" ? value : "";
}

/** What is wrong with the body as a whole. */
export function bodyIssues(body: JsonBody): Issue[] {
  return [...(body.ok ? [] : [issueAt("", body.problem)]), ...(body.issues ?? [])];
}

/** An issue at its field: Ringback's own ones have fields, and the upstream's are all in the body. */
export function rawIssue(shown: ShownIssue, { create, raw }: Pick<Text, "create" | "raw">): FormIssue {
  const { path } = shown;
  const [, name] = /^\{(\w+)\}$/.exec(path) ?? [];
  if (path === "target") return { ...shown, field: "target", label: raw.target };
  if (name !== undefined) return { ...shown, field: nameField(name), label: raw.name(name) };
  if (!path.startsWith(`${MEMBER}.`)) return { ...shown, field: "body", label: raw.body };
  return { ...formIssue({ ...shown, path: path.slice(MEMBER.length + 1) }, create), path };
}
