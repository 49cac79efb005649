import type { Context } from "hono";
import { cancelRecovery, listRecoveries, readRecovery, startRecovery } from "../../account-object/client.ts";
import type { Issue } from "../../contract/problems.ts";
import { RECOVERY_FILTERS } from "../../contract/words.ts";
import type { RecoveryView } from "../../domain/recovery/recovery.ts";
import type { AppEnv } from "../../http/app-env.ts";
import type { RequestObject } from "../../http/body/json-body.ts";
import { ApiError, issuesIn } from "../../http/errors.ts";
import { previewOf, readRecoveryRequest, viewRecovery } from "../../http/routes/webhooks/recoveries.ts";
import { readForm } from "../forms/form.ts";
import { endpointsOf } from "./endpoints.tsx";
import { headersIn } from "../forms/new-task-request.ts";
import { PreviewPage, type Asked } from "../pages/recoveries/preview-page.tsx";
import { RecoveriesPage } from "../pages/recoveries/recoveries-page.tsx";
import { RecoveryPage } from "../pages/recoveries/recovery-page.tsx";
import { pageContext } from "../page-context.ts";

/** `GET /recoveries`: the last ones. */
export async function showRecoveries(context: Context<AppEnv>): Promise<Response> {
  const all = await recoveriesOf(context);
  return context.html(<RecoveriesPage page={pageContext(context)} recoveries={all.map(viewRecovery)} />);
}

/** `GET /recoveries/new`: what one with the filters of the address would deliver. */
export async function showPreview(context: Context<AppEnv>): Promise<Response> {
  return renderPreview(
    context,
    { filters: filtersFrom((name) => context.req.query(name)), url: "", headers: "" },
    [],
  );
}

/** `POST /recoveries`: starts it. A second click leads to what the first one started. */
export async function startFromPreview(context: Context<AppEnv>): Promise<Response> {
  const form = await readForm(context);
  const asked = {
    filters: filtersFrom(form),
    url: form("callback_url").trim(),
    headers: form("callback_headers"),
  };
  requireOwnForm(context, form("account"), asked.url);
  try {
    const { filter, target } = readRecoveryRequest(context, fieldsOf(asked));
    const [newest] = await recoveriesOf(context);
    // The button of one preview starts one recovery, also when the first one has ended before the second click arrives.
    if (newest && newest.createdAt >= (Number(form("previewed_at")) || Infinity)) {
      return context.redirect(`/recoveries/${newest.id}?said=alreadyStarted`, 303);
    }
    const { account } = context.get("caller");
    const answer = await startRecovery(context.env.ACCOUNTS, account, { filter, target });
    const to = answer.kind === "running" ? `${answer.recoveryId}?said=alreadyRunning` : answer.recovery.id;
    return context.redirect(`/recoveries/${to}`, 303);
  } catch (error) {
    const issues = issuesIn(error);
    // The preview's own filters are not its reader's to mend.
    if (!issues.some(({ path }) => path.startsWith("callback_") && path !== "callback_host")) throw error;
    context.status(400);
    return renderPreview(context, asked, issues);
  }
}

/** `GET /recoveries/{id}` */
export async function showRecovery(context: Context<AppEnv>): Promise<Response> {
  const { account } = context.get("caller");
  const recovery = await readRecovery(context.env.ACCOUNTS, account, idOf(context));
  if (recovery === null) throw new ApiError("not_found");
  const said = context.req.query("said") ?? null;
  return context.html(
    <RecoveryPage page={pageContext(context)} recovery={viewRecovery(recovery)} said={said} />,
  );
}

/** `POST /recoveries/{id}/cancel` */
export async function cancel(context: Context<AppEnv>): Promise<Response> {
  const { account } = context.get("caller");
  const recovery = await cancelRecovery(context.env.ACCOUNTS, account, idOf(context));
  if (recovery === null) throw new ApiError("not_found");
  return context.redirect(`/recoveries/${recovery.id}`, 303);
}

/**
 * An operator recovers to the stored receivers, and for the account of the preview: another one may have been chosen in
 * another window since.
 */
function requireOwnForm(context: Context<AppEnv>, account: string, url: string): void {
  const page = pageContext(context);
  if (page.isOperator && (url !== "" || account !== page.account)) throw new ApiError("forbidden");
}

async function recoveriesOf(context: Context<AppEnv>): Promise<RecoveryView[]> {
  return listRecoveries(context.env.ACCOUNTS, context.get("caller").account);
}

function idOf(context: Context<AppEnv>): string {
  return context.req.param("id") ?? "";
}

function filtersFrom(read: (name: string) => string | undefined): Asked["filters"] {
  return RECOVERY_FILTERS.flatMap((name) => {
    const value = read(name)?.trim() ?? "";
    return value === "" ? [] : [[name, value] as const];
  });
}

function fieldsOf({ filters, url, headers }: Asked): RequestObject {
  const elsewhere = { callback_url: url || null, callback_headers: headersIn(headers) ?? null };
  return { ...Object.fromEntries(filters), ...elsewhere };
}

async function renderPreview(
  context: Context<AppEnv>,
  asked: Asked,
  issues: readonly Issue[],
): Promise<Response> {
  const { filter } = readRecoveryRequest(context, fieldsOf({ ...asked, url: "", headers: "" }));
  const page = pageContext(context);
  const [preview, endpoints] = await Promise.all([previewOf(context, filter), endpointsOf(context)]);
  return context.html(
    <PreviewPage page={page} asked={asked} preview={preview} endpoints={endpoints} issues={issues} />,
  );
}
