import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { problemText } from "../../contract/problems.ts";
import { isUnavailable } from "../../domain/errors/unavailable.ts";
import { readSettings } from "../../env.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { ApiError } from "../../http/errors.ts";
import { errorFields, log } from "../../log.ts";
import { Page } from "./page.tsx";
import { CrossSiteError } from "../origin.ts";
import { setSecurityHeaders } from "../security.ts";
import { pageContext, type PageContext } from "../page-context.ts";

interface Problem {
  status: number;
  title: string;
  lead: string;
  /** Settings that are missing or do not parse. */
  settings?: readonly { setting: string; message: string }[];
}

/** Answers every error on a page: the API's refusals, in words instead of JSON. */
export function onConsoleError(error: Error, context: Context<AppEnv>): Response | Promise<Response> {
  setSecurityHeaders(context, false);
  const page = pageContext(context);
  const problem = problemOf(error, page, context.env);
  if (problem.status === 500) log("page.failed", { request_id: page.requestId, ...errorFields(error) });
  for (const [name, value] of Object.entries(error instanceof ApiError ? (error.options.headers ?? {}) : {}))
    context.header(name, value);
  const retryAfter = problem.status === 429 || problem.settings ? "60" : "1";
  if (problem.status === 429 || problem.status === 503) context.header("retry-after", retryAfter);
  return context.html(<ProblemPage page={page} problem={problem} />, problem.status as ContentfulStatusCode);
}

/** `GET` of a path that is none. */
export function showNoSuchPage(context: Context<AppEnv>): Response | Promise<Response> {
  context.header("vary", "accept");
  return onConsoleError(new ApiError("not_found"), context);
}

function problemOf(error: Error, { text }: PageContext, env: object): Problem {
  const { problem: titles, errors, problems } = text;
  if (isUnavailable(error)) return { status: 503, title: titles.busy, lead: errors.overloaded };
  if (error instanceof CrossSiteError)
    return { status: 403, title: titles.crossSite, lead: titles.crossSiteLead };
  if (!(error instanceof ApiError)) return { status: 500, title: titles.broken, lead: errors.internal };
  const { code, status } = error;
  switch (code) {
    case "task_not_found":
    case "not_found":
      return { status, title: titles.notFound, lead: errors[code] };
    case "misconfigured": {
      const result = readSettings(env);
      const settings = (result.ok ? [] : result.problems).map(({ setting, ...found }) => ({
        setting,
        message: problemText(found, problems),
      }));
      return { status, title: titles.settings, lead: titles.settingsLead, settings };
    }
    default: {
      const [issue] = error.options.issues ?? [];
      if (issue?.code === "not_cursor") return { status, title: titles.refused, lead: titles.linkExpired };
      const lead = issue ? `${issue.path} ${problemText(issue, problems)}`.trim() : errors[code];
      return { status, title: titles.refused, lead };
    }
  }
}

function ProblemPage({ page, problem }: { page: PageContext; problem: Problem }) {
  const words = page.text.problem;
  return (
    <Page page={page} title={problem.title}>
      <div class="door">
        <p class="number">{problem.status}</p>
        <h1>{problem.title}</h1>
        <p class="lead">{problem.lead}</p>
        {problem.settings && (
          <>
            <ul class="card settings">
              {problem.settings.map(({ setting, message }) => (
                <li>
                  <code>{setting}</code> {message}
                </li>
              ))}
            </ul>
            <p>{words.settingsHint}</p>
          </>
        )}
        {!problem.settings && (
          <p>
            <a href="/">{words.home}</a>
          </p>
        )}
        <p class="hint">
          {page.text.shell.request} <code>{page.requestId}</code>
        </p>
      </div>
    </Page>
  );
}
