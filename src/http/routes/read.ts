import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { issue } from "../../contract/problems.ts";
import { openEvents, PLACES_MAX, waitForEnd } from "../../task-object/client.ts";
import type { AppEnv } from "../app-env.ts";
import { ApiError, invalidRequest, noSuchTask } from "../errors.ts";
import { integer, numeric } from "../body/fields.ts";
import { requireQuery, wrongMethod } from "../guards.ts";
import { connectionOf, namedTask, ofTask, type NamedTask } from "../named-task.ts";
import { parsePrefer, preferenceApplied, WAIT_MAX_SECONDS } from "../create/request-headers.ts";

/** A task without a callback URL: read, waited for (`?wait=`, `Prefer: wait`), and as a stream of events. */

/** `GET /v1/videos/{id}`: the task, at once or when it has ended; never calls upstream. */
export async function readVideo(context: Context<AppEnv>): Promise<Response> {
  const task = await namedTask(context);
  requireQuery(context, ["wait"]);
  const queried = queriedWait(context.req.query("wait"));
  const preferred = queried === null ? parsePrefer(context.req.header("prefer")).waitSeconds : null;
  const seconds = queried ?? preferred;
  const body =
    seconds === null
      ? await ofTask(context, task, async (stub, account) => stub.read(account))
      : await readLater(context, task, seconds);
  const applied = preferenceApplied({ respondAsync: false, waitSeconds: preferred });
  if (applied !== null) context.header("preference-applied", applied);
  return context.body(body, 200, { "content-type": "application/json" });
}

async function readLater(context: Context<AppEnv>, { name }: NamedTask, seconds: number): Promise<string> {
  const until = context.get("arrivedAt") + seconds * 1000;
  const answer = await waitForEnd(context.env.TASKS, name, { ...connectionOf(context), until });
  if (answer.kind === "none") throw noSuchTask();
  if (answer.kind === "full") throw tooMany();
  return answer.body;
}

/** `GET /v1/videos/{id}/events`: the state as it is, then each change, as server-sent events. */
export async function streamVideo(context: Context<AppEnv>): Promise<Response> {
  const { name } = await namedTask(context);
  requireQuery(context);
  const lastEventId = context.req.header("last-event-id") ?? null;
  const answer = await openEvents(context.env.TASKS, name, { ...connectionOf(context), lastEventId });
  switch (answer.kind) {
    case "stream":
      return context.body(answer.stream, 200, {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        // nginx, in front of a machine of one's own, would keep the events until it has a page full.
        "x-accel-buffering": "no",
      });
    case "ended":
      // 204 stops an EventSource that has received the end; to any other answer it reconnects.
      return context.body(null, 204, { "cache-control": "no-store" });
    case "none":
      throw noSuchTask();
    case "full":
      throw tooMany();
    default:
      return answer satisfies never;
  }
}

/** hono answers HEAD as a GET without its body, which would open a stream without a reader. */
export const refuseHead = createMiddleware<AppEnv>(async (context, next) => {
  if (context.req.method === "HEAD") throw wrongMethod("GET");
  await next();
});

/** @throws ApiError 400 if it is no number of seconds that can be waited */
function queriedWait(text: string | undefined): number | null {
  if (text === undefined) return null;
  const parsed = integer(1, WAIT_MAX_SECONDS).safeParse(numeric(text));
  if (parsed.success) return parsed.data;
  throw invalidRequest([issue("wait", "integer_range", { min: 1, max: WAIT_MAX_SECONDS })]);
}

function tooMany(): ApiError {
  return new ApiError("overloaded", {
    message: `${PLACES_MAX.toLocaleString("en-US")} requests wait for this task already; that is its limit.`,
  });
}
