import type { Context } from "hono";
import { readSettings } from "../env.ts";
import type { AppEnv } from "../http/app-env.ts";
import { pageHeaders } from "../http/routes/static-file.ts";

/** Headers that stop foreign pages from reading, framing or driving a page of the console. */

interface PagePolicy {
  /** `ALLOW_PRIVATE_CALLBACKS`: local development, where the upstream's files may come over http. */
  allowHttp: boolean;
  /** Where kept files are, if it is not where the page is. */
  filesOrigin: string | null;
  /** The form of a new task shows the images that its user typed or chose. */
  previews: boolean;
}

/** Nothing inline, nothing from elsewhere but the result; and nothing of ours inside a foreign frame. */
function contentSecurityPolicy({ allowHttp, filesOrigin, previews }: PagePolicy): string {
  const remote = allowHttp ? "https: http:" : "https:";
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    [
      "img-src 'self'",
      ...(previews ? ["data: blob:", remote] : filesOrigin === null ? [] : [filesOrigin]),
    ].join(" "),
    // A page over plain http, as on a machine of one's own, has its files there, too.
    `media-src 'self' ${remote}`,
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function securityHeaders(policy: PagePolicy): Record<string, string> {
  return {
    ...pageHeaders(contentSecurityPolicy(policy)),
    // Under `no-referrer` a browser would send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "cache-control": "no-store",
  };
}

/** Before everything that can fail, so that a page that says no is as safe as one that says yes. */
export function setSecurityHeaders(context: Context<AppEnv>, previews: boolean): void {
  const result = readSettings(context.env);
  const allowHttp = result.ok && result.settings.callback.allowPrivate;
  const filesOrigin = result.ok ? result.settings.keep.publicUrl : null;
  for (const [name, value] of Object.entries(securityHeaders({ allowHttp, filesOrigin, previews })))
    context.header(name, value);
}
