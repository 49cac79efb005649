import type { Child } from "hono/jsx";
import { AIO } from "../../../contract/words.ts";
import type { RequestObject } from "../../../http/body/json-body.ts";
import type { ApiError } from "../../../http/errors.ts";
import type { FormIssue } from "../../forms/new-task-fields.ts";
import type { PageContext } from "../../page-context.ts";
import { PageHead } from "../page.tsx";
import { Code, CopyButton } from "../parts/parts.tsx";
import type { KeepMode } from "./keep-field.tsx";
import { Refusal, Summary } from "./new-task-notices.tsx";

/** What the pages that start a task have in common. */

/** The style sheet and the script know the form by it. */
const ID = "new-task";

/** What the language switch takes along, and where to. */
export function typedForm(action: string): { typedForm: string; languagePath: string } {
  return { typedForm: ID, languagePath: `${action}/language` };
}

export function CreateHead({ page, title, lead }: { page: PageContext; title: string; lead: string }) {
  return (
    <PageHead title={title} lead={lead}>
      <Ways page={page} />
    </PageHead>
  );
}

/** Between the form of `aio` and the requests of others, where a deployment has both. */
function Ways({ page: { path, text, upstreams } }: { page: PageContext }) {
  if (!upstreams.some(({ name }) => name === AIO)) return null;
  const ways = { "/new": text.raw.form, "/new/upstream": text.raw.others };
  const isOthers = path.startsWith("/new/upstream");
  return (
    <nav class="filter" aria-label={text.raw.ways}>
      {Object.entries(ways).map(([to, label]) => (
        <a href={to} {...((to === "/new") === isOthers ? {} : { "aria-current": "page" as const })}>
          {label}
        </a>
      ))}
    </nav>
  );
}

/** What a page that starts a task is rendered from. */
export interface CreatePageProps {
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

interface CreateFormProps extends Omit<CreatePageProps, "form" | "keepMode"> {
  action: string;
  /** Where names of models are listed. */
  models?: string;
  children?: Child;
}

/** The form, with the same request as a command beside it, below what it was refused for. */
export function CreateForm(props: CreateFormProps) {
  const { page, action, models, formKey, issues, refusal, curl, children } = props;
  const text = page.text.create;
  return (
    <>
      {issues.length > 0 && <Summary page={page} issues={issues} />}
      {refusal !== null && <Refusal page={page} refusal={refusal} />}
      <form
        id={ID}
        class="split new-task"
        method="post"
        action={action}
        data-check={`${action}/check`}
        {...(models === undefined ? {} : { "data-models": models })}
      >
        <input type="hidden" name="form_key" value={formKey} />
        <div class="column">
          {children}
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
    </>
  );
}
