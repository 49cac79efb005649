import type { Context } from "hono";
import type { AppEnv } from "../../http/app-env.ts";
import { ApiError, noSuchTask } from "../../http/errors.ts";
import { namedTask, ofTask } from "../../http/named-task.ts";
import { shownTo } from "../../http/operator/serve.ts";
import { askForRedelivery, type Redelivery } from "../../http/routes/webhooks/redeliver.ts";
import { askTask } from "../../task-object/client.ts";
import { readForm } from "../forms/form.ts";
import { TaskPage } from "../pages/task/task-page.tsx";
import { anchorAt } from "../pages/task/delivery-groups.ts";
import type { TaskView } from "../pages/task/task-view.ts";
import { pageContext } from "../page-context.ts";

/** `GET /tasks/{id}` */
export async function showTask(context: Context<AppEnv>): Promise<Response> {
  const task = await namedTask(context);
  const body = await ofTask(context, task, async (stub, account) => stub.diagnostics(account));
  const view = await shownTo<TaskView>(context, body);
  const asked = { said: context.req.query("said"), at: context.req.query("at") };
  return context.html(<TaskPage page={pageContext(context)} view={view} asked={asked} />);
}

/** `POST /tasks/{id}/redeliver` */
export async function redeliverTask(context: Context<AppEnv>): Promise<Response> {
  const { id, name } = await namedTask(context);
  const form = await readForm(context);
  const messageId = form("message_id");
  const endpoint = form("endpoint") || null;
  const order = { messageId: messageId || null, endpoint, target: null };
  const said = saidOf(await askForRedelivery(context, name, order));
  return context.redirect(taskPath(id, said, messageId && anchorAt(messageId, endpoint)), 303);
}

/** `POST /tasks/{id}/delete` */
export async function deleteTask(context: Context<AppEnv>): Promise<Response> {
  const { name, account } = await namedTask(context);
  const removed = await askTask(context.env.TASKS, name, async (stub) => stub.remove(account));
  if (!removed) throw noSuchTask();
  return context.redirect("/?said=removed", 303);
}

/** Back to the delivery whose button was pressed. What is on its way, the page sees by itself. */
export function taskPath(id: string, said: Said | null, anchor: string): string {
  const query = new URLSearchParams({ ...(said && { said }), ...(said && anchor && { at: anchor }) });
  const path = query.size === 0 ? `/tasks/${id}` : `/tasks/${id}?${query.toString()}`;
  return anchor === "" ? path : `${path}#${encodeURIComponent(anchor)}`;
}

/** What the page says next, as a word of its dictionary. */
type Said = "nothing" | "tooOften" | "tooManyElsewhere" | "tooMany";

/** Null: the attempt is in the queue. */
export function saidOf({ kind }: Redelivery): Said | null {
  switch (kind) {
    case "queued":
      return null;
    case "no_task":
      throw noSuchTask();
    case "no_message":
    case "no_endpoint":
      throw new ApiError("not_found");
    case "no_callback":
    case "nothing":
      return "nothing";
    case "too_often":
      return "tooOften";
    case "too_many_elsewhere":
      return "tooManyElsewhere";
    case "too_many":
      return "tooMany";
    default:
      return kind satisfies never;
  }
}
