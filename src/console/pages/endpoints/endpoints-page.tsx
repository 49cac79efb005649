import type { EndpointJson } from "../../../contract/shapes/endpoint.ts";
import type { TypedEndpoint } from "../../forms/endpoint-request.ts";
import type { FormIssue } from "../../forms/new-task-fields.ts";
import type { PageContext } from "../../page-context.ts";
import { Summary } from "../new-task/new-task-notices.tsx";
import { Page, PageHead } from "../page.tsx";
import { Notice } from "../parts/parts.tsx";
import { EndpointFields } from "./endpoint-form.tsx";
import { EndpointBadge, FirstFailed } from "./endpoint-parts.tsx";
import { ENDPOINTS_MAX } from "../../../domain/endpoint/change.ts";
import { endpointName } from "./endpoint-name.ts";

interface EndpointsProps {
  page: PageContext;
  /** Oldest first. */
  endpoints: readonly EndpointJson[];
  typed: TypedEndpoint;
  issues: readonly FormIssue[];
  said: string | null;
}

/** The registered receivers of an account, and the form that registers one more. */
export function EndpointsPage({ page, endpoints, typed, issues, said }: EndpointsProps) {
  const text = page.text.endpoints;
  return (
    <Page page={page} title={text.title} place="endpoints">
      <PageHead title={text.title} lead={text.lead} />
      {said === "removed" && <Notice kind="good">{text.removed}</Notice>}
      {issues.length > 0 && <Summary page={page} issues={issues} />}
      <div class="split">
        {endpoints.length === 0 ? (
          <div class="empty card">
            <p class="empty-title">{text.none}</p>
            <p>{text.noneLead}</p>
          </div>
        ) : (
          <ul class="endpoints">
            {endpoints.map((endpoint) => (
              <Endpoint page={page} endpoint={endpoint} />
            ))}
          </ul>
        )}
        {!page.isOperator && (
          <Register page={page} hasRoom={endpoints.length < ENDPOINTS_MAX} typed={typed} issues={issues} />
        )}
      </div>
    </Page>
  );
}

function Endpoint({ page, endpoint }: { page: PageContext; endpoint: EndpointJson }) {
  const { create, shell } = page.text;
  const events = endpoint.events.map((event) => create.eventNames[event]).join(shell.comma);
  return (
    <li class="card panel" id={endpoint.id}>
      <div class="row">
        <h2>
          <a href={`/endpoints/${endpoint.id}`}>{endpointName(endpoint)}</a>
        </h2>
        <EndpointBadge page={page} status={endpoint.status} />
      </div>
      <p class="cut">
        <code>{endpoint.url}</code>
      </p>
      <p class="hint">
        {events} · {create.formats[endpoint.format]}
        <FirstFailed page={page} endpoint={endpoint} />
      </p>
    </li>
  );
}

interface RegisterProps extends Pick<EndpointsProps, "page" | "typed" | "issues"> {
  /** Whether the account can have one more. */
  hasRoom: boolean;
}

function Register({ page, hasRoom, typed, issues }: RegisterProps) {
  const text = page.text.endpoints;
  const problems = new Map(issues.map(({ field, message }) => [field, message]));
  return (
    <section class="card panel stack" id="register">
      <h2>{text.register}</h2>
      {!hasRoom && <p>{text.full}</p>}
      {hasRoom && (
        <form method="post" action="/endpoints" class="stack">
          <EndpointFields page={page} typed={typed} problems={problems} endpoint={null} />
          <button class="primary" type="submit">
            {text.submit}
          </button>
        </form>
      )}
    </section>
  );
}
