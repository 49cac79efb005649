import type { Context } from "hono";
import { AIO, type AccountMode } from "../contract/words.ts";
import type { Settings } from "../env.ts";
import type { AppEnv } from "../http/app-env.ts";
import type { Caller } from "../http/caller.ts";
import { accountName } from "../keys/ids.ts";
import { chooseLanguage, TEXTS, type Language } from "./language.ts";
import { openSession, sealSession, SESSION_MS, type Session } from "./session.ts";
import type { Text } from "./text/en.ts";

/** What every page is a function of: the reader, the language and the instant. */
export interface PageContext {
  language: Language;
  text: Text;
  /** Path and query, to come back to. */
  path: string;
  /** `https://host`, as a program would call it. */
  origin: string;
  /** Null: signed out. */
  viewer: string | null;
  /** An operator's token is signed in: pages are without what is the caller's alone. */
  isOperator: boolean;
  /** The account that an operator looks into; null: none is chosen, or no operator is signed in. */
  account: string | null;
  /** Whose key goes to the provider. Null: signed out. */
  mode: AccountMode | null;
  /** Those that tasks can be made by; empty: `aio` alone, of which no page need speak. */
  upstreams: readonly ShownUpstream[];
  now: number;
  requestId: string;
}

/** What pages say of an upstream. */
export interface ShownUpstream {
  name: string;
  /** How long after its end a result can be fetched; null: not known. */
  lifetimeHours: number | null;
}

const LANGUAGE_COOKIE = "ringback-language";
const LANGUAGE_SECONDS = 31_536_000;

export function pageContext(
  context: Context<AppEnv>,
  chosen = cookie(context, LANGUAGE_COOKIE),
): PageContext {
  const { pathname, search, host } = new URL(context.req.url);
  const language = chooseLanguage(chosen, context.req.header("accept-language"));
  // Pages outside of `signedIn` have no caller, whatever the type says.
  const caller = context.get("caller") as Caller | undefined;
  const operator = context.get("operator");
  const settings = context.get("settings") as Settings | undefined;
  return {
    language,
    text: TEXTS[language],
    path: pathname + search,
    origin: `${isHttps(context) ? "https" : "http"}://${host}`,
    viewer: operator ?? (caller === undefined ? null : viewerOf(caller)),
    isOperator: operator !== undefined,
    account: operator === undefined || caller === undefined ? null : accountName(caller.account),
    mode: caller?.mode ?? null,
    upstreams: shownUpstreams(settings?.upstreams ?? []),
    now: Date.now(),
    requestId: context.get("requestId"),
  };
}

function shownUpstreams(upstreams: readonly Settings["upstreams"][number][]): ShownUpstream[] {
  if (upstreams.every(({ name }) => name === AIO)) return [];
  return upstreams.map(({ name, profile }) => ({ name, lifetimeHours: profile.lifetime_hours ?? null }));
}

/** The account's name, or the end of an upstream key, to distinguish two of them. */
function viewerOf(caller: Caller): string {
  return caller.mode === "operator" ? accountName(caller.account) : `…${caller.apiKey.slice(-4)}`;
}

export function rememberLanguage(context: Context<AppEnv>, language: Language): void {
  setCookie(context, LANGUAGE_COOKIE, language, LANGUAGE_SECONDS);
}

function cookie(context: Context<AppEnv>, name: string): string | undefined {
  const pairs = (context.req.header("cookie") ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** A cookie that comes along from this site only and that no script can read. `value` is letters, digits, `-` and `_`. */
function setCookie(context: Context<AppEnv>, name: string, value: string, seconds: number): void {
  const secure = isHttps(context) ? "; Secure" : "";
  const text = `${name}=${value}; Max-Age=${seconds}; Path=/; HttpOnly${secure}; SameSite=Strict`;
  context.header("set-cookie", text, { append: true });
}

/** `__Host-`: no other host of the domain can set it. Without TLS a browser refuses such a name. */
function sessionCookie(context: Context<AppEnv>): string {
  return isHttps(context) ? "__Host-ringback-session" : "ringback-session";
}

export async function readSession(context: Context<AppEnv>): Promise<Session | null> {
  const sealed = cookie(context, sessionCookie(context));
  return sealed === undefined ? null : openSession(context.get("settings").roots, sealed, Date.now());
}

export async function startSession(context: Context<AppEnv>, bearer: string): Promise<void> {
  await writeSession(context, { bearer, expiresAt: Date.now() + SESSION_MS, account: null });
}

/** It ends when it would have ended. */
export async function writeSession(context: Context<AppEnv>, session: Session): Promise<void> {
  const sealed = await sealSession(context.get("settings").roots[0], session);
  const seconds = Math.ceil((session.expiresAt - Date.now()) / 1000);
  setCookie(context, sessionCookie(context), sealed, seconds);
}

export function endSession(context: Context<AppEnv>): void {
  setCookie(context, sessionCookie(context), "", 0);
}

/** Where a proxy ends TLS the Worker sees http; a header that only says so makes a cookie stricter, never laxer. */
function isHttps(context: Context<AppEnv>): boolean {
  const forwarded = context.req.header("x-forwarded-proto")?.split(",")[0]?.trim().toLowerCase();
  return new URL(context.req.url).protocol === "https:" || forwarded === "https";
}
