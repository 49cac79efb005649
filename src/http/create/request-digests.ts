import { requestDigest } from "../../keys/request-digest.ts";
import { isRequestObject, type RequestValue } from "../body/json-body.ts";
import type { JudgedCreate } from "./asked-create.ts";

/** The upstream repeats inputs in its answers; Ringback recognises this many of them. */
const MAX_URLS = 32;
const MAX_IDS = 32;

/**
 * Digests of the request's first http(s) URLs, and of the values of its members `id` and `task_id`: what an answer may
 * repeat without having made it. Source: docs/decisions/upstream-answers.md, rules 3 and 8.
 */
export async function requestDigestsOf({
  upstream,
  test,
}: Pick<JudgedCreate, "upstream" | "test">): Promise<string[]> {
  // Nothing of a test goes upstream, so no answer can repeat it.
  if (test !== null) return [];
  const found: Found = { urls: new Set(), ids: new Set() };
  collect(upstream, found);
  const texts = [...[...found.urls].slice(0, MAX_URLS), ...[...found.ids].slice(0, MAX_IDS)];
  return Promise.all(texts.map(requestDigest));
}

interface Found {
  urls: Set<string>;
  ids: Set<string>;
}

function collect(value: RequestValue, found: Found): void {
  if (typeof value === "string") {
    if (/^\s*https?:/i.test(value)) found.urls.add(value.trim());
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, found);
  } else if (isRequestObject(value)) {
    for (const [name, item] of Object.entries(value)) {
      if (name === "id" || name === "task_id") found.ids.add(idText(item));
      collect(item, found);
    }
  }
}

function idText(value: RequestValue): string {
  if (typeof value === "string") return value;
  return JSON.isRawJSON(value) ? value.rawJSON : JSON.stringify(value);
}
