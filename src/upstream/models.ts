import { isJsonObject, own, type JsonValue } from "../domain/text/json.ts";
import { parseBoundedJson } from "../domain/text/json-bounds.ts";
import { keySecrets } from "../domain/text/redact.ts";
import { parseAnswer } from "./read/answer-json.ts";
import { exchange, retryAfterMs } from "./exchange.ts";
import { callHeaders } from "./headers.ts";
import type { UpstreamAccess } from "./provider.ts";

/** A list of models is short; a longer answer is none. */
const MODELS_MAX_BYTES = 4_194_304;
/** Some hundred models with some dozens of members each; requests for it are rare, so its memory is bearable. */
const MODELS_MAX_VALUES = 100_000;

export interface ModelsAnswer {
  status: number;
  contentType: string | null;
  body: string;
  retryAfterMs: number | null;
  /** A 2xx that holds a list of models: the upstream knows the key. A login page or an error under 200 says nothing. */
  isList: boolean;
}

/**
 * The upstream's list of models as it answers, with the key masked; null if no whole answer came, or a redirect. `check`: its
 * path, by the profile.
 */
export async function fetchModels(access: UpstreamAccess, check: string): Promise<ModelsAnswer | null> {
  const answer = await exchange(`${access.baseUrl}${check}`, {
    timeoutMs: access.timeoutMs,
    maxBytes: MODELS_MAX_BYTES,
    headers: callHeaders(access, { hasBody: false }),
  });
  if (answer === null || answer.read.end !== "complete") return null;
  const { status, ok, headers } = answer.response;
  if (status >= 300 && status < 400) return null;
  const secrets = keySecrets(access.apiKey);
  const body = parseAnswer(answer.read.text, secrets).text;
  const type = headers.get("content-type");
  return {
    status,
    // A header that repeats the key is none.
    contentType: secrets.some((secret) => type?.includes(secret)) ? null : type,
    body,
    retryAfterMs: retryAfterMs(answer.response),
    isList: ok && isModelList(body),
  };
}

/** An array, or an object with an array in `data` or `models` and no `error`. */
function isModelList(text: string): boolean {
  let list: JsonValue;
  try {
    list = parseBoundedJson(text, MODELS_MAX_VALUES);
  } catch {
    // A login page, an error page, or more than a list of models ever is.
    return false;
  }
  if (!isJsonObject(list)) return Array.isArray(list);
  const hasError = (own(list, "error") ?? null) !== null;
  return !hasError && (Array.isArray(own(list, "data")) || Array.isArray(own(list, "models")));
}
