import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { issueAt, showIssue, type Issue, type ShownIssue } from "../../contract/problems.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { requireForm, withBody } from "../../http/body/body.ts";
import { parseFormBody } from "../../http/body/form-body.ts";
import type { Gather } from "../../http/body/form-fields.ts";
import type { RequestObject } from "../../http/body/json-body.ts";
import type { AskedCreate } from "../../http/create/asked-create.ts";
import { accepted, createAsked } from "../../http/create/create-task.ts";
import { ApiError, invalidRequest } from "../../http/errors.ts";
import { newFormKey } from "../forms/first-form.ts";
import type { FormIssue } from "../forms/new-task-fields.ts";
import { isLanguage, type Language } from "../language.ts";
import { pageContext, rememberLanguage } from "../page-context.ts";
import type { CreatePageProps } from "../pages/new-task/create-form.tsx";
import type { Text } from "../text/en.ts";

/** What the forms that start a task have in common: one may be as large as a create, and starts one task. */

export interface CreateForm {
  /** Where it is. */
  path: string;
  /** Comes before the form is read. @throws ApiError 404 where the deployment has no upstream for it */
  requireUpstream?: (context: Context<AppEnv>) => void;
  gather?: Gather;
  /** @throws ApiError 400 for what only the form can find */
  asked: (context: Context<AppEnv>, form: RequestObject) => AskedCreate;
  /** All that is wrong with it, and the command that it stands for. */
  judged: (context: Context<AppEnv>, form: RequestObject) => { issues: readonly Issue[]; curl: string };
  /** An issue at its field. */
  issue: (shown: ShownIssue, text: Text) => FormIssue;
  render: (context: Context<AppEnv>, props: CreatePageProps) => Response | Promise<Response>;
}

/** The form with the fields that it starts with. */
export async function showForm(
  context: Context<AppEnv>,
  page: CreateForm,
  fields: RequestObject,
): Promise<Response> {
  return renderForm(context, page, fields, { key: newFormKey(), issues: [], refusal: null });
}

/**
 * The create of the API: to the page of the task that it starts, with an idempotency key of the form's, so that two clicks
 * start one task; or the form again, with what it was refused for.
 */
export async function startByForm(context: Context<AppEnv>, page: CreateForm): Promise<Response> {
  return withForm(context, page, async (form) => {
    const key = keyOf(form);
    try {
      const asked = page.asked(context, form);
      const { answer } = await createAsked(context, asked, { respondAsync: false, waitSeconds: null }, key);
      return context.redirect(`/tasks/${accepted(answer, context.get("requestId")).taskId}`, 303);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      context.status(error.status as ContentfulStatusCode);
      return renderForm(context, page, form, stateAfter(error, key));
    }
  });
}

/** The same judgement without the task, and the command that the form stands for. */
export async function checkForm(context: Context<AppEnv>, page: CreateForm): Promise<Response> {
  const { text } = pageContext(context);
  return withForm(context, page, async (form) => {
    const { issues, curl } = page.judged(context, form);
    const shown = issues.map((one) => page.issue(showIssue(one, text.problems), text));
    return Promise.resolve(context.json({ issues: shown, curl }));
  });
}

/** The same form with everything that was typed, in the language that it names. */
export async function formInOtherLanguage(context: Context<AppEnv>, page: CreateForm): Promise<Response> {
  return withForm(context, page, async (form) => {
    const { language } = form;
    if (!isLanguage(language)) return context.redirect(page.path, 303);
    rememberLanguage(context, language);
    return renderForm(context, page, form, { key: keyOf(form), issues: [], refusal: null, language });
  });
}

/** @throws ApiError 400, 404, 413, 415 */
async function withForm(
  context: Context<AppEnv>,
  page: CreateForm,
  use: (form: RequestObject) => Promise<Response>,
): Promise<Response> {
  page.requireUpstream?.(context);
  requireForm(context.req.raw);
  return withBody(context, context.get("settings").maxBodyBytes, async (bytes) => {
    const body = parseFormBody(bytes, page.gather);
    if (!body.ok) throw invalidRequest([issueAt("", body.problem)]);
    return use(body.value);
  });
}

interface FormState {
  key: string;
  issues: readonly Issue[];
  /** What the upstream, or Ringback, said no with. */
  refusal: ApiError | null;
  /** The reader's new choice, which the request's cookie does not have yet. */
  language?: Language;
}

async function renderForm(
  context: Context<AppEnv>,
  { judged, issue, render }: CreateForm,
  form: RequestObject,
  { key, issues, refusal, language }: FormState,
): Promise<Response> {
  const page = pageContext(context, language);
  const { text } = page;
  const { curl } = judged(context, form);
  return render(context, {
    page,
    form,
    formKey: key,
    issues: issues.map((one) => issue(showIssue(one, text.problems), text)),
    refusal,
    curl,
    keepMode: context.get("settings").keep.mode,
  });
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
