import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { showIssue, type Issue } from "../../contract/problems.ts";
import { DEFAULT_EVENTS } from "../../contract/words.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { gatherPlain } from "../../http/body/form-fields.ts";
import type { RequestObject } from "../../http/body/json-body.ts";
import { createPatterns, fillCreatePath, type CreatePattern } from "../../http/create/create-path.ts";
import { accepted, createTask, type AskedCreate } from "../../http/create/create-video.ts";
import { partBody, readUpstreamRequest, type UpstreamBody } from "../../http/create/upstream-request.ts";
import { ApiError, invalidRequest } from "../../http/errors.ts";
import { createRules } from "../../http/guards.ts";
import { FIRST_FORM, newFormKey } from "../forms/first-form.ts";
import { curlOf } from "../forms/new-task-request.ts";
import { bodyIssues, rawIssue, rawRequestOf, targetChoice, type RawRequest } from "../forms/raw-request.ts";
import { isLanguage } from "../language.ts";
import { pageContext, rememberLanguage } from "../page-context.ts";
import { RawRequestPage } from "../pages/new-task/raw-request-page.tsx";
import { keyOf, stateAfter, withCreateForm, type FormState } from "./create-form.ts";

/** `/new/upstream`: a create in the words of another upstream. */

export const RAW_PATH = "/new/upstream";

/** `GET /new/upstream` */
export async function showRawRequest(context: Context<AppEnv>): Promise<Response> {
  const [first] = patternsOf(context);
  const { test_delay: delay, endpoints } = FIRST_FORM;
  const form = {
    target: targetChoice(first),
    test_delay: delay,
    endpoints,
    callback_events: [...DEFAULT_EVENTS],
  };
  return renderForm(context, form, { key: newFormKey(), issues: [], refusal: null });
}

/** `POST /new/upstream`: the create of the API, with an idempotency key of the form's. */
export async function startRawRequest(context: Context<AppEnv>): Promise<Response> {
  return withRawForm(context, async (form) => {
    const key = keyOf(form);
    try {
      const { asked, issues } = judged(context, form);
      if (asked === null || issues.length > 0) throw invalidRequest(issues);
      const preferences = { respondAsync: false, waitSeconds: null };
      const { answer } = await createTask(context, asked, preferences, key);
      return context.redirect(`/tasks/${accepted(answer, context.get("requestId")).taskId}`, 303);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      context.status(error.status as ContentfulStatusCode);
      return renderForm(context, form, stateAfter(error, key));
    }
  });
}

/** `POST /new/upstream/check`: the same judgement without the task, and the command that the form stands for. */
export async function checkRawRequest(context: Context<AppEnv>): Promise<Response> {
  const { text } = pageContext(context);
  return withRawForm(context, async (form) => {
    const { issues, curl } = judged(context, form);
    const shown = issues.map((one) => rawIssue(showIssue(one, text.problems), text));
    return Promise.resolve(context.json({ issues: shown, curl }));
  });
}

/** `POST /new/upstream/language`: the same form with everything that was typed, in the other language. */
export async function switchRawLanguage(context: Context<AppEnv>): Promise<Response> {
  return withRawForm(context, async (form) => {
    const { language } = form;
    if (!isLanguage(language)) return context.redirect(RAW_PATH, 303);
    rememberLanguage(context, language);
    return renderForm(context, form, { key: keyOf(form), issues: [], refusal: null, language });
  });
}

/** @throws ApiError 404 where there is `aio` alone */
function patternsOf(context: Context<AppEnv>): [CreatePattern, ...CreatePattern[]] {
  const [first, ...others] = createPatterns(context.get("settings"));
  if (first === undefined) throw new ApiError("not_found");
  return [first, ...others];
}

async function withRawForm(
  context: Context<AppEnv>,
  use: (form: RequestObject) => Promise<Response>,
): Promise<Response> {
  patternsOf(context);
  return withCreateForm(context, use, gatherPlain);
}

interface Judged {
  /** Null: the form names no create. */
  asked: AskedCreate | null;
  issues: Issue[];
  curl: string;
}

function judged(context: Context<AppEnv>, form: RequestObject): Judged {
  const patterns = patternsOf(context);
  const request = rawRequestOf(form, patterns);
  const parts = partBody(request.body, new Headers());
  const { members } = parts.body.ok ? { members: parts.body.value } : { members: {} };
  // Without a target all else is judged all the same.
  const target = request.target ?? fillCreatePath(patterns[0], {});
  const result = readUpstreamRequest(members, parts, { target, rules: createRules(context) });
  return {
    asked: askedOf(request, parts),
    issues: [...request.issues, ...bodyIssues(parts.body), ...(result.ok ? [] : result.issues)],
    curl: curlOf(`${pageContext(context).origin}/v1/upstreams/${target.upstream.name}${target.path}`, {
      ...members,
      ...(Object.keys(parts.own).length === 0 ? {} : { ringback: parts.own }),
    }),
  };
}

function askedOf({ target }: RawRequest, parts: UpstreamBody): AskedCreate | null {
  return (
    target && {
      upstreamName: target.upstream.name,
      createPath: target.path,
      body: parts.body,
      test: parts.own["test"],
      read: (members, rules) => readUpstreamRequest(members, parts, { target, rules }),
    }
  );
}

async function renderForm(
  context: Context<AppEnv>,
  form: RequestObject,
  { key, issues, refusal, language }: FormState,
): Promise<Response> {
  const page = pageContext(context, language);
  const { curl } = judged(context, form);
  return context.html(
    <RawRequestPage
      page={page}
      form={form}
      formKey={key}
      issues={issues.map((one) => rawIssue(showIssue(one, page.text.problems), page.text))}
      refusal={refusal}
      curl={curl}
      keepMode={context.get("settings").keep.mode}
      patterns={patternsOf(context)}
    />,
  );
}
