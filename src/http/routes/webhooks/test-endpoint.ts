import type { Context } from "hono";
import type { PingResult } from "../../../contract/shapes/delivery.ts";
import type { TestMessage } from "../../../contract/words.ts";
import { neverSent, type Receiver } from "../../../domain/delivery/delivery.ts";
import { judgeEndpoint } from "../../../domain/delivery/endpoint-policy.ts";
import type { Endpoint } from "../../../domain/endpoint/endpoint.ts";
import { sampleBody } from "../../../domain/endpoint/sample.ts";
import { pingBody } from "../../../domain/task/events/payload.ts";
import { formatTaskId } from "../../../domain/task/task-id.ts";
import { openEndpointHeaders } from "../../../keys/endpoint-headers.ts";
import { newMessageId, randomName } from "../../../keys/ids.ts";
import { SealError } from "../../../keys/seal.ts";
import type { AppEnv } from "../../app-env.ts";
import { ApiError } from "../../errors.ts";
import { endpointRules } from "../../guards.ts";
import { pingResult, sendNow } from "./webhooks.ts";

/**
 * Sends a message to the endpoint now, a disabled one, too. It is no attempt of any delivery: whatever the receiver says,
 * the endpoint stays as it is.
 * @throws ApiError 503 if the headers do not open
 */
export async function testEndpoint(
  context: Context<AppEnv>,
  endpoint: Endpoint,
  type: TestMessage,
): Promise<PingResult> {
  const verdict = judgeEndpoint(endpoint.url, endpointRules(context));
  if (!verdict.ok) return pingResult(neverSent("url_rejected"));
  const headers = await openHeaders(context, endpoint);
  const messageId = newMessageId();
  const { format } = endpoint;
  const now = Date.now();
  const body =
    type === "ping"
      ? pingBody(format, messageId, now)
      : sampleBody({ type, format, taskId: madeUpTaskId(), messageId, now });
  return sendNow(context, { url: verdict.url, headers, messageId, body });
}

async function openHeaders(
  context: Context<AppEnv>,
  { id, headers }: Endpoint,
): Promise<Receiver["headers"]> {
  if (headers === null) return [];
  try {
    return await openEndpointHeaders(context.get("settings").roots, id, headers);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new ApiError("misconfigured", {
      message:
        "The endpoint's headers were sealed under another RINGBACK_SECRET: set RINGBACK_SECRET_PREVIOUS, or give the headers again.",
    });
  }
}

/** Of the shape of an id, and of no task. */
function madeUpTaskId(): string {
  return formatTaskId(randomName(), crypto.getRandomValues(new Uint8Array(16)));
}
