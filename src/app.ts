import { Router } from "./http/router.ts";
import { consolePages } from "./console/console.tsx";
import { docsPage, openApi } from "./http/routes/docs.ts";
import { onError, onNotFound } from "./http/errors.ts";
import {
  apiHeaders,
  methodNotAllowed,
  noQuery,
  requestId,
  requireHost,
  withCaller,
  withSettings,
} from "./http/guards.ts";
import { knownKey } from "./http/known-key.ts";
import { showStats } from "./http/routes/list.ts";
import { models } from "./http/routes/models.ts";
import { IMMUTABLE, staticFile } from "./http/routes/static-file.ts";
import { videos } from "./http/routes/videos.ts";
import { webhooks } from "./http/routes/webhooks.ts";
import { RINGBACK_VERSION } from "./version.ts";

/** The Worker's routes. */
export const app = new Router();

app.use(requestId, requireHost);
app.use("/v1/*", apiHeaders);
app.route("/v1/videos", videos);
app.route("/v1/webhooks", webhooks);
app.route("/v1/models", models);
app.get("/v1/stats", withSettings, withCaller, knownKey, noQuery, showStats);
app.all("/v1/stats", methodNotAllowed("GET"));
app.get("/healthz", (context) => context.json({ status: "ok", version: RINGBACK_VERSION }));
app.all("/healthz", methodNotAllowed("GET"));
app.get("/readyz", withSettings, (context) => context.json({ status: "ready", version: RINGBACK_VERSION }));
app.all("/readyz", methodNotAllowed("GET"));
app.get("/openapi.json", openApi);
app.all("/openapi.json", methodNotAllowed("GET, HEAD"));
app.get("/docs", docsPage);
app.all("/docs", methodNotAllowed("GET, HEAD"));
app.get("/robots.txt", staticFile());
app.all("/robots.txt", methodNotAllowed("GET, HEAD"));
app.get("/assets/:folder{swagger-ui-[0-9.]+}/*", staticFile({ cacheControl: IMMUTABLE }));
app.get("/assets/*", staticFile());
app.all("/assets/*", methodNotAllowed("GET, HEAD"));
app.route("/", consolePages);
app.notFound(onNotFound);
app.onError(onError);
