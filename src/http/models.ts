import { Hono } from "hono";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { fetchModels, type ModelsAnswer } from "../upstream/models.ts";
import type { AppEnv } from "./app-env.ts";
import { upstreamKey } from "./caller.ts";
import { ApiError } from "./errors.ts";
import { methodNotAllowed, noQuery, withCaller, withSettings } from "./guards.ts";

/** `/v1/models`: the upstream's, as is. */
export const models = new Hono<AppEnv>()
  .get("/", withSettings, withCaller, noQuery, async (context) => {
    const answer = await upstreamModels(context);
    if (answer.retryAfter !== null) context.header("retry-after", answer.retryAfter);
    if (answer.status === 204 || answer.status === 304) return context.body(null, answer.status);
    return context.body(answer.body, answer.status as ContentfulStatusCode, {
      "content-type": answer.contentType ?? "application/json",
      // Whatever the upstream sends is data here, never a page.
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox; default-src 'none'",
    });
  })
  .all("/", methodNotAllowed("GET"));

/** @throws ApiError 502 if the upstream does not answer, or says no to the operator's key */
export async function upstreamModels(context: Context<AppEnv>): Promise<ModelsAnswer> {
  const { baseUrl, upstreamTimeoutMs: timeoutMs } = context.get("settings");
  const caller = context.get("caller");
  const answer = await fetchModels({ baseUrl, apiKey: upstreamKey(caller), timeoutMs });
  // The operator's key or balance is not the caller's affair.
  const operatorRefused = caller.mode === "operator" && [401, 402, 403].includes(answer?.status ?? 0);
  if (answer === null || answer.status < 200 || operatorRefused) {
    throw new ApiError("upstream_error", "The upstream did not answer with its models.");
  }
  return answer;
}
