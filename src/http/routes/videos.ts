import { Router } from "../router.ts";
import type { Context } from "hono";
import { askTask, ELSEWHERE_WAITING_MAX, REDELIVERIES_A_MINUTE } from "../../task-object/client.ts";
import type { AppEnv } from "../app-env.ts";
import { parseBody } from "../body/form-body.ts";
import { askForRedelivery, readRedelivery, type Redelivery } from "./webhooks/redeliver.ts";
import { answerCreate, createAsked } from "../create/create-task.ts";
import { withHeaderFields } from "../create/header-fields.ts";
import { askedVideo } from "../create/video-request.ts";
import { issue } from "../../contract/problems.ts";
import { OverloadedError } from "../../domain/errors/unavailable.ts";
import { ApiError, invalidRequest, noSuchTask } from "../errors.ts";
import { listVideos } from "./list.ts";
import { knownKey } from "../known-key.ts";
import type { JsonBody } from "../body/json-body.ts";
import { queryIssues } from "../query.ts";
import {
  methodNotAllowed,
  refuseOwnUpstreamCalls,
  refuseOwnCallbacks,
  requireAio,
  requireQuery,
  withCaller,
  withSettings,
} from "../guards.ts";
import { namedTask, ofTask } from "../named-task.ts";
import { rateLimited } from "../rate-limit.ts";
import { readVideo, refuseHead, streamVideo } from "./read.ts";

/** `/v1/videos`: create, list, read, delete, events, deliveries, redeliver. */
export const videos = new Router()
  .post(
    "/",
    requireAio,
    refuseOwnCallbacks,
    refuseOwnUpstreamCalls,
    withSettings,
    withCaller,
    rateLimited,
    async (context) =>
      answerCreate(context, async ({ bytes, type }, preferences) => {
        const fields = withHeaderFields(parseBody(bytes, type), context.req.raw.headers);
        return createAsked(context, askedVideo(withQueryIssues(fields, context.req.url)), preferences);
      }),
  )
  .get("/", withSettings, withCaller, knownKey, listVideos)
  .all("/", methodNotAllowed("GET, POST"))
  .get("/:id", withSettings, withCaller, readVideo)
  .delete("/:id", refuseOwnCallbacks, withSettings, withCaller, async (context) => {
    const { name, account } = await namedTask(context);
    requireQuery(context);
    const removed = await askTask(context.env.TASKS, name, async (stub) => stub.remove(account));
    if (!removed) throw noSuchTask();
    return context.body(null, 204);
  })
  .all("/:id", methodNotAllowed("GET, DELETE"))
  .get("/:id/events", refuseHead, withSettings, withCaller, streamVideo)
  .all("/:id/events", methodNotAllowed("GET"))
  .get("/:id/deliveries", withSettings, withCaller, async (context) => {
    const task = await namedTask(context);
    requireQuery(context);
    const body = await ofTask(context, task, async (stub, account) => stub.deliveries(account));
    return context.body(body, 200, { "content-type": "application/json" });
  })
  .all("/:id/deliveries", methodNotAllowed("GET"))
  .get("/:id/deliveries/:message_id", withSettings, withCaller, async (context) => oneDelivery(context))
  .all("/:id/deliveries/:message_id", methodNotAllowed("GET"))
  .post("/:id/redeliver", refuseOwnCallbacks, withSettings, withCaller, async (context) => {
    const { name } = await namedTask(context);
    return redelivered(context, await askForRedelivery(context, name, await readRedelivery(context)));
  })
  .all("/:id/redeliver", methodNotAllowed("POST"));

/** A create takes no query: its problems are issues like all others. */
function withQueryIssues(body: JsonBody, url: string): JsonBody {
  return { ...body, issues: [...queryIssues(url), ...(body.issues ?? [])] };
}

/** `GET /v1/videos/{id}/deliveries/{message_id}`: a delivery and its request. */
async function oneDelivery(context: Context<AppEnv>): Promise<Response> {
  const { name, account } = await namedTask(context);
  requireQuery(context, ["endpoint"]);
  const messageId = context.req.param("message_id") ?? "";
  const endpoint = context.req.query("endpoint") ?? null;
  const question = { messageId, endpoint };
  const answer = await askTask(context.env.TASKS, name, async (stub) => stub.delivery(account, question));
  switch (answer.kind) {
    case "found":
      return context.body(answer.body, 200, { "content-type": "application/json" });
    case "no_task":
      throw noSuchTask();
    case "no_message":
      throw new ApiError("not_found", { taskId: context.req.param("id") ?? "" });
    case "silent":
      throw new OverloadedError("the account does not answer");
    default:
      return answer satisfies never;
  }
}

function redelivered(context: Context<AppEnv>, answer: Redelivery): Response {
  const taskId = context.req.param("id") ?? "";
  switch (answer.kind) {
    case "queued":
      return context.body(answer.body, 202, { "content-type": "application/json" });
    case "no_task":
      throw noSuchTask();
    case "no_message":
    case "no_endpoint":
      throw new ApiError("not_found", { taskId });
    case "no_callback":
      throw invalidRequest([issue("endpoint", "required_without_callback")]);
    case "nothing":
      throw new ApiError("nothing_to_deliver", { taskId });
    case "too_often":
      throw new ApiError("rate_limited", {
        message: `At most ${REDELIVERIES_A_MINUTE} redeliveries a minute and task.`,
        taskId,
        headers: { "retry-after": String(answer.retryAfterSeconds) },
      });
    case "too_many_elsewhere":
      throw new ApiError("rate_limited", {
        message: `${ELSEWHERE_WAITING_MAX} redeliveries of this task to other URLs wait for their turn; no more may.`,
        taskId,
        headers: { "retry-after": String(answer.retryAfterSeconds) },
      });
    case "too_many":
      throw new ApiError("too_many_redeliveries", { taskId });
    default:
      return answer satisfies never;
  }
}
