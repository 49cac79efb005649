import { keySecrets } from "../domain/redact.ts";
import { readText } from "../wire/read-bytes.ts";
import { discardBody } from "../wire/discard.ts";
import { parseAnswer } from "./answer-json.ts";
import type { UpstreamAccess } from "./provider.ts";

/** A list of models is short; a longer answer is none. */
const MODELS_MAX_BYTES = 4_194_304;

export interface ModelsAnswer {
  status: number;
  contentType: string | null;
  body: string;
  retryAfter: string | null;
}

/** The upstream's `/models` as it answers, with the key masked; null if no whole answer came, or a redirect. */
export async function fetchModels(access: UpstreamAccess): Promise<ModelsAnswer | null> {
  try {
    const response = await fetch(`${access.baseUrl}/models`, {
      headers: { authorization: `Bearer ${access.apiKey}`, accept: "application/json" },
      redirect: "manual",
      signal: AbortSignal.timeout(access.timeoutMs),
    });
    const { status, headers } = response;
    if (status >= 300 && status < 400) {
      discardBody(response);
      return null;
    }
    const read = await readText(response, MODELS_MAX_BYTES);
    if (read.end !== "complete") return null;
    const secrets = keySecrets(access.apiKey);
    const body = parseAnswer(read.text, secrets).text;
    // A header that repeats the key is none.
    const header = (name: string): string | null => {
      const value = headers.get(name);
      return secrets.some((secret) => value?.includes(secret)) ? null : value;
    };
    return { status, contentType: header("content-type"), body, retryAfter: header("retry-after") };
  } catch {
    // Refused, reset or timed out: no answer.
    return null;
  }
}
