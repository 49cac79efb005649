import { Router } from "../router.ts";
import { createMiddleware } from "hono/factory";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { clipBytes } from "../../domain/text/text.ts";
import { isOperatorCredentialError, refusalCode } from "../../domain/task/submit.ts";
import { askModels, knownModels } from "../../upstream/key-check.ts";
import type { ModelsAnswer } from "../../upstream/models.ts";
import type { AppEnv } from "../app-env.ts";
import { ApiError, upstreamSaid } from "../errors.ts";
import { methodNotAllowed, noQuery, refuseOwnUpstreamCalls, withCaller, withSettings } from "../guards.ts";
import { callerKey } from "../known-key.ts";
import { countCall } from "../rate-limit.ts";

/** How much of the upstream's refusal the answer repeats: as much as of a create's, which comes cut. */
const REFUSAL_MAX_BYTES = 16_384;

/** A question to the upstream counts as a call, and 429 comes before 400. */
const countQuestion = createMiddleware<AppEnv>(async (context, next) => {
  if (knownModels(callerKey(context)) === null) await countCall(context);
  await next();
});

/** `/v1/models`: the upstream's, as is. */
export const models = new Router()
  .get("/", refuseOwnUpstreamCalls, withSettings, withCaller, countQuestion, noQuery, async (context) => {
    const answer = await upstreamModels(context);
    if (answer.status === 204) return context.body(null, answer.status);
    return context.body(answer.body, answer.status as ContentfulStatusCode, {
      "content-type": answer.contentType ?? "application/json",
      // The upstream's answer is data here, never a page.
      "content-security-policy": "sandbox; default-src 'none'",
    });
  })
  .all("/", methodNotAllowed("GET"));

/**
 * The upstream's good answer, at most a minute old. A question to the upstream counts as a call.
 * @throws ApiError the upstream's refusal; 429 for one question too many; 502 if it does not answer, or says no to the
 * operator's key
 */
export async function upstreamModels(context: Context<AppEnv>): Promise<ModelsAnswer> {
  const key = callerKey(context);
  const known = knownModels(key);
  if (known) return known;
  await countCall(context);
  const { check } = key.profile;
  if (check === undefined)
    throw new ApiError("not_found", { message: "The upstream has no list of models." });
  const answer = await askModels(key, check);
  if (answer === null) throw noModels();
  // The caller cannot solve a problem of the operator's key or balance.
  if (isOperatorCredentialError(context.get("caller").mode, answer.status)) throw noModels();
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw refusal(answer);
}

function noModels(upstream?: { status: number; body: unknown }): ApiError {
  return new ApiError("upstream_error", upstream ? { upstream } : {});
}

function refusal(answer: ModelsAnswer): ApiError {
  const { status, retryAfterMs: waitMs } = answer;
  const upstream = upstreamSaid({ status, body: clipBytes(answer.body, REFUSAL_MAX_BYTES) });
  if (status < 400 || status >= 500) return noModels(upstream);
  return new ApiError(refusalCode(status), {
    status,
    upstream,
    ...(waitMs === null ? {} : { headers: { "retry-after": String(Math.ceil(waitMs / 1000)) } }),
  });
}
