import { parseJsonBody, type RequestObject } from "../../../../src/http/body/json-body.ts";
import type { JudgedCreate } from "../../../../src/http/create/asked-create.ts";
import { readVideoRequest } from "../../../../src/http/create/video-request.ts";

/** Creates as they are judged, without a Worker around them. */

export const rules = { allowPrivate: false, ownHosts: ["ringback.acme.com"] };
export const BASE = { model: "doubao-seedance-2-0-260128", prompt: "A lighthouse at dusk." };
export const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

export const DATA = `data:image/png;base64,${PNG}`;

export function body(fields: object): RequestObject {
  const result = parseJsonBody(new TextEncoder().encode(JSON.stringify(fields)));
  if (!result.ok) throw new Error(result.problem.code);
  return result.value;
}

export function issues(fields: object, strict = true): string[] {
  const result = readVideoRequest(body({ ...BASE, ...fields }), { strict, rules, keeps: true });
  return result.ok ? [] : result.issues.map(({ path }) => path);
}

export function request(fields: object, strict = true): JudgedCreate {
  const result = readVideoRequest(body({ ...BASE, ...fields }), { strict, rules, keeps: true });
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result.request;
}
