import { pageHeaders } from "../http/static-file.ts";

/** What keeps a page of the console from being read, framed or driven by anybody else's page. */

export interface PagePolicy {
  /** `ALLOW_PRIVATE_CALLBACKS`: local development, where the upstream's files may come over http. */
  allowHttp: boolean;
  /** The form of a new task shows the images that somebody typed or chose. */
  previews: boolean;
}

/** Nothing inline, nothing from elsewhere but the video; and nothing of ours inside a foreign frame. */
export function contentSecurityPolicy({ allowHttp, previews }: PagePolicy): string {
  const remote = allowHttp ? "https: http:" : "https:";
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self'${previews ? ` data: blob: ${remote}` : ""}`,
    `media-src ${remote}`,
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

export function securityHeaders(policy: PagePolicy): Record<string, string> {
  return {
    ...pageHeaders(contentSecurityPolicy(policy)),
    // Under `no-referrer` a browser would send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "cache-control": "no-store",
  };
}
