import { EVENT_TYPES } from "../../../contract/words.ts";
import { described, Field } from "../parts/parts.tsx";
import { UrlField } from "../parts/receiver-fields.tsx";
import { Keep, type KeepMode } from "./keep-field.tsx";
import { Select, TextArea, textIn, type FormProps } from "./new-task-controls.tsx";

/** Ringback's own fields of a create: they are the same wherever the video is made. */

/** First of all whether anything is paid. */
export function Test(parts: FormProps) {
  const { page, form, problems } = parts;
  const text = page.text.create;
  const delay = { id: "test_delay", label: text.delay, problem: problems.get("test_delay") };
  const { none, ...outcomes } = text.testOutcomes;
  return (
    <section class="card panel stack">
      <div class="pair">
        <Select
          {...parts}
          id="test_outcome"
          label={text.test}
          hint={text.testHint}
          options={[["", none], ...Object.entries(outcomes)]}
        />
        <div class="only-test">
          <Field {...delay}>
            <input {...described(delay)} inputmode="numeric" value={textIn(form, "test_delay")} />
          </Field>
        </div>
      </div>
    </section>
  );
}

export function Callback(parts: FormProps) {
  const { page, form, problems } = parts;
  const text = page.text.create;
  const chosen = form["callback_events"];
  return (
    <section class="card panel stack">
      <h2>{text.callback}</h2>
      <UrlField
        id="callback_url"
        label={text.callbackUrl}
        hint={text.callbackUrlHint}
        problem={problems.get("callback_url")}
        value={textIn(form, "callback_url")}
      />
      <fieldset id="callback_events">
        <legend class="group-label">{text.events}</legend>
        <div class="checks">
          {EVENT_TYPES.map((event) => (
            <label class="check">
              <input
                type="checkbox"
                name="callback_events"
                value={event}
                checked={Array.isArray(chosen) ? chosen.includes(event) : chosen === event}
              />
              {text.eventNames[event]}
            </label>
          ))}
        </div>
      </fieldset>
      <div class="pair">
        <Select {...parts} id="callback_format" label={text.format} options={Object.entries(text.formats)} />
      </div>
      <TextArea {...parts} id="callback_headers" label={text.headers} hint={text.headersHint} rows={2} code />
      <Endpoints {...parts} />
    </section>
  );
}

/** The style sheet shows the box that counts: a test tells no endpoint of itself unless it is asked to. */
function Endpoints({ page, form }: FormProps) {
  const { create: text, endpoints } = page.text;
  return (
    <div>
      {(["endpoints", "test_endpoints"] as const).map((name) => (
        <label class={`check ${name === "endpoints" ? "not-test" : "only-test"}`}>
          <input type="checkbox" id={name} name={name} value="true" checked={form[name] === "true"} />
          {text.endpoints}
        </label>
      ))}
      <p class="hint">
        {text.endpointsHint} <a href="/endpoints">{endpoints.title}</a>
      </p>
    </div>
  );
}

export function More({ keepMode, ...parts }: FormProps & { keepMode: KeepMode }) {
  const { page, form, problems } = parts;
  const text = page.text.create;
  const timeout = {
    id: "timeout_seconds",
    label: text.timeout,
    hint: text.timeoutHint,
    problem: problems.get("timeout_seconds"),
  };
  return (
    <section class="card panel stack">
      <h2>{text.more}</h2>
      <Keep {...parts} keepMode={keepMode} />
      <TextArea {...parts} id="metadata" label={text.metadata} hint={text.metadataHint} rows={3} code />
      <Field {...timeout}>
        <input
          {...described(timeout)}
          class="short"
          inputmode="numeric"
          value={textIn(form, "timeout_seconds")}
        />
      </Field>
    </section>
  );
}
