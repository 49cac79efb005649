import type { Child } from "hono/jsx";
import { RawText, type RequestObject } from "../../../http/body/json-body.ts";
import { described, Field, type FieldProps } from "../parts/parts.tsx";
import type { PageContext } from "../../page-context.ts";

/** The kinds of fields that the form of a new task is made of. */

/** What every part of the form is rendered from. */
export interface FormProps {
  page: PageContext;
  form: RequestObject;
  problems: ReadonlyMap<string, string>;
}

interface ControlProps extends FormProps {
  id: string;
  label: string;
  hint?: string;
}

export function Select({
  form,
  problems,
  id,
  label,
  hint,
  options,
}: ControlProps & { options: [string, string][] }) {
  const field = { id, label, hint, problem: problems.get(id) };
  return (
    <Field {...field}>
      <select {...described(field)}>
        {options.map(([value, name]) => (
          <option value={value} selected={value === textIn(form, id)}>
            {name}
          </option>
        ))}
      </select>
    </Field>
  );
}

interface TextAreaProps extends ControlProps {
  rows: number;
  code?: boolean;
  children?: Child;
}

export function TextArea({ form, problems, id, label, hint, rows, code = false, children }: TextAreaProps) {
  const field = { id, label, hint, problem: problems.get(id) };
  return (
    <Field {...field}>
      <textarea {...described(field)} rows={rows} {...(code ? { class: "code", spellcheck: false } : {})}>
        {textIn(form, id)}
      </textarea>
      {children}
    </Field>
  );
}

/** What the field was sent with. A large image does not make the way back: the page would be as large. */
export function textIn(form: RequestObject, name: string): string {
  const value = form[name];
  if (value === undefined || value === null || value instanceof RawText) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A line of text that is no language. */
export function CodeInput({ form, field }: { form: RequestObject; field: FieldProps }) {
  return (
    <input
      {...described(field)}
      class="code"
      value={textIn(form, field.id)}
      autocapitalize="off"
      autocomplete="off"
      spellcheck={false}
    />
  );
}

export function ImageField({ page, form, problems, id, label }: FormProps & { id: string; label: string }) {
  const text = page.text.create;
  const lost = form[id] instanceof RawText;
  const hint = lost ? text.imageLost : text.imageHint;
  const field = { id, label, hint, problem: problems.get(id) };
  return (
    <Field {...field}>
      <CodeInput form={form} field={field} />
      <p class="choose" data-choose={id} hidden>
        <label class="button">
          {text.choose}
          <input class="visually-hidden" type="file" accept="image/*" />
        </label>
      </p>
      <img
        class="preview"
        data-preview={id}
        alt={page.text.shell.pair(text.preview, label)}
        referrerpolicy="no-referrer"
        hidden
      />
    </Field>
  );
}
