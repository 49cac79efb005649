import type { SentDelivery } from "../contract/shapes/delivery.ts";
import { storedNumber, type Receiver } from "../domain/delivery/delivery.ts";
import { isRingbackFault } from "../domain/errors/stall.ts";
import { errorFields } from "../log.ts";
import { RINGBACK_VERSION } from "../version.ts";
import { callbackHeaders } from "../webhook/send.ts";
import { taskFields, type TaskDeps } from "./deps.ts";
import type { TaskDocument } from "./document.ts";
import { prepareAttempt, storedReceiver } from "./steps/attempt.ts";
import { viewDelivery } from "./view.ts";

export type SentAnswer =
  /** `body`: the delivery with its request, JSON. */
  { kind: "found"; body: string } | { kind: "no_task" } | { kind: "no_message" };

/** What stands for the value of a caller's header. */
const HIDDEN = "…";

/**
 * A delivery with the request that its newest attempt at the stored URL has sent, or its first one there would, signed for
 * this moment.
 */
export async function viewSent(
  deps: TaskDeps,
  document: TaskDocument,
  messageId: string,
): Promise<SentAnswer> {
  const delivery = document.deliveries.find((one) => one.messageId === messageId);
  if (!delivery) return { kind: "no_message" };
  const stored = await readableReceiver(deps, document);
  const { receiver, secrets } = await prepareAttempt(deps, document, stored);
  const { body } = delivery;
  const headers = await callbackHeaders(
    {
      headers: receiver.headers.map(([name]) => [name, HIDDEN]),
      messageId,
      body,
      attempt: storedNumber(delivery),
      secrets,
      version: RINGBACK_VERSION,
    },
    deps.now(),
  );
  const named = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
  const sent: SentDelivery = {
    ...viewDelivery(delivery),
    request: { url: receiver.url, headers: named, body },
  };
  return { kind: "found", body: JSON.stringify(sent) };
}

/** Without its headers, if they do not open: an attempt waits then, a reader need not. */
async function readableReceiver(deps: TaskDeps, document: TaskDocument): Promise<Receiver> {
  try {
    return await storedReceiver(deps, document);
  } catch (error) {
    if (!isRingbackFault(error)) throw error;
    deps.log("receiver.unreadable", { ...taskFields(document.task), ...errorFields(error) });
    return { url: document.task.callback?.url ?? "", headers: [] };
  }
}
