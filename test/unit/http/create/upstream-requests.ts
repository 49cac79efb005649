import type { Issue } from "../../../../src/contract/problems.ts";
import { parseBody } from "../../../../src/http/body/form-body.ts";
import { gatherPlain } from "../../../../src/http/body/form-fields.ts";
import { encodeJsonBody } from "../../../../src/http/body/json-body.ts";
import type { CreateVerdict, JudgedCreate } from "../../../../src/http/create/asked-create.ts";
import type { CreatePath } from "../../../../src/http/create/create-path.ts";
import { partBody, readUpstreamRequest } from "../../../../src/http/create/upstream-request.ts";
import { deduplicated } from "../../../../src/http/issue.ts";
import { anUpstream } from "../../../support/builders.ts";
import { rules } from "./video-requests.ts";

/** Creates at another upstream, as bytes, and what is read from them. */

export const HOOK = "https://hooks.acme.com/a";
export const PATH: CreatePath = {
  upstream: anUpstream({ name: "ark" }),
  path: "/v1/image_to_video",
  params: {},
};

export interface Given {
  headers?: Record<string, string>;
  target?: CreatePath;
  type?: "json" | "form";
}

export function read(
  text: string,
  { headers = {}, target = PATH, type = "json" }: Given = {},
): CreateVerdict {
  const given = parseBody(new TextEncoder().encode(text), { kind: type }, gatherPlain);
  const parts = partBody(given, new Headers(headers));
  const around = parts.body.issues ?? [];
  if (!parts.body.ok) return { ok: false, issues: [...around] };
  const result = readUpstreamRequest(parts.body.value, parts, {
    target,
    rules: { strict: true, rules, keeps: true },
  });
  if (around.length === 0) return result;
  return { ok: false, issues: deduplicated([...around, ...(result.ok ? [] : result.issues)]) };
}

export function request(fields: object | string, given?: Given): JudgedCreate {
  const result = read(typeof fields === "string" ? fields : JSON.stringify(fields), given);
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result.request;
}

export function issues(fields: object | string, given?: Given): string[] {
  const result = read(typeof fields === "string" ? fields : JSON.stringify(fields), given);
  return result.ok ? [] : result.issues.map(({ path, code }: Issue) => `${path} ${code}`);
}

export const sent = (asked: JudgedCreate): string => new TextDecoder().decode(encodeJsonBody(asked.upstream));
