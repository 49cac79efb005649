import type { PingResult as PingJson } from "../../../contract/shapes/delivery.ts";
import type { EndpointJson } from "../../../contract/shapes/endpoint.ts";
import { EVENT_TYPES, type TestMessage } from "../../../contract/words.ts";
import type { TypedEndpoint } from "../../forms/endpoint-request.ts";
import type { FormIssue } from "../../forms/new-task-fields.ts";
import type { PageContext } from "../../page-context.ts";
import { Summary } from "../new-task/new-task-notices.tsx";
import { Page } from "../page.tsx";
import { CopyButton, Distance, Instant, Notice } from "../parts/parts.tsx";
import { PingResult } from "../parts/ping-result.tsx";
import { EndpointFields } from "./endpoint-form.tsx";
import { endpointName } from "./endpoint-name.ts";
import { EndpointBadge } from "./endpoint-parts.tsx";

/** What became of the form that was sent last. */
export interface EndpointState {
  typed: TypedEndpoint;
  issues: readonly FormIssue[];
  test: { type: TestMessage; answer: PingJson };
  said: string | null;
}

interface EndpointProps {
  page: PageContext;
  endpoint: EndpointJson;
  state: Pick<EndpointState, "typed" | "issues" | "said"> & Partial<Pick<EndpointState, "test">>;
}

/** One registered endpoint: how it does, what it is sent, and everything that can be done with it. */
export function EndpointPage({ page, endpoint, state }: EndpointProps) {
  const text = page.text.endpoints;
  const name = endpointName(endpoint);
  const { registered, known, saved, enabled, disabled } = text;
  const saying = new Map(Object.entries({ registered, known, saved, enabled, disabled })).get(
    state.said ?? "",
  );
  return (
    <Page page={page} title={`${name} · ${text.one}`} place="endpoints">
      <p class="crumb">
        <a href="/endpoints">{text.back}</a>
      </p>
      <div class="head">
        <div>
          <h1>{name}</h1>
          <p class="sub">
            <code id="endpoint-id">{endpoint.id}</code>{" "}
            <CopyButton page={page} from="endpoint-id" label={text.id} />
          </p>
        </div>
        <p class="big" role="status">
          <EndpointBadge page={page} status={endpoint.status} />
        </p>
      </div>
      {saying !== undefined && <Notice kind="good">{saying}</Notice>}
      {state.issues.length > 0 && <Summary page={page} issues={state.issues} />}
      <div class="split">
        <div class="column">
          <Trouble page={page} endpoint={endpoint} />
          {!page.isOperator && (
            <>
              <Test page={page} endpoint={endpoint} test={state.test} />
              <Settings page={page} endpoint={endpoint} state={state} />
            </>
          )}
        </div>
        <div class="column">
          <Facts page={page} endpoint={endpoint} />
          <Deliveries page={page} endpoint={endpoint} />
          <Disable page={page} endpoint={endpoint} />
          {!page.isOperator && <Remove page={page} endpoint={endpoint} />}
        </div>
      </div>
    </Page>
  );
}

type PartProps = Pick<EndpointProps, "page" | "endpoint">;

/** Why nothing is delivered, and what to do about it. */
function Trouble({ page, endpoint }: PartProps) {
  const { endpoints: text, task } = page.text;
  const { disabled_reason: reason, failing_since: since } = endpoint;
  if (reason === null && since === null) return null;
  return (
    <section class={`card panel stack${reason === "manual" ? "" : " failure"}`} id="trouble">
      <h2>{text.status[endpoint.status]}</h2>
      <p>
        {reason === null ? text.failingWhy : text.why[reason]}
        {reason === null && since !== null && (
          <>
            {" "}
            <Distance page={page} iso={since} />
          </>
        )}
      </p>
      <h3>{task.whatToDo}</h3>
      <p>{todoOf(page, reason)}</p>
      {reason !== null && (
        <>
          <p>{text.missed}</p>
          <form method="post" action={`/endpoints/${endpoint.id}/enable`}>
            <button type="submit">{text.enable}</button>
          </form>
        </>
      )}
    </section>
  );
}

/** An operator can only enable and disable it. */
function todoOf(
  { isOperator, text: { endpoints: text } }: PageContext,
  reason: EndpointJson["disabled_reason"],
) {
  if (reason === "manual") return text.todo.manual;
  if (isOperator) return text.operatorTodo;
  return reason === null ? text.failingTodo : text.todo[reason];
}

