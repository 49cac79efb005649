import type { Context } from "hono";
import type { AppEnv } from "../../http/app-env.ts";
import { callerNamed } from "../../http/caller.ts";
import { ApiError } from "../../http/errors.ts";
import { listAccounts } from "../../http/operator/accounts.ts";
import { readForm } from "../forms/form.ts";
import { AccountsPage } from "../pages/accounts-page.tsx";
import { pageContext, readSession, writeSession } from "../page-context.ts";

/** `GET /accounts`: the accounts of the deployment. */
export async function showAccounts(context: Context<AppEnv>): Promise<Response> {
  const list = await listAccounts(context);
  return context.html(<AccountsPage page={pageContext(context)} list={list} />);
}

/** `POST /accounts`: the session goes on in that account. */
export async function chooseAccount(context: Context<AppEnv>): Promise<Response> {
  const form = await readForm(context);
  const account = form("account");
  const session = await readSession(context);
  if (session === null || callerNamed(account, context.get("settings")) === null)
    throw new ApiError("not_found");
  await writeSession(context, { ...session, account });
  return context.redirect("/", 303);
}
