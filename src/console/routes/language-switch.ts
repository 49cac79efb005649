import type { Context } from "hono";
import type { AppEnv } from "../../http/app-env.ts";
import { readForm } from "../forms/form.ts";
import { isLanguage } from "../language.ts";
import { localPath } from "../origin.ts";
import { rememberLanguage } from "../page-context.ts";

/** `POST /language`: remembers the choice and goes back to where it was made. */
export async function switchLanguage(context: Context<AppEnv>): Promise<Response> {
  const form = await readForm(context);
  const language = form("language");
  if (isLanguage(language)) rememberLanguage(context, language);
  return context.redirect(localPath(form("to")), 303);
}
