import type { Context } from "hono";
import { issue, type Issue } from "../../../contract/problems.ts";
import type { EndpointJson, EndpointList } from "../../../contract/shapes/endpoint.ts";
import type { EndpointStatus } from "../../../contract/words.ts";
import {
  deleteEndpoint,
  listEndpoints,
  patchEndpoint,
  readEndpoint,
  registerEndpoint,
} from "../../../account-object/endpoints/client.ts";
import type { EndpointRequest } from "../../../domain/endpoint/change.ts";
import type { AccountEndpoint } from "../../../domain/endpoint/endpoint.ts";
import { isoTime } from "../../../domain/text/time.ts";
import type { AppEnv } from "../../app-env.ts";
import type { RequestObject } from "../../body/json-body.ts";
import { readSmallBody, readSmallObject } from "../../body/small-body.ts";
import { ApiError, invalidRequest } from "../../errors.ts";
import { methodNotAllowed, noQuery, refuseOwnCallbacks, withCaller, withSettings } from "../../guards.ts";
import { knownKey } from "../../known-key.ts";
import { rateLimited } from "../../rate-limit.ts";
import { Router } from "../../router.ts";
import { PATCH_SCHEMA, REGISTER_SCHEMA, TEST_SCHEMA } from "./endpoint-schema.ts";
import { judgedFields } from "./receiver.ts";
import { testEndpoint } from "./test-endpoint.ts";

/** `/v1/webhooks/endpoints`: receivers of every task's events. */
export const endpoints = new Router()
  .post("/", refuseOwnCallbacks, withSettings, withCaller, rateLimited, knownKey, async (context) => {
    const { fields, issues } = await readSmallObject(context);
    const { state, isNew } = await register(context, fields, issues);
    return context.json(viewEndpoint(state), isNew ? 201 : 200);
  })
  .get("/", withSettings, withCaller, knownKey, noQuery, async (context) => {
    const all = await listEndpoints(context.env.ACCOUNTS, context.get("caller").account);
    return context.json({ object: "list", data: all.map(viewEndpoint) } satisfies EndpointList);
  })
  .all("/", methodNotAllowed("GET, POST"))
  .get("/:id", withSettings, withCaller, knownKey, noQuery, async (context) =>
    context.json(viewEndpoint(await requireEndpoint(context, context.req.param("id")))),
  )
  .patch("/:id", refuseOwnCallbacks, withSettings, withCaller, knownKey, async (context) => {
    const { fields, issues } = await readSmallObject(context);
    return context.json(viewEndpoint(await patch(context, context.req.param("id"), fields, issues)));
  })
  .delete("/:id", refuseOwnCallbacks, withSettings, withCaller, knownKey, noQuery, async (context) => {
    const { account } = context.get("caller");
    const wasThere = await deleteEndpoint(context.env.ACCOUNTS, account, context.req.param("id"));
    if (!wasThere) throw new ApiError("not_found");
    return context.body(null, 204);
  })
  .all("/:id", methodNotAllowed("GET, PATCH, DELETE"))
  .post("/:id/test", refuseOwnCallbacks, withSettings, withCaller, rateLimited, knownKey, async (context) => {
    const { type } = await readSmallBody(context, TEST_SCHEMA);
    const { endpoint } = await requireEndpoint(context, context.req.param("id"));
    return context.json(await testEndpoint(context, endpoint, type));
  })
  .all("/:id/test", methodNotAllowed("POST"));

/**
 * Registers what the fields of `REGISTER_SCHEMA` say.
 * @throws ApiError 400 with all that is wrong, 409 for one too many
 */
export async function register(
  context: Context<AppEnv>,
  fields: RequestObject,
  issues: readonly Issue[] = [],
): Promise<{ state: AccountEndpoint; isNew: boolean }> {
  const { url, ...request } = readEndpointRequest(context, REGISTER_SCHEMA, fields, issues);
  if (url === undefined) throw new Error("a registration without a URL");
  const { account } = context.get("caller");
  const answer = await registerEndpoint(context.env.ACCOUNTS, account, { ...request, url });
  if (answer.kind === "too_many") throw new ApiError("too_many_endpoints");
  return { state: answer.state, isNew: answer.kind === "new" };
}

/**
 * Changes what the fields of `PATCH_SCHEMA` say.
 * @throws ApiError 400 with all that is wrong, 404
 */
export async function patch(
  context: Context<AppEnv>,
  id: string,
  fields: RequestObject,
  issues: readonly Issue[] = [],
): Promise<AccountEndpoint> {
  const request = readEndpointRequest(context, PATCH_SCHEMA, fields, issues);
  const { account } = context.get("caller");
  const answer = await patchEndpoint(context.env.ACCOUNTS, account, id, request);
  if (answer.kind === "missing") throw new ApiError("not_found");
  if (answer.kind === "url_taken") throw invalidRequest([issue("url", "url_registered")]);
  if (answer.kind === "headers_required") throw invalidRequest([issue("headers", "required_at_new_host")]);
  return answer.state;
}

/** Made up or another account's: the response does not reveal which. @throws ApiError 404 */
export async function requireEndpoint(context: Context<AppEnv>, id: string): Promise<AccountEndpoint> {
  const state = await readEndpoint(context.env.ACCOUNTS, context.get("caller").account, id);
  if (state === null) throw new ApiError("not_found");
  return state;
}

/** As an answer shows it. */
export function viewEndpoint({ endpoint, failingSince }: AccountEndpoint): EndpointJson {
  const { id, url, events, format, headerNames, description, createdAt, disabled } = endpoint;
  return {
    object: "webhook_endpoint",
    id,
    url,
    events: [...events],
    format,
    header_names: [...headerNames],
    description,
    status: statusOf({ endpoint, failingSince }),
    disabled_reason: disabled?.reason ?? null,
    failing_since: isoTime(failingSince),
    created_at: isoTime(createdAt),
  };
}

function statusOf({ endpoint, failingSince }: AccountEndpoint): EndpointStatus {
  if (endpoint.disabled !== null) return "disabled";
  return failingSince === null ? "active" : "failing";
}

const NAMES = { url: "url", headers: "headers" };

/** @throws ApiError 400 with all that is wrong */
function readEndpointRequest(
  context: Context<AppEnv>,
  schema: typeof REGISTER_SCHEMA | typeof PATCH_SCHEMA,
  fields: RequestObject,
  issues: readonly Issue[],
): EndpointRequest {
  const { asked, url, headers } = judgedFields(context, schema, { fields, issues, names: NAMES });
  return { ...asked, url, headers };
}
