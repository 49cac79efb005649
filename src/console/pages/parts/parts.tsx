import type { Child } from "hono/jsx";
import type { CallbackStatus, TaskStatus } from "../../../contract/words.ts";
import { clock, distance } from "./spans.ts";
import type { PageContext } from "../../page-context.ts";

/** A colour and a word: the colour alone says nothing to some. */
export function StatusBadge({ page, status }: { page: PageContext; status: TaskStatus }) {
  return <span class={`badge is-${status}`}>{page.text.status[status]}</span>;
}

/** A state that only some pages know. */
export function Badge({ tone, children }: { tone: string; children?: Child }) {
  return <span class={`badge thin is-${tone}`}>{children}</span>;
}

export function CallbackBadge({ page, status }: { page: PageContext; status: CallbackStatus | "none" }) {
  return <Badge tone={status}>{page.text.callback[status]}</Badge>;
}

/** An instant on the clock; the browser's script says it in local time. */
export function Instant({ iso }: { iso: string }) {
  return (
    <time datetime={iso} data-local>
      {clock(iso)}
    </time>
  );
}

/** How far away an instant is. */
export function Distance({ page, iso }: { page: PageContext; iso: string }) {
  return (
    <time datetime={iso} title={clock(iso)}>
      {distance(page.text.time, Date.parse(iso), page.now)}
    </time>
  );
}

interface CopyProps {
  page: PageContext;
  from: string;
  /** What it copies, for those who hear the button only. */
  label: string;
  /** What the button says where it does not stand beside what it copies. */
  children?: string;
}

/** A button that copies the text of the element of that id. Without its script it is not shown. */
export function CopyButton({ page, from, label, children }: CopyProps) {
  const { copy } = page.text.shell;
  const name = children === undefined ? { "aria-label": page.text.shell.pair(copy, label) } : {};
  return (
    <button class="copy" type="button" data-copy={from} {...name} hidden>
      {children ?? copy}
    </button>
  );
}

/** In place of the signing secret, until the reader asks for it. */
export function HiddenSecret({ page, action }: { page: PageContext; action: string }) {
  const { hidden, reveal } = page.text.webhooks;
  return (
    <form method="post" action={action} class="row">
      <code class="veiled">
        whsec_<span aria-hidden="true">••••••••••••••••</span>
        <span class="visually-hidden">{hidden}</span>
      </code>
      <button type="submit">{reveal}</button>
    </form>
  );
}

/** The same once it is shown, to be copied. */
export function ShownSecret({ page, secret }: { page: PageContext; secret: string }) {
  return (
    <div class="row">
      <code class="secret" id="signing-secret">
        {secret}
      </code>
      <CopyButton page={page} from="signing-secret" label={page.text.webhooks.current} />
    </div>
  );
}

/** Text to be copied or read as it is: commands, JSON, what a receiver said. Can be scrolled by keyboard. */
export function Code({ id, label, children }: { id?: string; label: string; children?: Child }) {
  return (
    <pre tabindex={0} role="group" aria-label={label}>
      <code {...(id === undefined ? {} : { id })}>{children}</code>
    </pre>
  );
}

export function Notice({ kind, children }: { kind: "good" | "bad" | "plain"; children?: Child }) {
  return (
    <div class={`notice is-${kind}`} role={kind === "bad" ? "alert" : "status"}>
      {children}
    </div>
  );
}

export interface FieldProps {
  id: string;
  label: string;
  hint?: string | undefined;
  problem?: string | undefined;
  children?: Child;
}

/** A label, the control, its hint, and what is wrong with it: `described` names the last two for the control. */
export function Field({ id, label, hint, problem, children }: FieldProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <p class="problem" id={`${id}-problem`} data-problem={id} hidden={problem === undefined}>
        {problem}
      </p>
    </div>
  );
}

/** The attributes that tie a control to its `Field`. */
export function described({ id, hint, problem }: Pick<FieldProps, "id" | "hint" | "problem">) {
  const ids = [...(hint === undefined ? [] : [`${id}-hint`]), `${id}-problem`];
  return {
    id,
    name: id,
    "aria-describedby": ids.join(" "),
    ...(problem === undefined ? {} : { "aria-invalid": "true" as const }),
  };
}
