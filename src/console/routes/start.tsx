import type { Context } from "hono";
import { signingVersions } from "../../account-object/client.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { issuesIn } from "../../http/errors.ts";
import { secretAnswer, sendPing } from "../../http/routes/webhooks/webhooks.ts";
import { readForm } from "../forms/form.ts";
import { newFormKey } from "../forms/first-form.ts";
import { pageContext } from "../page-context.ts";
import { StartPage, type StartState } from "../pages/start/start-page.tsx";
import { readReceivers } from "../receivers.ts";

/** `GET /start`: the way from a first task to a verified callback. */
export async function showStart(context: Context<AppEnv>): Promise<Response> {
  return render(context, {});
}

/** `POST /start/secret`: the same page, with the secret on it for once. */
export async function revealStartSecret(context: Context<AppEnv>): Promise<Response> {
  const versions = await signingVersions(context.env.ACCOUNTS, context.get("caller").account);
  return render(context, { revealed: await secretAnswer(context, versions) });
}

/** `POST /start/ping` */
export async function pingFromStart(context: Context<AppEnv>): Promise<Response> {
  const url = (await readForm(context))("ping_url").trim();
  try {
    const answer = await sendPing(context, { callback_url: url });
    return await render(context, { ping: { url, answer, issues: [] } });
  } catch (error) {
    const issues = issuesIn(error);
    context.status(400);
    return render(context, { ping: { url, answer: null, issues } });
  }
}

async function render(context: Context<AppEnv>, state: Partial<StartState>): Promise<Response> {
  const receivers = await readReceivers(context);
  const page = pageContext(context);
  return context.html(<StartPage page={page} formKey={newFormKey()} receivers={receivers} state={state} />);
}
