import type { Context } from "hono";
import { routePath } from "hono/route";
import type { AppEnv } from "../app-env.ts";
import { ApiError } from "../errors.ts";
import { OPERATOR_CALLS, type OperatorCall } from "./open-calls.ts";

/** The route of a request, without the request's own data. hono answers HEAD by the route of GET. */
export function routeOf(context: Context<AppEnv>): { method: string; path: string } {
  const { method } = context.req;
  const path = routePath(context).replaceAll(/:(\w+)/g, "{$1}");
  return { method: method === "HEAD" ? "GET" : method, path };
}

/** @throws ApiError 403 for a call that is the caller's alone */
export function requireOperatorCall(context: Context<AppEnv>): OperatorCall {
  const { method, path } = routeOf(context);
  const call = OPERATOR_CALLS[`${method} ${path}`];
  if (call === undefined)
    throw new ApiError("forbidden", { message: "An operator may not make this call: it is the caller's." });
  return call;
}

/** @throws ApiError 403 for a field that is the caller's alone */
export function requireOperatorFields(
  context: Context<AppEnv>,
  fields: Readonly<Record<string, unknown>>,
): void {
  const call = context.get("operatorCall");
  if (call === undefined) return;
  const { onlyFields, notFields = [] } = call;
  const forbidden = Object.keys(fields).find((name) =>
    onlyFields ? !onlyFields.includes(name) : notFields.includes(name) && fields[name] !== null,
  );
  if (forbidden === undefined) return;
  const message = `An operator may not give ${forbidden.slice(0, 100)} in this call: it is the caller's.`;
  throw new ApiError("forbidden", { message });
}
