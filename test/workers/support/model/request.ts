import { HEADER_VALUE } from "../../../support/model/endpoints.ts";
import type { CreateRequest, LifePlan } from "../../../support/model/world.ts";
import { RECEIVER } from "../world.ts";

export const PROMPT = "a cat of the caller";

/** A create of this life, as its caller makes it. */
export function createRequest(
  life: LifePlan,
  { other, respondAsync }: CreateRequest,
  key: string,
): RequestInit {
  const { keyed, events, repeats, timeoutMs, keep } = life;
  return {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      ...(keyed ? { "idempotency-key": "once" } : {}),
      ...(respondAsync ? { prefer: "respond-async" } : {}),
    },
    body: JSON.stringify({
      model: "m",
      prompt: `${PROMPT} ${other}`,
      timeout_seconds: timeoutMs / 1000,
      retry_ambiguous_submit: repeats,
      ...(keep ? { keep_result: true } : {}),
      ...(events
        ? {
            callback_url: RECEIVER,
            callback_events: events,
            callback_headers: { "x-make-apikey": HEADER_VALUE },
          }
        : {}),
    }),
  };
}
