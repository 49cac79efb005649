import type { Context } from "hono";
import { deleteEndpoint, listEndpoints } from "../../account-object/endpoints/client.ts";
import { issue, showIssue, type Issue } from "../../contract/problems.ts";
import type { EndpointJson } from "../../contract/shapes/endpoint.ts";
import { DEFAULT_EVENTS, TEST_MESSAGES } from "../../contract/words.ts";
import type { AccountEndpoint } from "../../domain/endpoint/endpoint.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { ApiError, invalidRequest, issuesIn } from "../../http/errors.ts";
import { originOf } from "../../http/operator/mask.ts";
import { patch, register, requireEndpoint, viewEndpoint } from "../../http/routes/webhooks/endpoints.ts";
import { testEndpoint } from "../../http/routes/webhooks/test-endpoint.ts";
import {
  changeOf,
  endpointIssue,
  registrationOf,
  typedFrom,
  typedIn,
  type TypedEndpoint,
} from "../forms/endpoint-request.ts";
import { readFields, readForm } from "../forms/form.ts";
import type { FormIssue } from "../forms/new-task-fields.ts";
import { pageContext } from "../page-context.ts";
import { EndpointPage, type EndpointState } from "../pages/endpoints/endpoint-page.tsx";
import { EndpointsPage } from "../pages/endpoints/endpoints-page.tsx";

const EMPTY: TypedEndpoint = {
  url: "",
  events: DEFAULT_EVENTS,
  format: "standard",
  description: "",
  hasHeaders: false,
  dropsHeaders: false,
};

/** `GET /endpoints` */
export async function showEndpoints(context: Context<AppEnv>): Promise<Response> {
  return renderAll(context, EMPTY, []);
}

/** `POST /endpoints`: the same for a URL that is registered already, as the API does it. */
export async function registerFromForm(context: Context<AppEnv>): Promise<Response> {
  const fields = await readFields(context);
  try {
    const { state, isNew } = await register(context, registrationOf(fields));
    return context.redirect(`/endpoints/${state.endpoint.id}?said=${isNew ? "registered" : "known"}`, 303);
  } catch (error) {
    const issues = formIssues(context, issuesIn(error));
    context.status(400);
    return renderAll(context, typedIn(fields), issues);
  }
}

/** `GET /endpoints/{id}` */
export async function showEndpoint(context: Context<AppEnv>): Promise<Response> {
  return renderOne(context, await endpointOf(context), {});
}

/** `POST /endpoints/{id}` */
export async function changeEndpoint(context: Context<AppEnv>): Promise<Response> {
  const fields = await readFields(context);
  const endpoint = await endpointOf(context);
  try {
    await patch(context, endpoint.id, changeOf(fields, endpoint));
    return context.redirect(`/endpoints/${endpoint.id}?said=saved`, 303);
  } catch (error) {
    const issues = formIssues(context, issuesIn(error));
    context.status(400);
    return renderOne(context, endpoint, { typed: typedIn(fields), issues });
  }
}

/** `POST /endpoints/{id}/test`: sends it and shows what came back. */
export async function testFromForm(context: Context<AppEnv>): Promise<Response> {
  const form = await readForm(context);
  const type = TEST_MESSAGES.find((message) => message === form("type"));
  if (type === undefined) throw invalidRequest([issue("type", "not_listed", { values: TEST_MESSAGES })]);
  const state = await requireEndpoint(context, idOf(context));
  const answer = await testEndpoint(context, state.endpoint, type);
  return renderOne(context, shownEndpoint(context, state), { test: { type, answer } });
}

/** `POST /endpoints/{id}/enable` */
export async function enableEndpoint(context: Context<AppEnv>): Promise<Response> {
  return switchEndpoint(context, true);
}

/** `POST /endpoints/{id}/disable` */
export async function disableEndpoint(context: Context<AppEnv>): Promise<Response> {
  return switchEndpoint(context, false);
}

async function switchEndpoint(context: Context<AppEnv>, enabled: boolean): Promise<Response> {
  const id = idOf(context);
  await patch(context, id, { enabled });
  return context.redirect(`/endpoints/${id}?said=${enabled ? "enabled" : "disabled"}`, 303);
}

/** `POST /endpoints/{id}/delete` */
export async function removeEndpoint(context: Context<AppEnv>): Promise<Response> {
  const { account } = context.get("caller");
  if (!(await deleteEndpoint(context.env.ACCOUNTS, account, idOf(context)))) throw new ApiError("not_found");
  return context.redirect("/endpoints?said=removed", 303);
}

/** The account's endpoints as the API shows them, oldest first. */
export async function endpointsOf(context: Context<AppEnv>): Promise<EndpointJson[]> {
  const all = await listEndpoints(context.env.ACCOUNTS, context.get("caller").account);
  return all.map((state) => shownEndpoint(context, state));
}

/** An operator sees the origin of its URL. */
function shownEndpoint(context: Context<AppEnv>, state: AccountEndpoint): EndpointJson {
  const endpoint = viewEndpoint(state);
  return context.get("operator") === undefined ? endpoint : { ...endpoint, url: originOf(endpoint.url) };
}

function idOf(context: Context<AppEnv>): string {
  return context.req.param("id") ?? "";
}

async function endpointOf(context: Context<AppEnv>): Promise<EndpointJson> {
  return shownEndpoint(context, await requireEndpoint(context, idOf(context)));
}

function formIssues(context: Context<AppEnv>, issues: readonly Issue[]): FormIssue[] {
  const { text } = pageContext(context);
  return issues.map((one) => endpointIssue(showIssue(one, text.problems), text));
}

async function renderAll(
  context: Context<AppEnv>,
  typed: TypedEndpoint,
  issues: readonly FormIssue[],
): Promise<Response> {
  const endpoints = await endpointsOf(context);
  const said = context.req.query("said") ?? null;
  return context.html(
    <EndpointsPage
      page={pageContext(context)}
      endpoints={endpoints}
      typed={typed}
      issues={issues}
      said={said}
    />,
  );
}

async function renderOne(
  context: Context<AppEnv>,
  endpoint: EndpointJson,
  state: Partial<Omit<EndpointState, "said">>,
): Promise<Response> {
  const said = context.req.query("said") ?? null;
  return context.html(
    <EndpointPage
      page={pageContext(context)}
      endpoint={endpoint}
      state={{ typed: typedFrom(endpoint), issues: [], said, ...state }}
    />,
  );
}
