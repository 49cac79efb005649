import type { ApiError } from "../../../http/errors.ts";
import type { FormIssue } from "../../forms/new-task-fields.ts";
import type { PageContext } from "../../page-context.ts";
import { operatorRefusal } from "../parts/error-words.ts";
import { Code, Notice } from "../parts/parts.tsx";

/** What stands above the form after it was refused. */

/** The browser's script keeps the list at what the live check finds. */
export function Summary({ page, issues }: { page: PageContext; issues: readonly FormIssue[] }) {
  return (
    <div class="notice is-bad" role="alert" data-summary>
      <p>
        <strong>{page.text.create.invalid}</strong>
      </p>
      <ul>
        {issues.map(({ path, field, label, message }) => (
          <li>
            <a href={`#${field}`}>{label}</a> <code>{path}</code> {message}
          </li>
        ))}
      </ul>
    </div>
  );
}

export function Refusal({ page, refusal }: { page: PageContext; refusal: ApiError }) {
  const { text } = page;
  const { upstream } = refusal.options;
  const ofOperator = operatorRefusal(page, refusal.code);
  return (
    <Notice kind="bad">
      <p>
        <strong>{text.create.notStarted}</strong>
      </p>
      {ofOperator === null ? (
        <p>{text.errors[refusal.code]}</p>
      ) : (
        <p>
          {ofOperator} {text.operatorErrors.tellRequest(page.requestId)}
        </p>
      )}
      {upstream !== undefined && (
        <details open>
          <summary>
            {text.create.upstreamSaid} · {upstream.status}
          </summary>
          <Code label={text.create.upstreamSaid}>{JSON.stringify(upstream.body, null, 2)}</Code>
        </details>
      )}
    </Notice>
  );
}
