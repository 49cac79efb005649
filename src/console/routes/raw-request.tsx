import type { Context } from "hono";
import { showIssue, type Issue } from "../../contract/problems.ts";
import { DEFAULT_EVENTS } from "../../contract/words.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { gatherPlain } from "../../http/body/form-fields.ts";
import type { RequestObject } from "../../http/body/json-body.ts";
import { createPatterns, fillCreatePath, type CreatePattern } from "../../http/create/create-path.ts";
import { createAsked } from "../../http/create/create-task.ts";
import { askedAt, partBody, readUpstreamRequest } from "../../http/create/upstream-request.ts";
import type { AskedCreate } from "../../http/create/asked-create.ts";
import { ApiError, invalidRequest } from "../../http/errors.ts";
import { createRules } from "../../http/guards.ts";
import { FIRST_FORM, newFormKey } from "../forms/first-form.ts";
import { curlOf } from "../forms/new-task-request.ts";
import { bodyIssues, rawIssue, rawRequestOf, targetChoice } from "../forms/raw-request.ts";
import { pageContext } from "../page-context.ts";
import { RawRequestPage } from "../pages/new-task/raw-request-page.tsx";
import { inOtherLanguage, startByForm, withCreateForm, type FormState } from "./create-form.ts";

/** `/new/upstream`: a create in the words of another upstream. */

export const RAW_PATH = "/new/upstream";

const PAGE = { path: RAW_PATH, render: renderForm };

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

/** `POST /new/upstream`: the create of the API. */
export async function startRawRequest(context: Context<AppEnv>): Promise<Response> {
  return withRawForm(context, async (form) =>
    startByForm(context, form, PAGE, async (preferences, key) => {
      const { asked, issues } = judged(context, form);
      if (asked === null || issues.length > 0) throw invalidRequest(issues);
      return createAsked(context, asked, preferences, key);
    }),
  );
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
  return withRawForm(context, async (form) => inOtherLanguage(context, form, PAGE));
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
    asked: request.target && askedAt(request.target, parts),
    issues: [...request.issues, ...bodyIssues(parts.body), ...(result.ok ? [] : result.issues)],
    curl: curlOf(`${pageContext(context).origin}/v1/upstreams/${target.upstream.name}${target.path}`, {
      ...members,
      ...(Object.keys(parts.own).length === 0 ? {} : { ringback: parts.own }),
    }),
  };
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
