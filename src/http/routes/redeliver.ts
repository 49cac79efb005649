import type { Context } from "hono";
import { taskStub, type RedeliverAnswer } from "../../task-object/client.ts";
import type { AppEnv } from "../app-env.ts";
import { isKnownKey, requireKnownKey } from "../known-key.ts";

export type Redelivery = Exclude<RedeliverAnswer, { kind: "unproved" }>;

/**
 * Asks a task's object for one attempt by hand. Not repeated by itself: each call is one attempt. Only where nothing
 * has proved the caller's key for the task yet is the upstream asked about it.
 * @throws ApiError as `requireKnownKey`
 */
export async function askForRedelivery(
  context: Context<AppEnv>,
  name: string,
  messageId: string | null,
): Promise<Redelivery> {
  const { account } = context.get("caller");
  const ask = async (isKnown: boolean): Promise<RedeliverAnswer> =>
    taskStub(context.env.TASKS, name).redeliver(account, messageId, isKnown);
  const answer = await ask(isKnownKey(context));
  if (answer.kind !== "unproved") return answer;
  await requireKnownKey(context);
  const proved = await ask(true);
  if (proved.kind === "unproved") throw new Error("a key that is known and not");
  return proved;
}
