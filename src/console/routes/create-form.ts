import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { issueAt, type Issue } from "../../contract/problems.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { requireForm, withBody } from "../../http/body/body.ts";
import { parseFormBody } from "../../http/body/form-body.ts";
import type { Gather } from "../../http/body/form-fields.ts";
import type { RequestObject } from "../../http/body/json-body.ts";
import { accepted, type Created } from "../../http/create/create-task.ts";
import type { Preferences } from "../../http/create/request-headers.ts";
import { ApiError, invalidRequest } from "../../http/errors.ts";
import { newFormKey } from "../forms/first-form.ts";
import { isLanguage, type Language } from "../language.ts";
import { rememberLanguage } from "../page-context.ts";

/** What the forms that start a task have in common: one may be as large as a create, and starts one task. */

export interface FormState {
  key: string;
  issues: readonly Issue[];
  /** What the upstream, or Ringback, said no with. */
  refusal: ApiError | null;
  /** The reader's new choice, which the request's cookie does not have yet. */
  language?: Language;
}

/** @throws ApiError 400, 413, 415 */
export async function withCreateForm(
  context: Context<AppEnv>,
  use: (form: RequestObject) => Promise<Response>,
  gather?: Gather,
): Promise<Response> {
  requireForm(context.req.raw);
  return withBody(context, context.get("settings").maxBodyBytes, async (bytes) => {
    const body = parseFormBody(bytes, gather);
    if (!body.ok) throw invalidRequest([issueAt("", body.problem)]);
    return use(body.value);
  });
}

interface FormPage {
  /** Where the form is. */
  path: string;
  render: (context: Context<AppEnv>, form: RequestObject, state: FormState) => Promise<Response>;
}

/**
 * To the page of the task that `create` starts, with an idempotency key of the form's, so that two clicks start one task;
 * or the form again, with what it was refused for.
 */
export async function startByForm(
  context: Context<AppEnv>,
  form: RequestObject,
  { render }: Pick<FormPage, "render">,
  create: (preferences: Preferences, key: string) => Promise<Created>,
): Promise<Response> {
  const key = keyOf(form);
  try {
    const { answer } = await create({ respondAsync: false, waitSeconds: null }, key);
    return context.redirect(`/tasks/${accepted(answer, context.get("requestId")).taskId}`, 303);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    context.status(error.status as ContentfulStatusCode);
    return render(context, form, stateAfter(error, key));
  }
}

/** The same form with everything that was typed, in the language that it names. */
export async function inOtherLanguage(
  context: Context<AppEnv>,
  form: RequestObject,
  { path, render }: FormPage,
): Promise<Response> {
  const { language } = form;
  if (!isLanguage(language)) return context.redirect(path, 303);
  rememberLanguage(context, language);
  return render(context, form, { key: keyOf(form), issues: [], refusal: null, language });
}

/** The idempotency key of the form. */
function keyOf(form: RequestObject): string {
  return typeof form["form_key"] === "string" ? form["form_key"] : newFormKey();
}

/** The form again, after its create was refused. */
function stateAfter(error: ApiError, key: string): FormState {
  const issues = error.options.issues ?? [];
  // Under the old key the form would be refused for ever.
  const spent = error.code === "idempotency_mismatch" || error.code === "idempotency_deleted";
  return { key: spent ? newFormKey() : key, issues, refusal: issues.length > 0 ? null : error };
}
