import type { Child } from "hono/jsx";
import { problemText, type Issue } from "../../../contract/problems.ts";
import type { PageContext } from "../../page-context.ts";
import { described, Field, type FieldProps } from "./parts.tsx";

interface UrlProps extends Omit<FieldProps, "children"> {
  value?: string;
  required?: boolean;
}

export function UrlField({ value, required = false, ...field }: UrlProps) {
  return (
    <Field {...field}>
      <input
        {...described(field)}
        class="code"
        type="url"
        required={required}
        value={value}
        autocomplete="off"
      />
    </Field>
  );
}

/** The form that names a receiver, as it was filled in, and what is wrong with it. */
export interface TypedReceiver {
  url: string;
  headers: string;
  issues: readonly Issue[];
}

interface ReceiverProps {
  page: PageContext;
  typed: TypedReceiver;
  labels: { url: string; headers: string; headersHint: string };
  isRequired?: boolean;
  /** Between the two. */
  children?: Child;
}

/** A receiver of one call: its URL, and the headers that go along. */
export function ReceiverFields({ page, typed, labels, isRequired = false, children }: ReceiverProps) {
  const problemOf = (name: string): string | undefined => {
    const issue = typed.issues.find(({ path }) => path.split(".")[0] === name);
    return issue && problemText(issue, page.text.problems);
  };
  const headers = {
    id: "callback_headers",
    label: labels.headers,
    hint: labels.headersHint,
    problem: problemOf("callback_headers"),
  };
  return (
    <>
      <UrlField
        id="callback_url"
        label={labels.url}
        problem={problemOf("callback_url")}
        value={typed.url}
        required={isRequired}
      />
      {children}
      <Field {...headers}>
        <textarea {...described(headers)} class="code" rows={2} spellcheck={false}>
          {typed.headers}
        </textarea>
      </Field>
    </>
  );
}
