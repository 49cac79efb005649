import type { Context } from "hono";
import { rotateSecret, signingVersions } from "../../account-object/client.ts";
import { isoTime } from "../../domain/text/time.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { invalidRequest, issuesIn } from "../../http/errors.ts";
import { secretAnswer, sendPing, verifyReceived } from "../../http/routes/webhooks/webhooks.ts";
import { issue } from "../../contract/problems.ts";
import type { VerifyReason } from "../../contract/words.ts";
import { readForm } from "../forms/form.ts";
import { headersIn } from "../forms/new-task-request.ts";
import { isLanguage, type Language } from "../language.ts";
import { pageContext, rememberLanguage } from "../page-context.ts";
import { WebhooksPage, type WebhooksState } from "../pages/webhooks/webhooks-page.tsx";

/** How long an old secret may sign along, in seconds; the form's choices. */
const OVERLAPS_SECONDS = [0, 3600, 86_400, 604_800];

/** `GET /webhooks` */
export async function showWebhooks(context: Context<AppEnv>): Promise<Response> {
  return render(context, {});
}

/** `POST /webhooks/secret`: the same page, with the secret on it for once. */
export async function revealSecret(context: Context<AppEnv>): Promise<Response> {
  const versions = await signingVersions(context.env.ACCOUNTS, context.get("caller").account);
  return render(context, { revealed: await secretAnswer(context, versions) });
}

/** `POST /webhooks/rotate` */
export async function rotate(context: Context<AppEnv>): Promise<Response> {
  const form = await readForm(context);
  const overlap = OVERLAPS_SECONDS.find((seconds) => String(seconds) === form("overlap"));
  // A guess might keep a secret that leaked in force.
  if (overlap === undefined) {
    throw invalidRequest([issue("overlap", "not_listed", { values: OVERLAPS_SECONDS.map(String) })]);
  }
  const { account } = context.get("caller");
  const versions = await rotateSecret(context.env.ACCOUNTS, account, overlap * 1000);
  return context.redirect(`/webhooks?said=${versions === null ? "tooManySecrets" : "rotated"}`, 303);
}

/** `POST /webhooks/ping`: sends it and shows what came back. */
export async function ping(context: Context<AppEnv>): Promise<Response> {
  const form = await readForm(context);
  const asked = pingIn(form);
  try {
    const answer = await sendPing(context, {
      callback_url: asked.url.trim(),
      callback_format: asked.format,
      callback_headers: headersIn(asked.headers),
    });
    return await render(context, { ping: { ...asked, answer, issues: [] } });
  } catch (error) {
    const issues = issuesIn(error);
    context.status(400);
    return render(context, { ping: { ...asked, answer: null, issues } });
  }
}

/** `POST /webhooks/verify`: whether what was pasted is signed by this account. */
export async function verify(context: Context<AppEnv>): Promise<Response> {
  const form = await readForm(context);
  const received = receivedIn(form);
  const { body } = received;
  let reason: VerifyReason | null = "no_match";
  // A text field breaks lines with CR LF, and what was copied often ends with one that was never sent.
  for (const variant of new Set([body, body.replaceAll("\r\n", "\n"), body.trim()])) {
    if (reason !== "no_match") break;
    const bytes = new TextEncoder().encode(variant);
    reason = await verifyReceived(context, { ...received, body: bytes });
  }
  return render(context, { verify: { ...received, verdict: reason ?? "valid" } });
}

/** `POST /webhooks/language`: the same page with everything that was typed, in the other language. */
export async function switchWebhooksLanguage(context: Context<AppEnv>): Promise<Response> {
  const form = await readForm(context);
  const language = form("language");
  if (!isLanguage(language)) return context.redirect("/webhooks", 303);
  rememberLanguage(context, language);
  const typed = {
    ping: { ...pingIn(form), answer: null, issues: [] },
    verify: { ...receivedIn(form), verdict: null },
  };
  const overlap = form("overlap");
  return render(context, overlap === "" ? typed : { ...typed, overlap }, language);
}

type Form = Awaited<ReturnType<typeof readForm>>;

function pingIn(form: Form) {
  return {
    url: form("callback_url"),
    format: form("callback_format"),
    headers: form("callback_headers"),
  };
}

function receivedIn(form: Form) {
  return {
    id: form("id").trim(),
    timestamp: form("timestamp").trim(),
    signatures: form("signature").trim(),
    body: form("body"),
  };
}

async function render(
  context: Context<AppEnv>,
  state: Partial<WebhooksState>,
  language?: Language,
): Promise<Response> {
  const versions = await signingVersions(context.env.ACCOUNTS, context.get("caller").account);
  const expiries = versions.slice(1).map(({ expiresAt }) => isoTime(expiresAt));
  const said = context.req.query("said") ?? null;
  return context.html(
    <WebhooksPage page={pageContext(context, language)} expiries={expiries} said={said} state={state} />,
  );
}
