import { ASPECT_RATIOS, DURATIONS_SECONDS, RESOLUTIONS } from "../../../contract/create.ts";
import { Page } from "../page.tsx";
import { described, Field } from "../parts/parts.tsx";
import { ImageField, Select, TextArea, textIn, type FormProps } from "./new-task-controls.tsx";
import { CreateForm, CreateHead, typedForm, type CreatePageProps } from "./create-form.tsx";
import { Callback, More, Test } from "./own-fields.tsx";
import { modeIn, MODES } from "../../forms/new-task-request.ts";

export function NewTaskPage({ page, form, formKey, issues, refusal, curl, keepMode }: CreatePageProps) {
  const text = page.text.create;
  const problems = new Map(issues.map(({ field, message }) => [field, message]));
  const parts = { page, form, problems };
  return (
    <Page page={page} title={text.title} place="new" scripts={["new-task"]} {...typedForm("/new")}>
      <CreateHead page={page} title={text.title} lead={text.lead} />
      <CreateForm
        page={page}
        action="/new"
        models="/new/models"
        formKey={formKey}
        issues={issues}
        refusal={refusal}
        curl={curl}
      >
        <Test {...parts} />
        <Modes {...parts} />
        <Picture {...parts} />
        <Callback {...parts} />
        <More {...parts} keepMode={keepMode} />
      </CreateForm>
    </Page>
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
