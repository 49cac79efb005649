import type { SigningSecrets } from "../../../contract/shapes/account.ts";
import type { PingResult as PingJson } from "../../../contract/shapes/delivery.ts";
import type { VerifyReason } from "../../../contract/words.ts";
import { Page, PageHead } from "../page.tsx";
import { HiddenSecret, Instant, Notice, ShownSecret } from "../parts/parts.tsx";
import { PingResult } from "../parts/ping-result.tsx";
import { ReceiverFields, type TypedReceiver } from "../parts/receiver-fields.tsx";
import type { PageContext } from "../../page-context.ts";

/** What became of the form that was sent last; the other ones are as they were. */
export interface WebhooksState {
  revealed: SigningSecrets;
  ping: TypedReceiver & { format: string; answer: PingJson | null };
  verify: {
    id: string;
    timestamp: string;
    signatures: string;
    body: string;
    /** Null: not checked. */
    verdict: "valid" | VerifyReason | null;
  };
  /** The overlap of a rotation that is not confirmed yet, in seconds. */
  overlap: string;
}

interface WebhooksProps {
  page: PageContext;
  /** Of the older secrets that still sign. */
  expiries: readonly (string | null)[];
  said: string | null;
  state: Partial<WebhooksState>;
}

export function WebhooksPage({ page, expiries, said, state }: WebhooksProps) {
  const text = page.text.webhooks;
  return (
    <Page page={page} title={text.title} place="webhooks" languagePath="/webhooks/language">
      <PageHead title={text.title} lead={text.lead}>
        <a class="button" href="/start">
          {page.text.start.title}
        </a>
      </PageHead>
      {said === "rotated" && <Notice kind="good">{text.rotated}</Notice>}
      {said === "tooManySecrets" && <Notice kind="bad">{page.text.errors.too_many_secrets}</Notice>}
      <div class="halves">
        <div class="column">
          <Secret page={page} expiries={expiries} revealed={state.revealed} />
          <Rotate page={page} overlap={state.overlap ?? "86400"} />
          <Ping page={page} ping={state.ping} />
        </div>
        <div class="column">
          <Verify page={page} verify={state.verify} />
        </div>
      </div>
    </Page>
  );
}

interface SecretProps {
  page: PageContext;
  expiries: readonly (string | null)[];
  revealed: SigningSecrets | undefined;
}

function Secret({ page, expiries, revealed }: SecretProps) {
  const text = page.text.webhooks;
  return (
    <section class="card panel stack" id="secret">
      <h2>{text.secret}</h2>
      <p class="hint">{text.secretLead}</p>
      {revealed === undefined ? (
        <HiddenSecret page={page} action="/webhooks/secret#secret" />
      ) : (
        <>
          <ShownSecret page={page} secret={revealed.secret} />
          <p>
            <a href="/webhooks">{text.hide}</a>
          </p>
        </>
      )}
      <Older page={page} expiries={expiries} revealed={revealed} />
    </section>
  );
}

/** With the secrets themselves only where the page was asked for them. */
function Older({ page, expiries, revealed }: SecretProps) {
  const text = page.text.webhooks;
  const older = revealed?.previous ?? expiries.map((expiresAt) => ({ secret: null, expires_at: expiresAt }));
  if (older.length === 0) return null;
  return (
    <div>
      <h3>{text.previous}</h3>
      <ul class="older">
        {older.map(({ secret, expires_at: expiresAt }) => (
          <li>
            {secret !== null && <code class="secret">{secret}</code>}{" "}
            <span class="hint">
              {expiresAt === null ? (
                text.untilSetting
              ) : (
                <>
                  {text.until} <Instant iso={expiresAt} />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Rotate({ page, overlap }: { page: PageContext; overlap: string }) {
  const text = page.text.webhooks;
  return (
    <details class="card panel" id="rotate">
      <summary>{text.rotate}</summary>
      <p class="hint">{text.rotateLead}</p>
      <form method="post" action="/webhooks/rotate" class="stack" data-typed>
        <div class="field">
          <label for="overlap">{text.overlap}</label>
          <select id="overlap" name="overlap">
            {Object.entries(text.overlaps).map(([seconds, name]) => (
              <option value={seconds} selected={seconds === overlap}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <button type="submit">{text.rotateConfirm}</button>
      </form>
    </details>
  );
}

function Ping({ page, ping }: { page: PageContext; ping: WebhooksState["ping"] | undefined }) {
  const { text } = page;
  return (
    <section class="card panel stack" id="ping">
      <h2>{text.webhooks.ping}</h2>
      <p class="hint">{text.webhooks.pingLead}</p>
      {ping?.answer && <PingResult page={page} answer={ping.answer} />}
      <form method="post" action="/webhooks/ping#ping" class="stack" data-typed>
        <ReceiverFields
          page={page}
          typed={ping ?? { url: "", headers: "", issues: [] }}
          labels={{
            url: text.webhooks.pingUrl,
            headers: text.create.headers,
            headersHint: text.webhooks.headersHint,
          }}
          isRequired
        >
          <div class="field">
            <label for="callback_format">{text.create.format}</label>
            <select id="callback_format" name="callback_format">
              {Object.entries(text.create.formats).map(([value, name]) => (
                <option value={value} selected={value === ping?.format}>
                  {name}
                </option>
              ))}
            </select>
          </div>
        </ReceiverFields>
        <button class="primary" type="submit">
          {text.webhooks.send}
        </button>
      </form>
    </section>
  );
}

function Verify({ page, verify }: { page: PageContext; verify: WebhooksState["verify"] | undefined }) {
  const text = page.text.webhooks;
  return (
    <section class="card panel stack" id="verify">
      <h2>{text.verify}</h2>
      <p class="hint">{text.verifyLead}</p>
      {verify?.verdict === "valid" && <Notice kind="good">{text.valid}</Notice>}
      {verify && verify.verdict !== "valid" && verify.verdict !== null && (
        <Notice kind="bad">{text.invalid[verify.verdict]}</Notice>
      )}
      <form method="post" action="/webhooks/verify#verify" class="stack" data-typed>
        <Text id="id" label="webhook-id" value={verify?.id} />
        <Text id="timestamp" label="webhook-timestamp" value={verify?.timestamp} />
        <Text id="signature" label="webhook-signature" value={verify?.signatures} />
        <div class="field">
          <label for="body">{text.body}</label>
          <textarea id="body" name="body" class="code" rows={4} required spellcheck={false}>
            {verify?.body}
          </textarea>
        </div>
        <button type="submit">{text.check}</button>
      </form>
    </section>
  );
}

function Text({ id, label, value }: { id: string; label: string; value: string | undefined }) {
  return (
    <div class="field">
      <label for={id}>
        <code>{label}</code>
      </label>
      <input
        id={id}
        name={id}
        class="code"
        required
        value={value ?? ""}
        autocomplete="off"
        spellcheck={false}
      />
    </div>
  );
}
