import type { Context } from "hono";
import type { Issue } from "../../contract/problems.ts";
import { AIO, DEFAULT_EVENTS } from "../../contract/words.ts";
import { isJsonObject, own, parseJson } from "../../domain/text/json.ts";
import { upstreamNamed } from "../../env.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { ApiError, invalidRequest } from "../../http/errors.ts";
import { createRules } from "../../http/guards.ts";
import type { RequestObject } from "../../http/body/json-body.ts";
import { upstreamModels } from "../../http/routes/models.ts";
import { askedVideo, readVideoRequest } from "../../http/create/video-request.ts";
import { NewTaskPage } from "../pages/new-task/new-task-page.tsx";
import { FIRST_FORM } from "../forms/first-form.ts";
import { formIssue } from "../forms/new-task-fields.ts";
import { curlOf, formIssues, requestOf } from "../forms/new-task-request.ts";
import { pageContext } from "../page-context.ts";
import { checkForm, formInOtherLanguage, showForm, startByForm, type CreateForm } from "./create-form.ts";
import { RAW_PATH } from "./raw-request.tsx";

/** `/new`: the create of a video at `aio`. */

const FORM: CreateForm = {
  path: "/new",
  asked: (context, form) => {
    if (formIssues(form).length > 0) throw invalidRequest(judged(context, form).issues);
    return askedVideo({ ok: true, value: requestOf(form) });
  },
  judged,
  issue: (shown, text) => formIssue(shown, text.create),
  render: (context, props) => context.html(<NewTaskPage {...props} />),
};

/** `GET /new`; where another upstream has the place of `aio`, its form. */
export async function showNewTask(context: Context<AppEnv>): Promise<Response> {
  if (upstreamNamed(context.get("settings"), AIO) === null) return context.redirect(RAW_PATH, 303);
  return showForm(context, FORM, { ...FIRST_FORM, callback_events: [...DEFAULT_EVENTS] });
}

/** `POST /new` */
export async function startTask(context: Context<AppEnv>): Promise<Response> {
  return startByForm(context, FORM);
}

/** `POST /new/check` */
export async function checkNewTask(context: Context<AppEnv>): Promise<Response> {
  return checkForm(context, FORM);
}

/** `POST /new/language` */
export async function switchFormLanguage(context: Context<AppEnv>): Promise<Response> {
  return formInOtherLanguage(context, FORM);
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
