import { DEFAULT_EVENTS } from "../../../contract/words.ts";
import { FIRST_FORM } from "../../forms/first-form.ts";
import type { PageContext } from "../../page-context.ts";
import { hasAio, newTaskPath } from "../parts/new-task-path.ts";
import { UrlField } from "../parts/receiver-fields.tsx";

/** The form of a new task filled in for a test, so that one click starts it: refused, it comes back as that form. */
const TEST_FORM: [name: string, value: string][] = Object.entries({
  ...FIRST_FORM,
  prompt: "A lighthouse at dusk.",
  test_outcome: "succeeded",
});

/** `formKey`: two clicks start one test. */
export function TestStep({ page, formKey }: { page: PageContext; formKey: string }) {
  const { start: text, create } = page.text;
  if (!hasAio(page)) return <OtherTest page={page} />;
  return (
    <section class="card panel stack" id="test">
      <h2>{text.test}</h2>
      <p class="hint">{text.testLead}</p>
      <form method="post" action="/new" class="stack">
        <input type="hidden" name="form_key" value={formKey} />
        {TEST_FORM.map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        {DEFAULT_EVENTS.map((event) => (
          <input type="hidden" name="callback_events" value={event} />
        ))}
        <UrlField id="callback_url" label={create.callbackUrl} hint={text.testUrlHint} />
        <button class="primary" type="submit">
          {text.test}
        </button>
      </form>
    </section>
  );
}

/** What a test at another upstream is about is the reader's to write. */
function OtherTest({ page }: { page: PageContext }) {
  const { text } = page;
  return (
    <section class="card panel stack" id="test">
      <h2>{text.start.test}</h2>
      <p class="hint">{text.create.testHint}</p>
      <p>
        <a class="button primary" href={newTaskPath(page)}>
          {text.shell.newTask}
        </a>
      </p>
    </section>
  );
}
