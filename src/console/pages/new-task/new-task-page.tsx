import type { ApiError } from "../../../http/errors.ts";
import { ASPECT_RATIOS, DURATIONS_SECONDS, RESOLUTIONS } from "../../../contract/create.ts";
import { EVENT_TYPES } from "../../../contract/words.ts";
import type { RequestObject } from "../../../http/body/json-body.ts";
import { Page } from "../page.tsx";
import { Code, CopyButton, described, Field } from "../parts/parts.tsx";
import { ImageField, Select, TextArea, textIn, type FormProps } from "./new-task-controls.tsx";
import { Keep, type KeepMode } from "./keep-field.tsx";
import { Refusal, Summary } from "./new-task-notices.tsx";
import type { FormIssue } from "../../forms/new-task-fields.ts";
import { modeIn, MODES } from "../../forms/new-task-request.ts";
import type { PageContext } from "../../page-context.ts";

interface NewTaskProps {
  page: PageContext;
  form: RequestObject;
  formKey: string;
  issues: readonly FormIssue[];
  /** What the upstream, or Ringback, said no with. */
  refusal: ApiError | null;
  curl: string;
  /** Which results the deployment keeps a copy of. */
  keepMode: KeepMode;
}

export function NewTaskPage({ page, form, formKey, issues, refusal, curl, keepMode }: NewTaskProps) {
  const text = page.text.create;
  const problems = new Map(issues.map(({ field, message }) => [field, message]));
  const parts = { page, form, problems };
  return (
    <Page page={page} title={text.title} place="new" scripts={["new-task"]} typedForm="new-task">
      <div class="head">
        <div>
          <h1>{text.title}</h1>
          <p class="lead">{text.lead}</p>
        </div>
      </div>
      {issues.length > 0 && <Summary page={page} issues={issues} />}
      {refusal !== null && <Refusal page={page} refusal={refusal} />}
      <form
        id="new-task"
        class="split new-task"
        method="post"
        action="/new"
        data-check="/new/check"
        data-models="/new/models"
      >
        <input type="hidden" name="form_key" value={formKey} />
        <div class="column">
          <Test {...parts} />
          <Modes {...parts} />
          <Picture {...parts} />
          <Callback {...parts} />
          <More {...parts} keepMode={keepMode} />
          <p class="send">
            <button class="primary" type="submit">
              {text.submit}
            </button>
            <span
              class="hint"
              role="status"
              data-verdict
              data-valid={text.valid}
              data-invalid={text.invalid}
            ></span>
          </p>
        </div>
        <div class="column beside">
          <section class="card panel">
            <div class="with-copy">
              <h2>{text.curl}</h2>
              <CopyButton page={page} from="curl" label={text.curl} />
            </div>
            <Code id="curl" label={text.curl}>
              {curl}
            </Code>
            <p class="hint">{text.curlHint}</p>
          </section>
        </div>
      </form>
    </Page>
  );
}

/** First of all whether anything is paid. */
function Test(parts: FormProps) {
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

/** From what the video is made. Which fields belong to which mode is a matter of the style sheet, not of a script. */
function Modes(parts: FormProps) {
  const text = parts.page.text.create;
  const mode = modeIn(parts.form);
  return (
    <section class="card panel stack">
      <fieldset>
        <legend class="group-label">{text.mode}</legend>
        <div class="modes">
          {MODES.map((name) => (
            <label class="mode">
              <input type="radio" id={`mode-${name}`} name="mode" value={name} checked={mode === name} />
              <span>
                <strong>{text.modes[name]}</strong>
                <span class="hint">{text.modeHints[name]}</span>
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      <TextArea {...parts} id="prompt" label={text.prompt} hint={text.promptHint} rows={5}>
        <output class="hint counter" data-counter="prompt"></output>
      </TextArea>
      <div class="only-image pair">
        <ImageField {...parts} id="image" label={text.image} />
        <ImageField {...parts} id="end_image" label={text.endImage} />
      </div>
      <div class="only-reference">
        <TextArea
          {...parts}
          id="reference_images"
          label={text.references}
          hint={text.referencesHint}
          rows={4}
          code
        >
          <div class="previews" data-previews="reference_images"></div>
        </TextArea>
      </div>
    </section>
  );
}

function Picture(parts: FormProps) {
  const { page, form, problems } = parts;
  const text = page.text.create;
  const model = { id: "model", label: text.model, hint: text.modelHint, problem: problems.get("model") };
  return (
    <section class="card panel stack">
      <h2>{text.picture}</h2>
      <Field {...model}>
        <input
          {...described(model)}
          class="code"
          required
          list="models"
          value={textIn(form, "model")}
          autocomplete="off"
        />
        <datalist id="models"></datalist>
      </Field>
      <div class="triple">
        <Select
          {...parts}
          id="aspect_ratio"
          label={text.ratio}
          options={ASPECT_RATIOS.map((value) => [value, value])}
        />
        <Select
          {...parts}
          id="duration_seconds"
          label={text.duration}
          options={DURATIONS_SECONDS.map((value) => [
            String(value),
            value === -1 ? text.automatic : page.text.time.seconds(value),
          ])}
        />
        <Select
          {...parts}
          id="resolution"
          label={text.resolution}
          options={RESOLUTIONS.map((value) => [value, value])}
        />
      </div>
      <label class="check">
        <input
          type="checkbox"
          id="with_audio"
          name="with_audio"
          value="true"
          checked={form["with_audio"] === "true"}
        />
        {text.audio}
      </label>
    </section>
  );
}

function Callback(parts: FormProps) {
  const { page, form, problems } = parts;
  const text = page.text.create;
  const url = {
    id: "callback_url",
    label: text.callbackUrl,
    hint: text.callbackUrlHint,
    problem: problems.get("callback_url"),
  };
  const chosen = form["callback_events"];
  return (
    <section class="card panel stack">
      <h2>{text.callback}</h2>
      <Field {...url}>
        <input
          {...described(url)}
          class="code"
          type="url"
          value={textIn(form, "callback_url")}
          autocomplete="off"
        />
      </Field>
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

function More({ keepMode, ...parts }: FormProps & { keepMode: KeepMode }) {
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
