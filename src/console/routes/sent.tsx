import type { Context } from "hono";
import type { SentDelivery } from "../../contract/shapes/delivery.ts";
import { OverloadedError } from "../../domain/errors/unavailable.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { ApiError, issuesIn, noSuchTask } from "../../http/errors.ts";
import { namedTask } from "../../http/named-task.ts";
import { shownTo } from "../../http/operator/serve.ts";
import { askForRedelivery, redeliveryOf } from "../../http/routes/webhooks/redeliver.ts";
import { askTask } from "../../task-object/client.ts";
import { readForm } from "../forms/form.ts";
import { headersIn } from "../forms/new-task-request.ts";
import { anchorAt } from "../pages/task/delivery-groups.ts";
import type { TypedReceiver } from "../pages/parts/receiver-fields.tsx";
import { SentPage } from "../pages/task/sent-page.tsx";
import { pageContext } from "../page-context.ts";
import { saidOf, taskPath } from "./tasks.tsx";

/** `GET /tasks/{id}/sent/{message}`: the request of one event; `?endpoint=ID` of what goes to a registered one. */
export async function showSent(context: Context<AppEnv>): Promise<Response> {
  return renderSent(context, { url: "", headers: "", issues: [] });
}

/** `POST /tasks/{id}/sent/{message}`: one attempt to another URL. */
export async function sendElsewhere(context: Context<AppEnv>): Promise<Response> {
  const { id, name } = await namedTask(context);
  const form = await readForm(context);
  const [url, headers] = [form("callback_url").trim(), form("callback_headers")];
  const { messageId, endpoint } = deliveryIn(context);
  try {
    const order = redeliveryOf(context, {
      message_id: messageId,
      endpoint,
      // An empty one is refused, too: without a URL it would go to the task's own receiver.
      callback_url: url === "" ? "?" : url,
      callback_headers: headersIn(headers) ?? null,
    });
    const said = saidOf(await askForRedelivery(context, name, order));
    return context.redirect(taskPath(id, said, anchorAt(messageId, endpoint)), 303);
  } catch (error) {
    const issues = issuesIn(error);
    context.status(400);
    return renderSent(context, { url, headers, issues });
  }
}

function deliveryIn(context: Context<AppEnv>): { messageId: string; endpoint: string | null } {
  return {
    messageId: context.req.param("message") ?? "",
    endpoint: context.req.query("endpoint") ?? null,
  };
}

async function renderSent(context: Context<AppEnv>, elsewhere: TypedReceiver): Promise<Response> {
  const { id, name, account } = await namedTask(context);
  const answer = await askTask(context.env.TASKS, name, async (stub) =>
    stub.delivery(account, deliveryIn(context)),
  );
  switch (answer.kind) {
    case "no_task":
      throw noSuchTask();
    case "no_message":
      throw new ApiError("not_found");
    case "silent":
      throw new OverloadedError("the account does not answer");
    case "found": {
      const delivery = await shownTo<SentDelivery>(context, answer.body);
      const page = pageContext(context);
      return context.html(<SentPage page={page} taskId={id} delivery={delivery} elsewhere={elsewhere} />);
    }
    default:
      return answer satisfies never;
  }
}
