import { staticFile } from "./static-file.ts";

/** The OpenAPI document and its reference page: files that were made when Ringback was built. */

/** The renderer's style sheet carries its icons as `data:`; everything else that it runs or shows is from this host. */
const DOCS_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

export const openApi = staticFile({ file: "/openapi.json" });
export const docsPage = staticFile({ file: "/docs.html", csp: DOCS_CSP });
