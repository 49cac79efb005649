import type { Context } from "hono";
import type { AccountMode } from "../../contract/words.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { identify, identifyOperator } from "../../http/caller.ts";
import { ApiError } from "../../http/errors.ts";
import { requireKnownKey } from "../../http/known-key.ts";
import { clientOf } from "../../http/rate-limit.ts";
import { readForm } from "../forms/form.ts";
import { localPath } from "../origin.ts";
import { BEARER_MAX_LENGTH } from "../session.ts";
import { SignInPage } from "../pages/sign-in-page.tsx";
import type { Text } from "../text/en.ts";
import { endSession, readSession, startSession, pageContext } from "../page-context.ts";

type Refusal = "refused" | "unproved" | "tooLong" | "silent" | "tooMany";
const STATUS = {
  refused: 401,
  unproved: 401,
  tooLong: 400,
  silent: 502,
  tooMany: 429,
} as const satisfies Record<Refusal & keyof Text["signIn"], number>;

/** `GET /sign-in` */
export async function showSignIn(context: Context<AppEnv>): Promise<Response> {
  const to = localPath(context.req.query("to"));
  if ((await readSession(context)) !== null) return context.redirect(to, 303);
  return context.html(<SignInPage page={pageContext(context)} mode={modeOf(context)} to={to} />);
}

/** `POST /sign-in`: the bearer of the API into a sealed cookie. */
export async function signIn(context: Context<AppEnv>): Promise<Response> {
  const form = await readForm(context);
  const to = localPath(form("to"));
  // Copied from a header or a command, it may bring its scheme along.
  const bearer = form("key")
    .trim()
    .replace(/^(authorization:\s*)?bearer\s+/i, "");
  const refusal = await judge(context, bearer);
  if (refusal === null) {
    await startSession(context, bearer);
    return context.redirect(to, 303);
  }
  const page = pageContext(context);
  const problem = page.text.signIn[refusal];
  if (refusal === "tooMany") context.header("retry-after", "60");
  return context.html(
    <SignInPage page={page} mode={modeOf(context)} to={to} problem={problem} />,
    STATUS[refusal],
  );
}

/** `POST /sign-out` */
export function signOut(context: Context<AppEnv>): Response {
  endSession(context);
  return context.redirect("/sign-in", 303);
}

async function judge(context: Context<AppEnv>, bearer: string): Promise<Refusal | null> {
  const address = clientOf(context) ?? "unknown";
  if (!(await context.env.CREATE_LIMIT.limit({ key: `sign-in ${address}` })).success) return "tooMany";
  if (bearer.length > BEARER_MAX_LENGTH) return "tooLong";
  if ((await identifyOperator(`Bearer ${bearer}`, context.get("settings"))) !== null) return null;
  const caller = await identify(`Bearer ${bearer}`, context.get("settings"));
  if (caller === null) return "refused";
  try {
    await requireKnownKey(context, caller);
    return null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "rate_limited") return "tooMany";
    if (error.code !== "unauthorized") return "silent";
    // The key may be right all the same: only a create with it tells.
    const [{ profile }] = context.get("settings").upstreams;
    return profile.check === undefined ? "unproved" : "refused";
  }
}

function modeOf(context: Context<AppEnv>): AccountMode {
  return context.get("settings").mode;
}
