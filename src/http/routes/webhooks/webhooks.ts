import type { SigningSecrets, VerifyResult } from "../../../contract/shapes/account.ts";
import type { PingResult } from "../../../contract/shapes/delivery.ts";
import type { Issue } from "../../../contract/problems.ts";
import type { VerifyReason } from "../../../contract/words.ts";
import { Router } from "../../router.ts";
import type { Context } from "hono";
import { rotateSecret, signingVersions } from "../../../account-object/client.ts";
import { pingBody } from "../../../domain/task/events/payload.ts";
import type { AttemptResult } from "../../../domain/delivery/delivery.ts";
import type { SigningVersion } from "../../../domain/account/signing-versions.ts";
import { isoTime } from "../../../domain/text/time.ts";
import { signingSecret, signingSecrets } from "../../../keys/derive.ts";
import { newMessageId } from "../../../keys/ids.ts";
import { RINGBACK_VERSION } from "../../../version.ts";
import { sendCallback, type Callback } from "../../../webhook/send.ts";
import { verifyWebhook, type ReceivedWebhook } from "../../../webhook/verify.ts";
import type { AppEnv } from "../../app-env.ts";
import { withBody } from "../../body/body.ts";
import { readSmallBody, readSmallObject } from "../../body/small-body.ts";
import { ApiError } from "../../errors.ts";
import {
  methodNotAllowed,
  noQuery,
  refuseOwnCallbacks,
  requireQuery,
  withCaller,
  withSettings,
} from "../../guards.ts";
import { knownKey } from "../../known-key.ts";
import { rateLimited } from "../../rate-limit.ts";
import { judgedFields } from "./receiver.ts";
import { ROTATE_SCHEMA, PING_SCHEMA } from "./webhook-schema.ts";

/** The callback that a tool without an HMAC sends to be verified. */
const VERIFY_MAX_BYTES = 65_536;

/** `/v1/webhooks`: the account's signing secret, and ways to try a receiver out. */
export const webhooks = new Router()
  .get("/secret", withSettings, withCaller, knownKey, noQuery, async (context) => {
    const versions = await signingVersions(context.env.ACCOUNTS, context.get("caller").account);
    return context.json(await secretAnswer(context, versions));
  })
  .all("/secret", methodNotAllowed("GET"))
  .post("/secret/rotate", refuseOwnCallbacks, withSettings, withCaller, knownKey, async (context) => {
    const { overlap_seconds: overlapSeconds } = await readSmallBody(context, ROTATE_SCHEMA);
    const { account } = context.get("caller");
    const versions = await rotateSecret(context.env.ACCOUNTS, account, overlapSeconds * 1000);
    if (versions === null) throw new ApiError("too_many_secrets");
    return context.json(await secretAnswer(context, versions));
  })
  .all("/secret/rotate", methodNotAllowed("POST"))
  .post("/ping", refuseOwnCallbacks, withSettings, withCaller, rateLimited, knownKey, async (context) => {
    const { fields, issues } = await readSmallObject(context);
    return context.json(await sendPing(context, fields, issues));
  })
  .all("/ping", methodNotAllowed("POST"))
  .post("/verify", refuseOwnCallbacks, withSettings, withCaller, knownKey, async (context) =>
    withBody(context, VERIFY_MAX_BYTES, async (body) => {
      requireQuery(context);
      const id = context.req.header("webhook-id") ?? null;
      const timestamp = context.req.header("webhook-timestamp") ?? null;
      const signatures = context.req.header("webhook-signature") ?? null;
      const reason = await verifyReceived(context, { id, timestamp, signatures, body });
      return context.json({ valid: reason === null, reason } satisfies VerifyResult);
    }),
  )
  .all("/verify", methodNotAllowed("POST"));

/**
 * One signed `ping` now, of the fields of `PING_SCHEMA`.
 * @throws ApiError 400 for what a create would not take either
 */
export async function sendPing(
  context: Context<AppEnv>,
  fields: object,
  issues: readonly Issue[] = [],
): Promise<PingResult> {
  const { asked, url, headers = [] } = judgedFields(context, PING_SCHEMA, { fields, issues });
  if (url === undefined) throw new Error("a ping without a URL");
  const messageId = newMessageId();
  const body = pingBody(asked.callback_format ?? "standard", messageId, Date.now());
  return sendNow(context, { url, headers, messageId, body });
}

/** One signed attempt that belongs to no delivery, and what came of it. */
export async function sendNow(
  context: Context<AppEnv>,
  message: Pick<Callback, "url" | "headers" | "messageId" | "body">,
): Promise<PingResult> {
  const result = await sendCallback({
    ...message,
    attempt: 1,
    secrets: await secretsInForce(context),
    timeoutMs: context.get("settings").callback.timeoutMs,
    version: RINGBACK_VERSION,
  });
  return pingResult(result);
}

/** As an answer shows it. */
export function pingResult(result: AttemptResult): PingResult {
  return {
    delivered: result.outcome === "delivered",
    status_code: result.statusCode,
    duration_ms: result.durationMs,
    reason: result.reason,
    response_excerpt: result.excerpt,
  };
}

/** Null if a secret of this account signed it within the last five minutes. */
export async function verifyReceived(
  context: Context<AppEnv>,
  received: ReceivedWebhook,
): Promise<VerifyReason | null> {
  return verifyWebhook(received, await secretsInForce(context), Date.now());
}

async function secretsInForce(context: Context<AppEnv>): Promise<string[]> {
  const { account } = context.get("caller");
  const versions = await signingVersions(context.env.ACCOUNTS, account);
  return signingSecrets(context.get("settings").roots, account, versions);
}

/** The account's secrets as they are shown to it. */
export async function secretAnswer(
  context: Context<AppEnv>,
  versions: readonly SigningVersion[],
): Promise<SigningSecrets> {
  const { account } = context.get("caller");
  // Under RINGBACK_SECRET_PREVIOUS every version has a twin, which signs until that setting is removed.
  const secrets = context.get("settings").roots.flatMap((root, index) =>
    versions.map(async ({ version, expiresAt }) => ({
      secret: await signingSecret(root, account, version),
      expires_at: index === 0 ? isoTime(expiresAt) : null,
    })),
  );
  const [current, ...previous] = await Promise.all(secrets);
  if (current === undefined) throw new Error("an account without a signing secret");
  return { secret: current.secret, previous };
}
