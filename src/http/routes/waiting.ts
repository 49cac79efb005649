import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { issue } from "../../contract/problems.ts";
import { openTaskId } from "../../keys/ids.ts";
import { askTask, openEvents, PLACES_MAX, waitForEnd, type Connection } from "../../task-object/client.ts";
import type { AppEnv } from "../app-env.ts";
import { ApiError, invalidRequest, noSuchTask } from "../errors.ts";
import { integer, numeric } from "../body/fields.ts";
import { requireQuery, wrongMethod } from "../guards.ts";
import { parsePrefer, preferenceApplied, WAIT_MAX_SECONDS } from "../create/request-headers.ts";

/** Waiting for a task without a callback URL: `?wait=`, `Prefer: wait`, and a stream of events. */

/** `GET /v1/videos/{id}`: the task, at once or when it has ended; never calls upstream. */
export async function readVideo(context: Context<AppEnv>): Promise<Response> {
  const name = await nameOf(context);
  requireQuery(context, ["wait"]);
  const queried = queriedWait(context.req.query("wait"));
  const preferred = queried === null ? parsePrefer(context.req.header("prefer")).waitSeconds : null;
  const seconds = queried ?? preferred;
  const body = seconds === null ? await readNow(context, name) : await readLater(context, name, seconds);
  const applied = preferenceApplied({ respondAsync: false, waitSeconds: preferred });
  if (applied !== null) context.header("preference-applied", applied);
  return context.body(body, 200, { "content-type": "application/json" });
}

async function readNow(context: Context<AppEnv>, name: string): Promise<string> {
  const { account } = context.get("caller");
  const body = await askTask(context.env.TASKS, name, async (stub) => stub.read(account));
  if (body === null) throw noSuchTask();
  return body;
}

async function readLater(context: Context<AppEnv>, name: string, seconds: number): Promise<string> {
  const until = context.get("arrivedAt") + seconds * 1000;
  const answer = await waitForEnd(context.env.TASKS, name, { ...connectionOf(context), until });
  if (answer.kind === "none") throw noSuchTask();
  if (answer.kind === "full") throw tooMany();
  return answer.body;
}

/** `GET /v1/videos/{id}/events`: the state as it is, then each change, as server-sent events. */
export async function streamVideo(context: Context<AppEnv>): Promise<Response> {
  const name = await nameOf(context);
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

/** The waiting client of this request. */
export function connectionOf(context: Context<AppEnv>): Connection {
  return {
    account: context.get("caller").account,
    signal: context.req.raw.signal,
    outlive: (promise) => context.executionCtx.waitUntil(promise),
  };
}

/** @throws ApiError 404 for an id that is made up or another account's, before any object is woken */
export async function nameOf(context: Context<AppEnv>): Promise<string> {
  const { account } = context.get("caller");
  const name = await openTaskId(context.get("settings").roots, context.req.param("id") ?? "", account);
  if (name === null) throw noSuchTask();
  return name;
}

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
