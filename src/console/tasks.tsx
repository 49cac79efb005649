import type { Context } from "hono";
import { parseJson } from "../domain/text/json.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiError, noSuchTask } from "../http/errors.ts";
import { askForRedelivery, type Redelivery } from "../http/routes/redeliver.ts";
import { openTaskId } from "../keys/ids.ts";
import { askTask } from "../task-object/client.ts";
import { readForm } from "./form.ts";
import { TaskPage } from "./pages/task/task-page.tsx";
import type { TaskView } from "./pages/task/task-view.ts";
import { pageContext } from "./page-context.ts";

/** `GET /tasks/{id}` */
export async function showTask(context: Context<AppEnv>): Promise<Response> {
  const { name, account } = await namedTask(context);
  const body = await askTask(context.env.TASKS, name, async (stub) => stub.inspect(account));
  if (body === null) throw noSuchTask();
  // Digits of the upstream's and the caller's numbers are shown as they came.
  const view = parseJson(body) as unknown as TaskView;
  return context.html(<TaskPage page={pageContext(context)} view={view} said={context.req.query("said")} />);
}

/** `POST /tasks/{id}/redeliver` */
export async function redeliverTask(context: Context<AppEnv>): Promise<Response> {
  const { id, name } = await namedTask(context);
  const form = await readForm(context);
  const answer = await askForRedelivery(context, name, form("message_id") || null);
  return context.redirect(`/tasks/${id}?said=${saidOf(answer)}`, 303);
}

/** `POST /tasks/{id}/delete` */
export async function deleteTask(context: Context<AppEnv>): Promise<Response> {
  const { name, account } = await namedTask(context);
  const removed = await askTask(context.env.TASKS, name, async (stub) => stub.remove(account));
  if (!removed) throw noSuchTask();
  return context.redirect("/?said=removed", 303);
}

/** The object of the path's id; a made-up or another account's id wakes no object. */
async function namedTask(context: Context<AppEnv>): Promise<{ id: string; name: string; account: string }> {
  const id = context.req.param("id") ?? "";
  const { account } = context.get("caller");
  const name = await openTaskId(context.get("settings").roots, id, account);
  if (name === null) throw noSuchTask();
  return { id, name, account };
}

/** What the page says next, as a word of its dictionary. */
export type Said = "queued" | "nothing" | "tooOften" | "tooMany";

function saidOf({ kind }: Redelivery): Said {
  switch (kind) {
    case "queued":
      return "queued";
    case "no_task":
      throw noSuchTask();
    case "no_message":
      throw new ApiError("not_found");
    case "nothing":
      return "nothing";
    case "too_often":
      return "tooOften";
    case "too_many":
      return "tooMany";
    default:
      return kind satisfies never;
  }
}
