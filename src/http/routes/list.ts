import type { Context } from "hono";
import type { ListedTask, TaskList } from "../../contract/shapes/task.ts";
import { listTasks } from "../../account-object/client.ts";
import type { TaskSummary } from "../../domain/account/summary.ts";
import { parseJson, type JsonObject } from "../../domain/text/json.ts";
import { isoTime } from "../../domain/text/time.ts";
import { openTaskId, taskIdOf } from "../../keys/ids.ts";
import type { AppEnv } from "../app-env.ts";
import { invalidRequest } from "../errors.ts";
import { cursorOf } from "../query.ts";
import { readListQuery } from "./list-schema.ts";

/** `GET /v1/videos`: this account's tasks, newest first. */
export async function listVideos(context: Context<AppEnv>): Promise<Response> {
  const { list } = await listedTasks(context, new URL(context.req.url).searchParams);
  return context.json(list);
}

interface ListedTasks {
  list: TaskList;
  /** The upstream of each task, in their order: it is no member of the list. */
  upstreamNames: readonly string[];
}

/** The page of tasks that the query asks for. @throws ApiError 400 with what is wrong with it */
export async function listedTasks(context: Context<AppEnv>, query: URLSearchParams): Promise<ListedTasks> {
  const { account } = context.get("caller");
  const asked = readListQuery(query);
  if (!asked.ok) throw invalidRequest(asked.issues);
  const { summaries, next } = await listTasks(context.env.ACCOUNTS, account, asked.page);
  const { roots } = context.get("settings");
  const data = await Promise.all(summaries.map(async (summary) => viewSummary(summary, roots)));
  const list: TaskList = { object: "list", data, next_cursor: next === null ? null : cursorOf(next) };
  return { list, upstreamNames: summaries.map(({ upstreamName }) => upstreamName) };
}

async function viewSummary(summary: TaskSummary, roots: readonly [string, ...string[]]): Promise<ListedTask> {
  const { delivery, callbackHost: host } = summary;
  const id = await shownTaskId(summary, roots);
  return {
    object: "video.task",
    id,
    task_id: id,
    status: summary.status,
    model: summary.model,
    test: summary.test,
    video_url: summary.videoUrl,
    error: summary.error,
    metadata: summary.metadata === null ? null : (parseJson(summary.metadata) as JsonObject),
    upstream_task_id: summary.upstreamTaskId,
    created_at: isoTime(summary.createdAt),
    finished_at: isoTime(summary.finishedAt),
    callback: delivery === null || host === null ? null : { status: delivery, host },
  };
}

/** The secret under which the task's id was issued may be gone: then the old id would read as 404. */
export async function shownTaskId(
  { name, account, taskId }: TaskSummary,
  roots: readonly [string, ...string[]],
): Promise<string> {
  const isKnown = (await openTaskId(roots, taskId, account)) !== null;
  return isKnown ? taskId : taskIdOf(roots[0], name, account);
}
