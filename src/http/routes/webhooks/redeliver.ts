import type { Context } from "hono";
import type { Issue } from "../../../contract/problems.ts";
import { taskStub, type RedeliverAnswer, type RedeliverOrder } from "../../../task-object/client.ts";
import type { AppEnv } from "../../app-env.ts";
import { textOf } from "../../body/fields.ts";
import type { RequestObject } from "../../body/json-body.ts";
import { readSmallObject } from "../../body/small-body.ts";
import { isKnownKey, requireKnownKey } from "../../known-key.ts";
import { countCall } from "../../rate-limit.ts";
import { readWithReceiver } from "./receiver.ts";
import { REDELIVER_SCHEMA } from "./webhook-schema.ts";

export type Redelivery = Exclude<RedeliverAnswer, { kind: "unproved" }>;

/**
 * What the body of a redelivery asks for. One to another URL is limited like a ping.
 * @throws ApiError 400 with all that is wrong, 429
 */
export async function readRedelivery(context: Context<AppEnv>): Promise<RedeliverOrder> {
  const { fields, issues } = await readSmallObject(context);
  if (textOf(fields["callback_url"]) !== undefined) await countCall(context);
  return redeliveryOf(context, fields, issues);
}

/** What the fields of `REDELIVER_SCHEMA` ask for. @throws ApiError 400 with all that is wrong */
export function redeliveryOf(
  context: Context<AppEnv>,
  fields: RequestObject,
  issues: readonly Issue[] = [],
): RedeliverOrder {
  const { asked, receiver } = readWithReceiver(context, REDELIVER_SCHEMA, fields, issues);
  return { messageId: asked.message_id ?? null, endpoint: asked.endpoint ?? null, target: receiver };
}

/**
 * Asks a task's object for one attempt by hand. Not repeated by itself: each call is one attempt. Only where nothing
 * has proved the caller's key for the task yet is the upstream asked about it.
 * @throws ApiError as `requireKnownKey`
 */
export async function askForRedelivery(
  context: Context<AppEnv>,
  name: string,
  order: RedeliverOrder,
): Promise<Redelivery> {
  const { account } = context.get("caller");
  const ask = async (caller: { isKnownKey: boolean }): Promise<RedeliverAnswer> =>
    taskStub(context.env.TASKS, name).redeliver(account, order, caller);
  const answer = await ask({ isKnownKey: isKnownKey(context) });
  if (answer.kind !== "unproved") return answer;
  await requireKnownKey(context);
  const proved = await ask({ isKnownKey: true });
  if (proved.kind === "unproved") throw new Error("a key that is known and not");
  return proved;
}
