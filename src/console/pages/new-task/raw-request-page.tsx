import type { CreatePattern } from "../../../http/create/create-path.ts";
import { nameField, targetChoice } from "../../forms/raw-request.ts";
import { Page } from "../page.tsx";
import { described, Field } from "../parts/parts.tsx";
import { CreateForm, CreateHead, typedForm, type CreatePageProps } from "./create-form.tsx";
import { CodeInput, TextArea, type FormProps } from "./new-task-controls.tsx";
import { Callback, More, Test } from "./own-fields.tsx";

interface RawRequestProps extends CreatePageProps {
  patterns: readonly CreatePattern[];
}

const ACTION = "/new/upstream";

export function RawRequestPage(props: RawRequestProps) {
  const { page, form, formKey, issues, refusal, curl, keepMode, patterns } = props;
  const text = page.text.raw;
  const problems = new Map(issues.map(({ field, message }) => [field, message]));
  const parts = { page, form, problems };
  return (
    <Page page={page} title={text.title} place="new" scripts={["raw-request"]} {...typedForm(ACTION)}>
      <CreateHead page={page} title={text.title} lead={text.lead} />
      <CreateForm page={page} action={ACTION} formKey={formKey} issues={issues} refusal={refusal} curl={curl}>
        <section class="card panel stack">
          <Target {...parts} patterns={patterns} />
          <Names {...parts} patterns={patterns} />
          <TextArea {...parts} id="body" label={text.body} hint={text.bodyHint} rows={12} code />
        </section>
        <Test {...parts} />
        <Callback {...parts} />
        <More {...parts} keepMode={keepMode} />
      </CreateForm>
    </Page>
  );
}

type TargetProps = FormProps & { patterns: readonly CreatePattern[] };

function Target({ page, form, problems, patterns }: TargetProps) {
  const text = page.text.raw;
  const field = { id: "target", label: text.target, hint: text.targetHint, problem: problems.get("target") };
  return (
    <Field {...field}>
      <select {...described(field)} class="code">
        {patterns.map((pattern) => {
          const choice = targetChoice(pattern);
          return (
            <option
              value={choice}
              selected={choice === form["target"]}
              {...(pattern.names.length > 0 ? { class: "has-names" } : {})}
            >
              {choice}
            </option>
          );
        })}
      </select>
    </Field>
  );
}

/** One field for each name, whichever pattern it is of; the style sheet shows them when the chosen one has any. */
function Names({ page, form, problems, patterns }: TargetProps) {
  const text = page.text.raw;
  const names = new Set(patterns.flatMap((pattern) => pattern.names));
  if (names.size === 0) return null;
  return (
    <div class="only-named stack">
      {Array.from(names, (name) => {
        const id = nameField(name);
        const field = { id, label: text.name(name), hint: text.nameHint, problem: problems.get(id) };
        return (
          <Field {...field}>
            <CodeInput form={form} field={field} />
          </Field>
        );
      })}
    </div>
  );
}
