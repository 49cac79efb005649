import { parsePollAfterMs, parseRetryAfter } from "../domain/text/retry-after.ts";
import { discardBody } from "../net/discard.ts";
import { readText, type TextResult } from "../net/read-bytes.ts";
import { timeLimit } from "../net/time-limit.ts";

/** No honest status answer is longer; the rest of a longer one is not read. */
const ANSWER_MAX_BYTES = 1_048_576;

interface ExchangeInit extends RequestInit {
  timeoutMs: number;
  /** How much of the answer is read; 1 MiB if left out. */
  maxBytes?: number;
}

export interface WireAnswer {
  response: Response;
  /** Empty for a redirect, whose body is of no use. */
  read: TextResult;
}

/** One exchange; null without a status line. A network error says nothing about what the upstream did. */
export async function exchange(url: string, init: ExchangeInit): Promise<WireAnswer | null> {
  const { timeoutMs, maxBytes = ANSWER_MAX_BYTES, ...request } = init;
  const { signal, clear } = timeLimit(timeoutMs);
  try {
    const response = await fetch(url, { ...request, redirect: "manual", signal });
    if (response.status >= 300 && response.status < 400) {
      discardBody(response);
      return { response, read: { text: "", end: "complete" } };
    }
    return { response, read: await readText(response, maxBytes) };
  } catch {
    // Refused, reset, timed out, garbage: indistinguishable here, and all the same for the task.
    return null;
  } finally {
    clear();
  }
}

/** How long the upstream asks to wait; null: it does not, or not readably. */
export function retryAfterMs({ headers }: Response): number | null {
  const header = headers.get("retry-after");
  return header === null ? null : parseRetryAfter(header, headers.get("date"), Date.now());
}

/** The same for a poll, which some gateways answer with a header of their own. */
export function notBeforeMs(response: Response): number | null {
  const bounds = [
    retryAfterMs(response),
    parsePollAfterMs(response.headers.get("openai-poll-after-ms")),
  ].filter((bound) => bound !== null);
  return bounds.length === 0 ? null : Math.max(...bounds);
}
