import type { Context } from "hono";
import type { AppEnv } from "./http/app-env.ts";
import { Router } from "./http/router.ts";
import { openApi } from "./http/routes/docs.ts";
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
import { operator } from "./http/operator/accounts.ts";
import { showAccount, showStats } from "./http/routes/account.ts";
import { endpoints } from "./http/routes/webhooks/endpoints.ts";
import { files } from "./http/routes/files.ts";
import { models } from "./http/routes/models.ts";
import { recoveries } from "./http/routes/webhooks/recoveries.ts";
import { staticFile } from "./http/routes/static-file.ts";
import { upstreams } from "./http/routes/upstreams.ts";
import { videos } from "./http/routes/videos.ts";
import { webhooks } from "./http/routes/webhooks/webhooks.ts";
import { RINGBACK_VERSION } from "./version.ts";

/** The console's paths. */
const PAGES = [
  "/",
  "/tasks/*",
  "/recoveries/*",
  "/endpoints/*",
  "/new/*",
  "/webhooks/*",
  "/start/*",
  "/statistics",
  "/accounts",
  "/sign-in",
  "/sign-out",
  "/language",
];

/** The Worker's routes. */
export const app = new Router();

let pages: Router | null = null;

// Before all else, so that a page's request is prepared once, by the Worker's other half.
app.on("ALL", PAGES, async (context) => {
  const { consolePages } = await loadConsole();
  pages ??= complete(new Router()).route("/", consolePages);
  return pages.fetch(context.req.raw, context.env, context.executionCtx);
});
complete(app);
app.use("/v1/*", apiHeaders);
app.route("/v1/videos", videos);
app.route("/v1/webhooks", webhooks);
app.route("/v1/webhooks/endpoints", endpoints);
app.route("/v1/webhooks/recoveries", recoveries);
app.route("/v1/files", files);
app.route("/v1/models", models);
app.route("/v1/upstreams", upstreams);
app.route("/v1/operator", operator);
app.get("/v1/me", withSettings, withCaller, knownKey, noQuery, showAccount);
app.all("/v1/me", methodNotAllowed("GET"));
app.get("/v1/stats", withSettings, withCaller, knownKey, noQuery, showStats);
app.all("/v1/stats", methodNotAllowed("GET"));
app.get("/healthz", (context) => context.json({ status: "ok", version: RINGBACK_VERSION }));
app.all("/healthz", methodNotAllowed("GET"));
app.get("/readyz", withSettings, (context) => context.json({ status: "ready", version: RINGBACK_VERSION }));
app.all("/readyz", methodNotAllowed("GET"));
app.get("/openapi.json", openApi);
app.all("/openapi.json", methodNotAllowed("GET, HEAD"));
app.get("/docs", async (context) => (await loadConsole()).showReference(context));
app.all("/docs", methodNotAllowed("GET, HEAD"));
app.get("/docs/recipes/:name", async (context) => (await loadConsole()).showRecipe(context));
app.get("/docs/recipes/:name/:file", staticFile());
app.get("/robots.txt", staticFile());
app.all("/robots.txt", methodNotAllowed("GET, HEAD"));
app.get("/assets/*", staticFile());
app.all("/assets/*", methodNotAllowed("GET, HEAD"));

/** A module of its own, because an isolate that serves only the API need not compile it. */
async function loadConsole() {
  return import("./console/console.tsx");
}

/** JSON to programs, and below `/v1` always; a page to a browser. */
async function noSuchPath(context: Context<AppEnv>): Promise<Response> {
  const isOfPrograms = /^\/(?:v1|assets)(?:\/|$)/.test(context.req.path);
  const asksForPage =
    /^(?:GET|HEAD)$/.test(context.req.raw.method) && /text\/html/.test(context.req.header("accept") ?? "");
  if (isOfPrograms || !asksForPage) return onNotFound(context);
  const { showNoSuchPage } = await loadConsole();
  return showNoSuchPage(context);
}

/** What every answer has: its request's id, and the contract's errors. */
function complete(router: Router): Router {
  router.use(requestId, requireHost);
  router.notFound(noSuchPath);
  router.onError(onError);
  return router;
}
