import type { SigningSecrets } from "../../../contract/shapes/account.ts";
import type { PingResult as PingJson } from "../../../contract/shapes/delivery.ts";
import { problemText, type Issue } from "../../../contract/problems.ts";
import type { PageContext } from "../../page-context.ts";
import type { Receiver } from "../../receivers.ts";
import { Page, PageHead } from "../page.tsx";
import { Code, CopyButton, HiddenSecret, ShownSecret } from "../parts/parts.tsx";
import { PingResult } from "../parts/ping-result.tsx";
import { UrlField } from "../parts/receiver-fields.tsx";
import { TestStep } from "./test-step.tsx";

/** What became of the form that was sent last. */
export interface StartState {
  revealed: SigningSecrets;
  ping: { url: string; answer: PingJson | null; issues: readonly Issue[] };
}

interface StartProps {
  page: PageContext;
  formKey: string;
  receivers: readonly Receiver[];
  state: Partial<StartState>;
}

export function StartPage({ page, formKey, receivers, state }: StartProps) {
  const text = page.text.start;
  return (
    <Page page={page} title={text.title} place="start">
      <PageHead title={text.title} lead={text.lead} />
      <div class="halves">
        <div class="column">
          <TestStep page={page} formKey={formKey} />
          <PingStep page={page} ping={state.ping} />
          <NoCodeStep page={page} />
        </div>
        <div class="column">
          <VerifyStep page={page} receivers={receivers} revealed={state.revealed} />
        </div>
      </div>
    </Page>
  );
}

function PingStep({ page, ping }: { page: PageContext; ping: StartState["ping"] | undefined }) {
  const { start: text, webhooks, problems } = page.text;
  const [issue] = ping?.issues ?? [];
  const problem = issue && problemText(issue, problems);
  return (
    <section class="card panel stack" id="ping">
      <h2>{text.receiver}</h2>
      <p class="hint">{webhooks.pingLead}</p>
      {ping?.answer && <PingResult page={page} answer={ping.answer} />}
      <form method="post" action="/start/ping#ping" class="stack">
        <UrlField id="ping_url" label={webhooks.pingUrl} problem={problem} value={ping?.url ?? ""} required />
        <button type="submit">{webhooks.send}</button>
      </form>
    </section>
  );
}

type VerifyProps = Pick<StartProps, "page" | "receivers"> & { revealed: SigningSecrets | undefined };

/** One program is open at a time, by the browser itself. */
function VerifyStep({ page, receivers, revealed }: VerifyProps) {
  const { start: text } = page.text;
  return (
    <section class="card panel stack" id="verify">
      <h2>{text.verify}</h2>
      <p class="hint">{text.verifyLead}</p>
      {revealed === undefined ? (
        <HiddenSecret page={page} action="/start/secret#verify" />
      ) : (
        <ShownSecret page={page} secret={revealed.secret} />
      )}
      <div class="receivers" role="group" aria-label={text.language}>
        {receivers.map(({ name, file, code }, index) => (
          <details name="receiver" id={`with-${file}`} open={index === 0}>
            <summary>{name}</summary>
            <div class="with-copy">
              <a href={`/docs/recipes/receivers/${file}`} download={file}>
                {text.download} <code>{file}</code>
              </a>
              <CopyButton page={page} from={`code-${index}`} label={name} />
            </div>
            <Code id={`code-${index}`} label={name}>
              {code}
            </Code>
          </details>
        ))}
      </div>
    </section>
  );
}

const TOOLS = [
  ["zapier", "Zapier"],
  ["make", "Make"],
  ["n8n", "n8n"],
  ["node-red", "Node-RED"],
] as const;

export function NoCodeStep({ page }: { page: PageContext }) {
  const text = page.text.start;
  return (
    <section class="card panel stack" id="no-code">
      <h2>{text.noCode}</h2>
      <p class="hint">{text.noCodeLead}</p>
      <ul class="row tools-list">
        {TOOLS.map(([file, name]) => (
          <li>
            <a class="button" href={`/docs/recipes/${file}`}>
              {name}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
