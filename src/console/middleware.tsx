import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../http/app-env.ts";
import { identify, type Caller } from "../http/caller.ts";
import { ApiError } from "../http/errors.ts";
import { ownHost } from "../http/guards.ts";
import { requireKnownKey } from "../http/known-key.ts";
import { BouncePage } from "./pages/sign-in-page.tsx";
import { CrossSiteError, isOwnRequest } from "./origin.ts";
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
  const caller = session && (await identify(`Bearer ${session.bearer}`, context.get("settings")));
  if (!caller || !(await isStillKnown(context, caller))) return toSignIn(context);
  context.set("caller", caller);
  return next();
});

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
