import { newFormKey } from "../../forms/first-form.ts";
import type { PageContext } from "../../page-context.ts";
import { NoCodeStep } from "./start-page.tsx";
import { TestStep } from "./test-step.tsx";

/** In place of a list that has nothing yet. */
export function FirstSteps({ page }: { page: PageContext }) {
  const { start: text, list } = page.text;
  return (
    <div class="stack first-steps">
      <div>
        <p class="empty-title">{list.empty}</p>
        <p>{list.emptyLead}</p>
      </div>
      <div class="halves">
        <TestStep page={page} formKey={newFormKey()} />
        <NoCodeStep page={page} />
      </div>
      <p>
        <a href="/start">{text.more}</a>
      </p>
    </div>
  );
}
