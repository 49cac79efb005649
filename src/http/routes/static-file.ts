import type { Context, Handler } from "hono";
import type { AppEnv } from "../app-env.ts";
import { onNotFound } from "../errors.ts";

/** Nothing from anywhere but this host, and nothing that is written into the page itself. */
const STRICT_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** The browser asks each time and gets 304 while the file is the same, so it sees a deployment at once. */
const REVALIDATE = "public, max-age=0, must-revalidate";

interface StaticFileOptions {
  /** The file in `dist/public`, from its root; absent: the path that was asked for. */
  file?: string;
  csp?: string;
  cacheControl?: string;
}

/** Headers of every page and of what it is made of. */
export function pageHeaders(csp = STRICT_CSP): Record<string, string> {
  return {
    "content-security-policy": csp,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  };
}

/** A file of `dist/public`, for GET and HEAD. Needs neither a caller nor settings. */
export function staticFile({
  file,
  csp = STRICT_CSP,
  cacheControl = REVALIDATE,
}: StaticFileOptions = {}): Handler<AppEnv> {
  return async (context) => {
    const found = await fetchFile(context, file ?? context.req.path);
    if (found.status !== 200 && found.status !== 304) {
      await found.body?.cancel();
      return onNotFound(context);
    }
    const headers = new Headers({ ...pageHeaders(csp), "cache-control": cacheControl });
    for (const name of ["content-type", "etag"]) {
      const value = found.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    return new Response(found.body, { status: found.status, headers });
  };
}

/** Only the name, and never the caller's key: the asset service needs no other header. */
async function fetchFile(context: Context<AppEnv>, file: string): Promise<Response> {
  const etag = context.req.header("if-none-match");
  return context.env.ASSETS.fetch(new URL(file, context.req.url), {
    method: context.req.raw.method,
    ...(etag === undefined ? {} : { headers: { "if-none-match": etag } }),
  });
}