function Test({ page, endpoint, test }: PartProps & { test: EndpointState["test"] | undefined }) {
  const { endpoints: text, create } = page.text;
  return (
    <section class="card panel stack" id="test">
      <h2>{text.test}</h2>
      <p class="hint">{text.testLead}</p>
      {test && <PingResult page={page} answer={test.answer} />}
      <form method="post" action={`/endpoints/${endpoint.id}/test#test`} class="stack">
        <div class="field">
          <label for="type">{text.testType}</label>
          <select id="type" name="type">
            <option value="ping">{text.ping}</option>
            {EVENT_TYPES.map((event) => (
              <option value={event} selected={event === test?.type}>
                {text.sample(create.eventNames[event])}
              </option>
            ))}
          </select>
        </div>
        <button class="primary" type="submit">
          {text.send}
        </button>
      </form>
    </section>
  );
}

function Settings({ page, endpoint, state: { typed, issues } }: EndpointProps) {
  const text = page.text.endpoints;
  const problems = new Map(issues.map(({ field, message }) => [field, message]));
  return (
    <section class="card panel stack" id="settings">
      <h2>{text.settings}</h2>
      <p class="hint">{text.settingsLead}</p>
      <form method="post" action={`/endpoints/${endpoint.id}`} class="stack">
        <EndpointFields page={page} typed={typed} problems={problems} endpoint={endpoint} />
        <button class="primary" type="submit">
          {text.save}
        </button>
      </form>
    </section>
  );
}

function Facts({ page, endpoint }: PartProps) {
  const { endpoints: text, task } = page.text;
  return (
    <section class="card panel">
      <h2>{task.facts}</h2>
      <dl class="facts">
        <dt>{text.url}</dt>
        <dd>
          <code>{endpoint.url}</code>
        </dd>
        <dt>{text.headers}</dt>
        <dd>
          {endpoint.header_names.length === 0 ? (
            text.noHeaders
          ) : (
            <>
              <code>{endpoint.header_names.join(", ")}</code>
              <p class="hint">{text.headersHidden}</p>
            </>
          )}
        </dd>
        <dt>{text.registeredAt}</dt>
        <dd>
          <Instant iso={endpoint.created_at} />
        </dd>
      </dl>
    </section>
  );
}

/** What there is to be seen, and to be sent again, of the tasks that this endpoint receives. */
function Deliveries({ page, endpoint: { id } }: PartProps) {
  const text = page.text.endpoints;
  const every = new URLSearchParams({ endpoint: id });
  const failed = new URLSearchParams({ endpoint: id, callback_status: "exhausted,stopped" });
  const again = new URLSearchParams({ statuses: "exhausted,stopped", endpoint: id });
  return (
    <section class="card panel stack" id="deliveries">
      <h2>{text.deliveries}</h2>
      <ul class="ways">
        <li>
          <a href={`/?${failed.toString()}`}>{text.notDelivered}</a>
        </li>
        <li>
          <a href={`/?${every.toString()}`}>{text.every}</a>
        </li>
      </ul>
      <p>
        <a class="button" href={`/recoveries/new?${again.toString()}`}>
          {text.again}
        </a>
      </p>
    </section>
  );
}

/** The way back stands beside the reason. */
function Disable({ page, endpoint: { id, status } }: PartProps) {
  const text = page.text.endpoints;
  if (status === "disabled") return null;
  return (
    <section class="card panel stack" id="disable">
      <h2>{text.disable}</h2>
      <p class="hint">{text.disableLead}</p>
      <form method="post" action={`/endpoints/${id}/disable`}>
        <button type="submit">{text.disable}</button>
      </form>
    </section>
  );
}

/** The first click opens the question, the second answers it; both work without a script. */
function Remove({ page, endpoint: { id } }: PartProps) {
  const text = page.text.endpoints;
  return (
    <details class="card panel" id="remove">
      <summary>{text.remove}</summary>
      <p class="hint">{text.removeLead}</p>
      <form method="post" action={`/endpoints/${id}/delete`}>
        <button class="danger" type="submit">
          {text.removeConfirm}
        </button>
      </form>
    </details>
  );
}
