import { CALLBACK_FILTERS, TASK_STATUSES } from "../../../contract/words.ts";
import type { EndpointJson } from "../../../contract/shapes/endpoint.ts";
import type { PageContext } from "../../page-context.ts";
import { endpointName } from "../endpoints/endpoint-name.ts";
import { described, Field, Notice } from "../parts/parts.tsx";
import { filtersIn, listPath, metadataIn, SEARCH } from "./list-query.ts";

/** What is wrong with a parameter, in the reader's language. */
export type Problems = ReadonlyMap<string, string>;

interface FilterProps {
  page: PageContext;
  query: URLSearchParams;
}

type WithEndpoints = FilterProps & { endpoints: readonly EndpointJson[] };

/** The callbacks that one looks for by a click; the form has all of them. */
const QUICK_CALLBACKS = ["pending", "delivered", "exhausted", "stopped"] as const;
const FAILED = "exhausted,stopped";

/** The two questions that come first; each keeps the answers to all others. */
export function QuickFilters({ page, query }: FilterProps) {
  const { list: text, filters, status, callback } = page.text;
  const byCallback = query.has("endpoint") ? filters.byDeliveryThere : filters.byCallback;
  return (
    <div class="quick">
      <nav class="filter" aria-label={text.filter}>
        <QuickLink query={query} name="status" value={null} label={text.all} />
        {TASK_STATUSES.map((value) => (
          <QuickLink query={query} name="status" value={value} label={status[value]} />
        ))}
      </nav>
      <nav class="filter" aria-label={byCallback}>
        <span class="filter-name" aria-hidden="true">
          {byCallback}
        </span>
        <QuickLink query={query} name="callback_status" value={null} label={text.all} />
        {QUICK_CALLBACKS.map((value) => (
          <QuickLink query={query} name="callback_status" value={value} label={callback[value]} />
        ))}
      </nav>
    </div>
  );
}

interface QuickLinkProps {
  query: URLSearchParams;
  name: string;
  value: string | null;
  label: string;
}

function QuickLink({ query, name, value, label }: QuickLinkProps) {
  const current = query.get(name) === value ? { "aria-current": "true" as const } : {};
  return (
    <a href={listPath(query, { [name]: value })} {...current}>
      {label}
    </a>
  );
}

/** One line for whatever one has at hand. */
export function SearchBox({ page, query }: FilterProps) {
  const { list: text, filters } = page.text;
  return (
    <form class="search" method="get" action="/" role="search">
      <input
        type="search"
        name={SEARCH}
        placeholder={filters.searchHint}
        aria-label={filters.search}
        maxlength={2000}
        autocapitalize="off"
        autocomplete="off"
        spellcheck={false}
      />
      {query.has("limit") && <input type="hidden" name="limit" value={query.get("limit") ?? ""} />}
      <button type="submit">{text.find}</button>
    </form>
  );
}

/** What the list is filtered by, each with the way to do without it. */
export function Chips({ page, query, endpoints }: WithEndpoints) {
  const { filters: text } = page.text;
  const shown = filtersIn(query).filter((name) => !["status", "callback_status"].includes(name));
  if (shown.length === 0) return null;
  return (
    <ul class="chips" aria-label={text.active}>
      {shown.map((name) => {
        const label = page.text.shell.pair(filterName(page, name), valueOf(query, name, endpoints));
        return (
          <li>
            <a href={listPath(query, { [name]: null })} aria-label={text.remove(label)}>
              {label} <span aria-hidden="true">×</span>
            </a>
          </li>
        );
      })}
      <li>
        <a href={listPath(new URLSearchParams())}>{text.clear}</a>
      </li>
    </ul>
  );
}

/** The name of a filter as the page writes it; a member of the metadata goes by its own. */
function filterName({ text }: PageContext, parameter: string): string {
  return new Map(Object.entries(text.filters.fields)).get(parameter) ?? parameter;
}

/** An endpoint goes by its name, unless it was deleted. */
function valueOf(query: URLSearchParams, name: string, endpoints: readonly EndpointJson[]): string {
  const value = query.get(name) ?? "";
  const endpoint = name === "endpoint" ? endpoints.find(({ id }) => id === value) : undefined;
  return endpoint === undefined ? value : endpointName(endpoint);
}

const METADATA_FIELDS = 3;
const PAGE_SIZES = ["20", "50", "100"];

