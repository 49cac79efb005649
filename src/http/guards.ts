import { createMiddleware } from "hono/factory";
import type { Context, Handler } from "hono";
import { issue, problem, problemText } from "../contract/problems.ts";
import { AIO } from "../contract/words.ts";
import { base32 } from "../domain/text/base32.ts";
import { isOwnHost, type EndpointRules } from "../domain/delivery/endpoint-policy.ts";
import { readSettings, upstreamNamed, type Settings } from "../env.ts";
import { baseUrlProblem, type SettingProblem } from "../env/upstreams.ts";
import { HOP_HEADER } from "../upstream/hop.ts";
import type { AppEnv } from "./app-env.ts";
import type { CreateRules } from "./create/asked-create.ts";
import { identify, identifyOperator } from "./caller.ts";
import { ApiError, invalidRequest } from "./errors.ts";
import { ACCOUNT_HEADER } from "./operator/open-calls.ts";
import { logged, serveOperator } from "./operator/serve.ts";
import { queryIssues } from "./query.ts";

/** The checks before a handler, in the contract's order: 404, 405, 508, 503, 401, 403, 429, and the 400 of a query. */

/** Every answer carries Ringback's own request id. */
export const requestId = createMiddleware<AppEnv>(async (context, next) => {
  const id = `req_${base32(crypto.getRandomValues(new Uint8Array(15)))}`;
  context.set("requestId", id);
  context.set("arrivedAt", Date.now());
  await next();
  // `context.header` would copy the whole answer for each header that is added to it.
  context.res.headers.set("x-request-id", id);
});

/** A server may hand on a `Host` that makes no URL. */
export const requireHost = createMiddleware<AppEnv>(async (context, next) => {
  const url = URL.parse(context.req.url);
  if (url === null) throw invalidRequest([issue("host", "not_host")]);
  context.set("ownHost", url.host);
  await next();
});

/**
 * For the calls of `aio`, whose place another upstream may have. 404 comes before all other checks; settings that do not
 * parse are the next one's affair.
 */
export const requireAio = createMiddleware<AppEnv>(async (context, next) => {
  const result = readSettings(context.env);
  if (result.ok && upstreamNamed(result.settings, AIO) === null) throw noAio(result.settings);
  await next();
});

function noAio({ upstreams: [{ name }] }: Settings): ApiError {
  return new ApiError("not_found", {
    message: `This deployment's only upstream is ${name}: its creates are below /v1/upstreams/${name}.`,
  });
}

/** Put behind the methods that a path has. */
export function methodNotAllowed(allow: string): Handler<AppEnv> {
  return () => {
    throw wrongMethod(allow);
  };
}

export function wrongMethod(allow: string): ApiError {
  return new ApiError("method_not_allowed", { message: `This path takes ${allow}.`, headers: { allow } });
}

/** A Ringback callback that reaches a call which changes or sends something would go on for ever. */
export const refuseOwnCallbacks = createMiddleware<AppEnv>(async (context, next) => {
  if (context.req.header("ringback-attempt") !== undefined) {
    throw new ApiError("loop_detected");
  }
  await next();
});

/** A Ringback's call upstream that reaches a call which leads upstream: one task would become hundreds. */
export const refuseOwnUpstreamCalls = createMiddleware<AppEnv>(async (context, next) => {
  if (context.req.header(HOP_HEADER) !== undefined) {
    throw new ApiError("loop_detected");
  }
  await next();
});

/** Answers of the API are for this caller, now, and never a page. */
export const apiHeaders = createMiddleware<AppEnv>(async (context, next) => {
  await next();
  const { headers } = context.res;
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  headers.set("x-content-type-options", "nosniff");
});

/** Ringback never guesses under /v1: it names a setting that is missing or does not parse. */
export const withSettings = createMiddleware<AppEnv>(async (context, next) => {
  const result = readSettings(context.env);
  if (!result.ok) throw misconfigured(result.problems);
  const { upstreams, callback, alerts } = result.settings;
  const rules = { allowPrivate: callback.allowPrivate, ownHosts: [ownHost(context)] };
  const found = upstreams
    .map((upstream) => baseUrlProblem(upstream, rules))
    .filter((wrong) => wrong !== null);
  if (found.length > 0) throw misconfigured(found);
  if (alerts && isOwnHost(new URL(alerts.url), rules)) {
    throw misconfigured([{ setting: "ALERT_URL", ...problem("url_own_host") }]);
  }
  context.set("settings", result.settings);
  await next();
});

export function misconfigured(problems: readonly SettingProblem[]): ApiError {
  const message = problems.map(({ setting, ...found }) => `${setting} ${problemText(found)}`).join("; ");
  return new ApiError("misconfigured", {
    message: `This deployment's settings are incomplete: ${message}.`,
  });
}

/** The account by its own token, or by an operator's and `Ringback-Account`. */
export const withCaller = createMiddleware<AppEnv>(async (context, next) => {
  const operator = await identifyOperator(context.req.header("authorization"), context.get("settings"));
  if (operator !== null) return serveOperator(context, operator, next);
  const caller = await identify(context.req.header("authorization"), context.get("settings"));
  if (caller === null) throw unauthorized();
  if (context.req.header(ACCOUNT_HEADER) !== undefined) throw new ApiError("forbidden", ONLY_OPERATORS);
  context.set("caller", caller);
  await next();
});

const ONLY_OPERATORS = { message: `${ACCOUNT_HEADER} needs an operator's token.` };

/** For a route that is about the deployment, not about an account. */
export const withOperator = createMiddleware<AppEnv>(async (context, next) => {
  const operator = await identifyOperator(context.req.header("authorization"), context.get("settings"));
  if (operator !== null) return logged(context, operator, next);
  const caller = await identify(context.req.header("authorization"), context.get("settings"));
  throw caller === null ? unauthorized() : new ApiError("forbidden");
});

export function unauthorized(message?: string): ApiError {
  const headers = { "www-authenticate": "Bearer" };
  return new ApiError("unauthorized", { headers, ...(message === undefined ? {} : { message }) });
}

/** @throws ApiError 400 for a query parameter that the call does not have */
export function requireQuery(context: Context<AppEnv>, known: readonly string[] = []): void {
  const issues = queryIssues(context.req.url, known);
  if (issues.length > 0) throw invalidRequest(issues);
}

/** The same for a whole route, right before its handler: 400 comes last. */
export const noQuery = createMiddleware<AppEnv>(async (context, next) => {
  requireQuery(context);
  await next();
});

/** The rules for a callback URL of this request. */
export function endpointRules(context: Context<AppEnv>): EndpointRules {
  const { callback, ownHosts } = context.get("settings");
  return { allowPrivate: callback.allowPrivate, ownHosts: [ownHost(context), ...ownHosts] };
}

/** The rules for a create in this request. */
export function createRules(context: Context<AppEnv>): CreateRules {
  const { strict, keep } = context.get("settings");
  return { strict, rules: endpointRules(context), keeps: keep.mode !== "off" };
}

/** Host and port of this request's URL: a callback must not point at them. */
export function ownHost(context: Context<AppEnv>): string {
  return context.get("ownHost");
}
