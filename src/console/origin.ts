/** Where a request to the console comes from, and where it may go on to. */

/**
 * Whether a request that changes something comes from a page of the console. `SameSite=Strict` keeps the cookie from
 * other sites; this also keeps out other origins of the same site. A browser sends one of the two headers with every
 * form; a client that sends neither is no browser.
 */
export function isOwnRequest(headers: Pick<Headers, "get">, ownHost: string): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = headers.get("origin");
  // By host alone: where a proxy ends TLS, the Worker sees http and the browser says https.
  return origin !== null && URL.canParse(origin) && new URL(origin).host === ownHost;
}

/** A form that no page of this console has sent. */
export class CrossSiteError extends Error {
  override name = "CrossSiteError";
}

/** A path on this deployment to go to after signing in; anything else is the first page. */
export function localPath(wish: string | undefined): string {
  // One slash and no backslash: `//host` and `/\host` lead elsewhere.
  return wish !== undefined && /^\/(?![/\\])[\x21-\x7e]{0,500}$/.test(wish) && !wish.includes("\\")
    ? wish
    : "/";
}