/** All filters of the API, as a form that a browser without scripts sends. Open where something is wrong with it. */
export function FilterForm({ page, query, problems, endpoints }: WithEndpoints & { problems: Problems }) {
  const { text } = page;
  const { filters } = text;
  const field = (id: keyof typeof filters.fields, hint?: string) => ({
    id,
    label: filters.fields[id],
    hint,
    problem: problems.get(id),
  });
  const value = (name: string): string => query.get(name) ?? "";
  const hasUpstreams = page.upstreams.length > 0;
  const host = field("callback_host", filters.hostHint);
  const metadata = field("metadata", filters.metadataHint);
  const texts = [field("model"), field("upstream_task_id")];
  const instants = [field("created_after"), field("created_before")];
  const others = [...problems]
    .filter(([name]) => !(name in filters.fields) || (name === "upstream_name" && !hasUpstreams))
    .map(([name, sentence]) => (name === "cursor" ? text.problem.linkExpired : `${name} ${sentence}`));
  return (
    <details class="filters" open={problems.size > 0}>
      <summary>{filters.more}</summary>
      {problems.size > 0 && (
        <Notice kind="bad">
          {others.length === 0
            ? filters.problems
            : text.shell.pair(filters.problems, others.join(text.shell.comma))}
        </Notice>
      )}
      <form class="card panel" method="get" action="/">
        <div class="filter-fields">
          <Choice page={page} field={field("status")} value={value("status")} choices={statusChoices(page)} />
          <Choice
            page={page}
            field={field("callback_status")}
            value={value("callback_status")}
            choices={callbackChoices(page)}
          />
          <Choice
            page={page}
            field={field("test")}
            value={value("test")}
            choices={Object.entries(filters.testValues)}
          />
          {hasUpstreams && (
            <Choice
              page={page}
              field={field("upstream_name")}
              value={value("upstream_name")}
              choices={page.upstreams.map(({ name }) => [name, name])}
            />
          )}
          <Field {...host}>
            <input
              {...described(host)}
              class="code"
              value={value(host.id)}
              autocapitalize="off"
              spellcheck={false}
            />
          </Field>
          <Choice
            page={page}
            field={field("endpoint", filters.endpointHint)}
            value={value("endpoint")}
            choices={endpoints.map((endpoint) => [endpoint.id, endpointName(endpoint)])}
          />
          {texts.map((one) => (
            <Field {...one}>
              <input
                {...described(one)}
                class="code"
                value={value(one.id)}
                autocapitalize="off"
                spellcheck={false}
              />
            </Field>
          ))}
          {instants.map((one) => (
            <Field {...one}>
              <input {...described(one)} {...instantInput(value(one.id))} />
            </Field>
          ))}
          <Field {...metadata}>
            <Members page={page} field={metadata} values={metadataIn(query)} />
          </Field>
          <Choice
            page={page}
            field={field("limit")}
            value={value("limit") || "20"}
            choices={PAGE_SIZES.map((size) => [size, size])}
            isOptional={false}
          />
        </div>
        <div class="row">
          <button class="primary" type="submit">
            {filters.show}
          </button>
          <a href="/">{filters.clear}</a>
        </div>
      </form>
    </details>
  );
}

/** The browser's own field for a date and a time, unless the address has what such a field cannot show. */
function instantInput(value: string): { type: string; value: string } {
  const local = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?Z?)?$/.exec(value);
  if (value === "") return { type: "datetime-local", value };
  return local === null
    ? { type: "text", value }
    : { type: "datetime-local", value: `${local[1]}T${local[2] ?? "00:00"}` };
}

type FieldOf = Parameters<typeof described>[0] & { label: string };

function Members({ page, field, values }: { page: PageContext; field: FieldOf; values: string[] }) {
  const { id: _, ...attributes } = described(field);
  const lines = [...values, ...Array.from({ length: METADATA_FIELDS }, () => "")].slice(
    0,
    Math.max(METADATA_FIELDS, values.length),
  );
  return (
    <div class="members">
      {lines.map((value, index) => (
        <input
          {...attributes}
          id={index === 0 ? field.id : `${field.id}-${index}`}
          {...(index === 0 ? {} : { "aria-label": `${page.text.filters.fields.metadata} ${index + 1}` })}
          class="code"
          value={value}
          autocapitalize="off"
          spellcheck={false}
        />
      ))}
    </div>
  );
}

interface ChoiceProps {
  page: PageContext;
  field: FieldOf;
  value: string;
  choices: readonly (readonly [value: string, name: string])[];
  /** Whether it may be left open. */
  isOptional?: boolean;
}

/** A value of the address that is none of the choices is one more. */
function Choice({ page, field, value, choices, isOptional = true }: ChoiceProps) {
  const isOwn = value !== "" && !choices.some(([choice]) => choice === value);
  return (
    <Field {...field}>
      <select {...described(field)}>
        {isOptional && <option value="">{page.text.filters.any}</option>}
        {[...choices, ...(isOwn ? [[value, value] as const] : [])].map(([choice, name]) => (
          <option value={choice} selected={choice === value}>
            {name}
          </option>
        ))}
      </select>
    </Field>
  );
}

function statusChoices({ text }: PageContext): [string, string][] {
  return TASK_STATUSES.map((status) => [status, text.status[status]]);
}

function callbackChoices({ text }: PageContext): [string, string][] {
  const one = CALLBACK_FILTERS.map((status): [string, string] => [status, text.callback[status]]);
  return [...one, [FAILED, text.filters.failedOrStopped]];
}
