import { createMiddleware } from "hono/factory";
import { AIO } from "../../contract/words.ts";
import type { Upstream, UpstreamList } from "../../contract/shapes/upstream.ts";
import { readSettings, type Settings } from "../../env.ts";
import type { UpstreamSettings } from "../../env/upstreams.ts";
import type { AppEnv } from "../app-env.ts";
import { parseBody } from "../body/form-body.ts";
import { gatherPlain } from "../body/form-fields.ts";
import { answerCreate, createAsked } from "../create/create-task.ts";
import { findCreatePath } from "../create/create-path.ts";
import { askedAt, partBody } from "../create/upstream-request.ts";
import { ApiError } from "../errors.ts";
import {
  methodNotAllowed,
  noQuery,
  refuseOwnCallbacks,
  refuseOwnUpstreamCalls,
  withCaller,
  withSettings,
} from "../guards.ts";
import { knownKey } from "../known-key.ts";
import { rateLimited } from "../rate-limit.ts";
import { Router } from "../router.ts";

/** `/v1/upstreams`: the creates of other upstreams, each at its own path and in its own words. */

const BASE = "/v1/upstreams";

/** 404 comes before all other checks; with settings that do not parse no path is known. */
const onlyCreates = createMiddleware<AppEnv>(async (context, next) => {
  const result = readSettings(context.env);
  if (result.ok && findCreatePath(context.req.raw.url, result.settings) === null) throw noSuchCreate();
  await next();
});

function noSuchCreate(): ApiError {
  return new ApiError("not_found", {
    message:
      "Below the name of an upstream there are only the creates that GET /v1/upstreams lists. " +
      "GET /v1/videos/{id} reads a task.",
  });
}

export const upstreams = new Router()
  .get("/", withSettings, withCaller, knownKey, noQuery, (context) =>
    context.json(listUpstreams(context.get("settings"))),
  )
  .all("/", methodNotAllowed("GET"))
  .post(
    "/:name/*",
    onlyCreates,
    refuseOwnCallbacks,
    refuseOwnUpstreamCalls,
    withSettings,
    withCaller,
    rateLimited,
    async (context) => {
      const target = findCreatePath(context.req.raw.url, context.get("settings"));
      if (target === null) throw noSuchCreate();
      return answerCreate(context, async ({ bytes, type }, preferences) => {
        const parts = partBody(parseBody(bytes, type, gatherPlain), context.req.raw.headers);
        return createAsked(context, askedAt(target, parts), preferences);
      });
    },
  )
  .all("/*", () => {
    throw noSuchCreate();
  });

function listUpstreams({ upstreams: all }: Settings): UpstreamList {
  return { object: "list", data: all.map(viewUpstream) };
}

function viewUpstream({ name, profileName, profile }: UpstreamSettings): Upstream {
  return {
    object: "upstream",
    name,
    profile: profileName,
    base_path: name === AIO ? "/v1" : `${BASE}/${name}`,
    create_paths: profile.create.paths,
    lifetime_hours: profile.lifetime_hours ?? null,
  };
}
