import type { Context } from "hono";
import { problemText } from "../../contract/problems.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { issuesIn } from "../../http/errors.ts";
import { listedTasks } from "../../http/routes/list.ts";
import { openTaskId } from "../../keys/ids.ts";
import { endpointsOf } from "./endpoints.tsx";
import { canonicalQuery, fieldOf, listPath, METADATA, SEARCH, taskIdIn } from "../pages/list/list-query.ts";
import type { ListedTasks } from "../pages/list/rows.tsx";
import type { Problems } from "../pages/list/filters.tsx";
import { TasksPage, type TasksProps } from "../pages/list/tasks-page.tsx";
import { pageContext, type PageContext } from "../page-context.ts";

/** `GET /`: this account's tasks, or the way to the one that was searched for. */
export async function showTasks(context: Context<AppEnv>): Promise<Response> {
  const given = new URL(context.req.url).searchParams;
  const id = taskIdIn(given.get(SEARCH) ?? "");
  const { roots } = context.get("settings");
  const known = id !== null && (await openTaskId(roots, id, context.get("caller").account)) !== null;
  if (known) return context.redirect(`/tasks/${id}`, 303);
  const query = canonicalQuery(given);
  // One address for one question: it can be read, kept and handed on.
  if (isWordedOtherwise(given, query)) return context.redirect(addressOf(query), 303);
  const page = pageContext(context);
  const [{ listed, problems }, endpoints] = await Promise.all([
    answer(context, page, query),
    endpointsOf(context),
  ]);
  if (listed === null) context.status(400);
  return context.html(
    <TasksPage
      page={page}
      query={query}
      listed={listed}
      problems={problems}
      endpoints={endpoints}
      saying={sayingOf(context, page, query)}
    />,
  );
}

function isWordedOtherwise(given: URLSearchParams, query: URLSearchParams): boolean {
  const asked = new URLSearchParams(given);
  asked.delete("said");
  return asked.toString() !== query.toString();
}

function addressOf(query: URLSearchParams): string {
  return query.has("cursor") ? `/?${query.toString()}` : listPath(query);
}

async function answer(
  context: Context<AppEnv>,
  { text }: PageContext,
  query: URLSearchParams,
): Promise<{ listed: ListedTasks | null; problems: Problems }> {
  // A field of the form that is no `NAME=VALUE` is no parameter of the API.
  if (query.has(METADATA))
    return { listed: null, problems: new Map([[METADATA, text.filters.metadataForm]]) };
  try {
    return { listed: await listedTasks(context, query), problems: new Map() };
  } catch (error) {
    const said = issuesIn(error).map(
      (issue) => [fieldOf(issue.path), problemText(issue, text.problems)] as const,
    );
    return { listed: null, problems: new Map(said) };
  }
}

function sayingOf(
  context: Context<AppEnv>,
  { text }: PageContext,
  query: URLSearchParams,
): TasksProps["saying"] {
  if (context.req.query("said") === "removed") return { kind: "good", sentence: text.task.removed };
  const isMessage = query.get("upstream_task_id")?.startsWith("msg_") === true;
  return isMessage ? { kind: "bad", sentence: text.filters.unknownMessage } : null;
}
