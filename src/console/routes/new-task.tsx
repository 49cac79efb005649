import type { Context } from "hono";
import { showIssue, type Issue } from "../../contract/problems.ts";
import { AIO, DEFAULT_EVENTS } from "../../contract/words.ts";
import { isJsonObject, own, parseJson } from "../../domain/text/json.ts";
import { upstreamNamed } from "../../env.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { createAsked } from "../../http/create/create-task.ts";
import { ApiError, invalidRequest } from "../../http/errors.ts";
import { createRules } from "../../http/guards.ts";
import type { RequestObject } from "../../http/body/json-body.ts";
import { upstreamModels } from "../../http/routes/models.ts";
import { askedVideo, readVideoRequest } from "../../http/create/video-request.ts";
import { NewTaskPage } from "../pages/new-task/new-task-page.tsx";
import { FIRST_FORM, newFormKey } from "../forms/first-form.ts";
import { formIssue } from "../forms/new-task-fields.ts";
import { curlOf, formIssues, requestOf } from "../forms/new-task-request.ts";
import { pageContext } from "../page-context.ts";
import { inOtherLanguage, startByForm, withCreateForm, type FormState } from "./create-form.ts";
import { RAW_PATH } from "./raw-request.tsx";

const PAGE = { path: "/new", render: renderForm };

/** `GET /new`; where another upstream has the place of `aio`, its form. */
export async function showNewTask(context: Context<AppEnv>): Promise<Response> {
  if (upstreamNamed(context.get("settings"), AIO) === null) return context.redirect(RAW_PATH, 303);
  return renderForm(
    context,
    { ...FIRST_FORM, callback_events: [...DEFAULT_EVENTS] },
    { key: newFormKey(), issues: [], refusal: null },
  );
}

/** `POST /new`: the create of the API. */
export async function startTask(context: Context<AppEnv>): Promise<Response> {
  return withCreateForm(context, async (form) =>
    startByForm(context, form, PAGE, async (preferences, key) => {
      if (formIssues(form).length > 0) throw invalidRequest(judged(context, form).issues);
      return createAsked(context, askedVideo({ ok: true, value: requestOf(form) }), preferences, key);
    }),
  );
}

/** `POST /new/check`: the same judgement without the task, and the command that the form stands for. */
export async function checkNewTask(context: Context<AppEnv>): Promise<Response> {
  const { text } = pageContext(context);
  return withCreateForm(context, async (form) => {
    const { issues, curl } = judged(context, form);
    const shown = issues.map((one) => formIssue(showIssue(one, text.problems), text.create));
    return Promise.resolve(context.json({ issues: shown, curl }));
  });
}

/** `POST /new/language`: the same form with everything that was typed, in the other language. */
export async function switchFormLanguage(context: Context<AppEnv>): Promise<Response> {
  return withCreateForm(context, async (form) => inOtherLanguage(context, form, PAGE));
}

/** `GET /new/models`: names to choose from; none if the upstream does not say. */
export async function listModels(context: Context<AppEnv>): Promise<Response> {
  try {
    const { body } = await upstreamModels(context);
    return context.json(modelNames(body));
  } catch (error) {
    if (error instanceof ApiError) return context.json([]);
    throw error;
  }
}

function modelNames(body: string): string[] {
  try {
    const list = parseJson(body);
    const items = isJsonObject(list) ? own(list, "data") : list;
    const ids = (Array.isArray(items) ? items : []).map((item) =>
      isJsonObject(item) ? own(item, "id") : item,
    );
    return ids.filter((id) => typeof id === "string").slice(0, 500);
  } catch {
    // Not JSON: then the field is filled in by hand.
    return [];
  }
}

function judged(context: Context<AppEnv>, form: RequestObject): { issues: Issue[]; curl: string } {
  const request = requestOf(form);
  const result = readVideoRequest(request, createRules(context));
  const { origin } = pageContext(context);
  // `meaning` has the fields typed: what a form sends as text is shown as the number that it stands for.
  return {
    issues: [...formIssues(form), ...(result.ok ? [] : result.issues)],
    curl: curlOf(`${origin}/v1/videos`, result.ok ? result.request.meaning : request),
  };
}

async function renderForm(
  context: Context<AppEnv>,
  form: RequestObject,
  state: FormState,
): Promise<Response> {
  const page = pageContext(context, state.language);
  const { curl } = judged(context, form);
  const { problems, create } = page.text;
  const issues = state.issues.map((one) => formIssue(showIssue(one, problems), create));
  return context.html(
    <NewTaskPage
      page={page}
      form={form}
      formKey={state.key}
      issues={issues}
      refusal={state.refusal}
      curl={curl}
      keepMode={context.get("settings").keep.mode}
    />,
  );
}
