import type { Context, Next } from "hono";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../http/app-env.ts";
import { callerNamed, identify, identifyOperator, type Caller } from "../http/caller.ts";
import { ApiError } from "../http/errors.ts";
import { ownHost } from "../http/guards.ts";
import { requireKnownKey } from "../http/known-key.ts";
import { routeOf } from "../http/operator/calls.ts";
import { logged } from "../http/operator/serve.ts";
import { BouncePage } from "./pages/sign-in-page.tsx";
import { CrossSiteError, isOwnRequest } from "./origin.ts";
import type { Session } from "./session.ts";
import { setSecurityHeaders } from "./security.ts";
import { endSession, readSession, pageContext } from "./page-context.ts";

/** Runs before every page: sets the answer's headers, checks where a form comes from, finds the signed-in caller. */

export const page = pageMiddleware(false);
/** For the form that shows images. */
export const pageWithPreviews = pageMiddleware(true);

function pageMiddleware(previews: boolean) {
  return createMiddleware<AppEnv>(async (context, next) => {
    setSecurityHeaders(context, previews);
    if (context.req.method === "POST" && !isOwnRequest(context.req.raw.headers, ownHost(context))) {
      throw new CrossSiteError("this form was not sent by a page of this console");
    }
    return next();
  });
}

/** The same caller as the API's, by the session's bearer and by nothing else. */
export const signedIn = createMiddleware<AppEnv>(async (context, next) => {
  const session = await readSession(context);
  const operator = await operatorOf(context, session);
  if (session && operator !== null) return lookInto(context, { session, operator }, next);
  const caller = session && (await identify(`Bearer ${session.bearer}`, context.get("settings")));
  if (!caller || !(await isStillKnown(context, caller))) return toSignIn(context);
  context.set("caller", caller);
  return next();
});

/** For pages that are about the accounts of the deployment. */
export const operatorSignedIn = createMiddleware<AppEnv>(async (context, next) => {
  const session = await readSession(context);
  const operator = await operatorOf(context, session);
  if (!session) return toSignIn(context);
  if (operator === null) throw new ApiError("forbidden");
  context.set("operator", operator);
  return logged(context, operator, next);
});

async function operatorOf(context: Context<AppEnv>, session: Session | null): Promise<string | null> {
  return session && identifyOperator(`Bearer ${session.bearer}`, context.get("settings"));
}

/** Pages of an account that an operator may open, and forms that it may send; all others are the caller's alone. */
const OPERATOR_PAGES = new Set([
  "GET /",
  "GET /tasks/{id}",
  "POST /tasks/{id}/redeliver",
  "POST /tasks/{id}/delete",
  "GET /tasks/{id}/sent/{message}",
  "GET /endpoints",
  "GET /endpoints/{id}",
  "POST /endpoints/{id}/enable",
  "POST /endpoints/{id}/disable",
  "GET /recoveries",
  "POST /recoveries",
  "GET /recoveries/new",
  "GET /recoveries/{id}",
  "GET /statistics",
]);

interface OperatorSession {
  session: Session;
  operator: string;
}

/** The account that the operator has chosen, while it is one of this deployment. */
async function lookInto(
  context: Context<AppEnv>,
  { session, operator }: OperatorSession,
  next: Next,
): Promise<Response | void> {
  const caller = callerNamed(session.account ?? "", context.get("settings"));
  context.set("operator", operator);
  if (caller === null) return context.redirect("/accounts", 303);
  context.set("caller", caller);
  await logged(context, operator, async () => {
    const { method, path } = routeOf(context);
    if (!OPERATOR_PAGES.has(`${method} ${path}`)) throw new ApiError("forbidden");
    await next();
  });
}

/** The upstream knew the key at the sign-in. If it does not answer, the session goes on: that is when people look. */
async function isStillKnown(context: Context<AppEnv>, caller: Caller): Promise<boolean> {
  try {
    await requireKnownKey(context, caller);
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.code !== "unauthorized";
  }
}

function toSignIn(context: Context<AppEnv>): Response | Promise<Response> {
  const wanted = pageContext(context);
  const read = context.req.method === "GET";
  // A strict cookie does not come along from a link on another site: the same address, requested by a page of this host, has it.
  if (read && context.req.header("sec-fetch-site") === "cross-site") {
    return context.html(<BouncePage page={wanted} />);
  }
  endSession(context);
  const to = read && wanted.path !== "/" ? `?to=${encodeURIComponent(wanted.path)}` : "";
  return context.redirect(`/sign-in${to}`, 303);
}
