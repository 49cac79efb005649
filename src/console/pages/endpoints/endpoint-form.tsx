import type { EndpointJson } from "../../../contract/shapes/endpoint.ts";
import { EVENT_TYPES } from "../../../contract/words.ts";
import type { TypedEndpoint } from "../../forms/endpoint-request.ts";
import type { PageContext } from "../../page-context.ts";
import { described, Field } from "../parts/parts.tsx";
import { UrlField } from "../parts/receiver-fields.tsx";

interface FieldsProps {
  page: PageContext;
  typed: TypedEndpoint;
  /** What is wrong, by field. */
  problems: ReadonlyMap<string, string>;
  /** The one that is changed; null: it is not registered yet. */
  endpoint: EndpointJson | null;
}

/** What one sets for an endpoint, to register it and to change it. */
export function EndpointFields({ page, typed, problems, endpoint }: FieldsProps) {
  const { endpoints: text, create } = page.text;
  const field = (id: string, label: string, hint?: string) => ({
    id,
    label,
    hint,
    problem: problems.get(id),
  });
  const description = field("description", text.description, text.descriptionHint);
  return (
    <>
      <UrlField {...field("url", text.url, text.urlHint)} value={typed.url} required />
      <Field {...description}>
        <input {...described(description)} value={typed.description} autocomplete="off" />
      </Field>
      <Events page={page} chosen={typed.events} problem={problems.get("events")} />
      <Format page={page} chosen={typed.format} field={field("format", create.format)} />
      <Headers page={page} typed={typed} problem={problems.get("headers")} endpoint={endpoint} />
    </>
  );
}

interface EventsProps {
  page: PageContext;
  chosen: readonly string[];
  problem: string | undefined;
}

function Events({ page, chosen, problem }: EventsProps) {
  const { create } = page.text;
  return (
    <fieldset id="events" aria-describedby="events-problem">
      <legend class="group-label">{create.events}</legend>
      <div class="checks">
        {EVENT_TYPES.map((event) => (
          <label class="check">
            <input type="checkbox" name="events" value={event} checked={chosen.includes(event)} />
            {create.eventNames[event]}
          </label>
        ))}
      </div>
      <p class="problem" id="events-problem" hidden={problem === undefined}>
        {problem}
      </p>
    </fieldset>
  );
}

interface FormatProps {
  page: PageContext;
  chosen: string;
  field: Parameters<typeof described>[0] & { label: string };
}

function Format({ page, chosen, field }: FormatProps) {
  return (
    <Field {...field}>
      <select {...described(field)}>
        {Object.entries(page.text.create.formats).map(([value, name]) => (
          <option value={value} selected={value === chosen}>
            {name}
          </option>
        ))}
      </select>
    </Field>
  );
}

type HeadersProps = Omit<FieldsProps, "problems"> & { problem: string | undefined };

/** Empty whatever was typed or is stored: a value of a header is a secret of its receiver. */
function Headers({ page, typed, problem, endpoint }: HeadersProps) {
  const { endpoints: text, create } = page.text;
  const hasStored = endpoint !== null && endpoint.header_names.length > 0;
  const field = {
    id: "headers",
    label: hasStored ? text.newHeaders : create.headers,
    hint: hasStored ? text.newHeadersHint : create.headersHint,
    problem,
  };
  return (
    <>
      <Field {...field}>
        <textarea {...described(field)} class="code" rows={2} spellcheck={false}></textarea>
        {typed.hasHeaders && <p class="problem">{text.headersAgain}</p>}
      </Field>
      {hasStored && (
        <label class="check">
          <input type="checkbox" name="drop_headers" value="true" checked={typed.dropsHeaders} />
          {text.dropHeaders}
        </label>
      )}
    </>
  );
}
