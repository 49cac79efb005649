import type { Context } from "hono";
import type { Issue } from "../../contract/problems.ts";
import { DEFAULT_EVENTS } from "../../contract/words.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { gatherPlain } from "../../http/body/form-fields.ts";
import type { RequestObject } from "../../http/body/json-body.ts";
import type { AskedCreate } from "../../http/create/asked-create.ts";
import { createPatterns, fillCreatePath, type CreatePattern } from "../../http/create/create-path.ts";
import { askedAt, partBody, readUpstreamRequest } from "../../http/create/upstream-request.ts";
import { ApiError, invalidRequest } from "../../http/errors.ts";
import { createRules } from "../../http/guards.ts";
import { FIRST_FORM } from "../forms/first-form.ts";
import { curlOf } from "../forms/new-task-request.ts";
import { bodyIssues, rawIssue, rawRequestOf, targetChoice } from "../forms/raw-request.ts";
import { pageContext } from "../page-context.ts";
import { RawRequestPage } from "../pages/new-task/raw-request-page.tsx";
import { checkForm, formInOtherLanguage, showForm, startByForm, type CreateForm } from "./create-form.ts";

/** `/new/upstream`: a create in the words of another upstream. */

export const RAW_PATH = "/new/upstream";

const FORM: CreateForm = {
  path: RAW_PATH,
  requireUpstream: patternsOf,
  gather: gatherPlain,
  asked: (context, form) => {
    const { asked, issues } = judged(context, form);
    if (asked === null || issues.length > 0) throw invalidRequest(issues);
    return asked;
  },
  judged,
  issue: rawIssue,
  render: (context, props) => context.html(<RawRequestPage {...props} patterns={patternsOf(context)} />),
};

/** `GET /new/upstream` */
export async function showRawRequest(context: Context<AppEnv>): Promise<Response> {
  const [first] = patternsOf(context);
  const { test_delay: delay, endpoints } = FIRST_FORM;
  return showForm(context, FORM, {
    target: targetChoice(first),
    test_delay: delay,
    endpoints,
    callback_events: [...DEFAULT_EVENTS],
  });
}

/** `POST /new/upstream` */
export async function startRawRequest(context: Context<AppEnv>): Promise<Response> {
  return startByForm(context, FORM);
}

/** `POST /new/upstream/check` */
export async function checkRawRequest(context: Context<AppEnv>): Promise<Response> {
  return checkForm(context, FORM);
}

/** `POST /new/upstream/language` */
export async function switchRawLanguage(context: Context<AppEnv>): Promise<Response> {
  return formInOtherLanguage(context, FORM);
}

/** @throws ApiError 404 where there is `aio` alone */
function patternsOf(context: Context<AppEnv>): [CreatePattern, ...CreatePattern[]] {
  const [first, ...others] = createPatterns(context.get("settings"));
  if (first === undefined) throw new ApiError("not_found");
  return [first, ...others];
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
