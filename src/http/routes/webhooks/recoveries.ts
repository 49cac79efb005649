import type { Context } from "hono";
import type { Issue } from "../../../contract/problems.ts";
import type { RecoveryJson, RecoveryList, RecoveryPreviewJson } from "../../../contract/shapes/recovery.ts";
import {
  cancelRecovery,
  listRecoveries,
  previewRecovery,
  readRecovery,
  startRecovery,
} from "../../../account-object/client.ts";
import { EVERY_TASK } from "../../../domain/account/filter.ts";
import type { Receiver } from "../../../domain/delivery/delivery.ts";
import type { RecoveryFilter, RecoveryView } from "../../../domain/recovery/recovery.ts";
import { isoTime } from "../../../domain/text/time.ts";
import type { AppEnv } from "../../app-env.ts";
import { coerceBoolean } from "../../body/fields.ts";
import type { RequestObject } from "../../body/json-body.ts";
import { readSmallObject } from "../../body/small-body.ts";
import { ApiError } from "../../errors.ts";
import { methodNotAllowed, noQuery, refuseOwnCallbacks, withCaller, withSettings } from "../../guards.ts";
import { knownKey } from "../../known-key.ts";
import { countCall } from "../../rate-limit.ts";
import { Router } from "../../router.ts";
import { shownTaskId } from "../list.ts";
import { readWithReceiver } from "./receiver.ts";
import { RECOVERY_SCHEMA } from "./recovery-schema.ts";

/** `/v1/webhooks/recoveries`: what was not delivered, delivered again. */
export const recoveries = new Router()
  .post("/", refuseOwnCallbacks, withSettings, withCaller, knownKey, async (context) => {
    const { fields, issues } = await readSmallObject(context);
    // Only a start leads to requests.
    if (coerceBoolean(fields["dry_run"]) !== true) await countCall(context);
    const { filter, target, isDryRun } = readRecoveryRequest(context, fields, issues);
    const { account } = context.get("caller");
    const accounts = context.env.ACCOUNTS;
    if (isDryRun) return context.json(await previewOf(context, filter));
    const answer = await startRecovery(accounts, account, { filter, target });
    if (answer.kind === "running") throw new ApiError("recovery_running", { recoveryId: answer.recoveryId });
    return context.json(viewRecovery(answer.recovery), 202);
  })
  .get("/", withSettings, withCaller, knownKey, noQuery, async (context) => {
    const all = await listRecoveries(context.env.ACCOUNTS, context.get("caller").account);
    return context.json({ object: "list", data: all.map(viewRecovery) } satisfies RecoveryList);
  })
  .all("/", methodNotAllowed("GET, POST"))
  .get("/:id", withSettings, withCaller, knownKey, noQuery, async (context) => {
    const { account } = context.get("caller");
    return oneRecovery(context, await readRecovery(context.env.ACCOUNTS, account, context.req.param("id")));
  })
  .delete("/:id", refuseOwnCallbacks, withSettings, withCaller, knownKey, noQuery, async (context) => {
    const { account } = context.get("caller");
    return oneRecovery(context, await cancelRecovery(context.env.ACCOUNTS, account, context.req.param("id")));
  })
  .all("/:id", methodNotAllowed("GET, DELETE"));

interface AskedRecovery {
  filter: RecoveryFilter;
  target: Receiver | null;
  isDryRun: boolean;
}

/** What the fields of `RECOVERY_SCHEMA` ask for. @throws ApiError 400 with all that is wrong */
export function readRecoveryRequest(
  context: Context<AppEnv>,
  fields: RequestObject,
  issues: readonly Issue[] = [],
): AskedRecovery {
  const { asked, receiver } = readWithReceiver(context, RECOVERY_SCHEMA, fields, issues);
  const {
    statuses,
    created_after,
    created_before,
    callback_host,
    endpoint,
    model,
    dry_run: isDryRun,
  } = asked;
  const tasks = {
    ...EVERY_TASK,
    createdAfter: created_after ?? null,
    createdBefore: created_before ?? null,
    callbackHost: callback_host ?? null,
    endpoint: endpoint ?? null,
    model: model ?? null,
  };
  return { filter: { statuses, tasks, isElsewhere: receiver !== null }, target: receiver, isDryRun };
}

/** Made up or another account's: the response does not reveal which. */
function oneRecovery(context: Context<AppEnv>, recovery: RecoveryView | null): Response {
  if (recovery === null) throw new ApiError("not_found");
  return context.json(viewRecovery(recovery));
}

/** As an answer shows it. */
export function viewRecovery(recovery: RecoveryView): RecoveryJson {
  const { id, status, matched, delivered, failed, remaining } = recovery;
  return {
    object: "recovery",
    id,
    status,
    matched,
    delivered,
    failed,
    remaining,
    created_at: isoTime(recovery.createdAt),
    finished_at: isoTime(recovery.finishedAt),
  };
}

/** What a recovery of these would deliver. */
export async function previewOf(
  context: Context<AppEnv>,
  filter: RecoveryFilter,
): Promise<RecoveryPreviewJson> {
  const { account } = context.get("caller");
  const { matched, hosts, first } = await previewRecovery(context.env.ACCOUNTS, account, filter);
  const { roots } = context.get("settings");
  const tasks = await Promise.all(first.map(async (summary) => shownTaskId(summary, roots)));
  return { matched, hosts, tasks };
}
