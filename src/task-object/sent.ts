import type { SentDelivery } from "../contract/shapes/delivery.ts";
import { deliveriesTo } from "../domain/delivery/by-receiver.ts";
import { storedNumber, type Delivery, type Receiver } from "../domain/delivery/delivery.ts";
import { isRingbackFault } from "../domain/errors/stall.ts";
import { OverloadedError } from "../domain/errors/unavailable.ts";
import { bodyOf } from "../domain/task/events/announce.ts";
import { errorFields } from "../log.ts";
import { RINGBACK_VERSION } from "../version.ts";
import { callbackHeaders } from "../webhook/send.ts";
import { taskFields, type TaskDeps } from "./deps.ts";
import type { TaskDocument } from "./document/document.ts";
import { prepareAttempt, type Prepared } from "./steps/prepare.ts";
import { viewDelivery } from "./view.ts";

export type SentAnswer =
  /** `body`: the delivery with its request, JSON. */
  | { kind: "found"; body: string }
  | { kind: "no_task" }
  /** There is no such message to that receiver. */
  | { kind: "no_message" }
  /** Only the account knows where a registered endpoint is, and it does not answer. */
  | { kind: "silent" };

/** A message at a receiver: a registered endpoint by its id, or null, the task's own callback. */
export interface SentQuestion {
  messageId: string;
  endpoint: string | null;
}

/** What stands for the value of a caller's header. */
const HIDDEN = "…";

/**
 * A delivery with the request that its newest attempt at its own receiver has sent, or its first one there would, signed
 * for this moment.
 */
export async function viewSent(
  deps: TaskDeps,
  document: TaskDocument,
  { messageId, endpoint }: SentQuestion,
): Promise<SentAnswer> {
  const delivery = deliveriesTo(document.deliveries, endpoint).find((one) => one.messageId === messageId);
  if (!delivery) return { kind: "no_message" };
  const prepared = await prepareReadable(deps, document, delivery);
  if (prepared === null) return { kind: "silent" };
  const { receiver, secrets } = prepared;
  // The account has deleted the receiver, and only it knew the URL.
  const request = receiver && (await requestTo(deps, document, { delivery, receiver, secrets }));
  const sent: SentDelivery = { ...viewDelivery(delivery), request };
  return { kind: "found", body: JSON.stringify(sent) };
}

async function requestTo(
  deps: TaskDeps,
  { bodies }: TaskDocument,
  { delivery, receiver, secrets }: { delivery: Delivery; receiver: Receiver; secrets: string[] },
): Promise<NonNullable<SentDelivery["request"]>> {
  const body = bodyOf(bodies, delivery);
  const headers = await callbackHeaders(
    {
      headers: receiver.headers.map(([name]) => [name, HIDDEN]),
      messageId: delivery.messageId,
      body,
      attempt: storedNumber(delivery),
      secrets,
      version: RINGBACK_VERSION,
    },
    deps.now(),
  );
  const named = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
  return { url: receiver.url, headers: named, body };
}

/** Without the headers, if they do not open: an attempt waits then, a reader need not. Null: the account is silent. */
async function prepareReadable(
  deps: TaskDeps,
  document: TaskDocument,
  delivery: Delivery,
): Promise<Prepared | null> {
  try {
    return await prepareAttempt(deps, document, delivery);
  } catch (error) {
    if (error instanceof OverloadedError) return null;
    if (!isRingbackFault(error)) throw error;
    deps.log("receiver.unreadable", { ...taskFields(document.task), ...errorFields(error) });
    const url = await urlOf(deps, document, delivery);
    return prepareAttempt(deps, document, delivery, { url, headers: [] });
  }
}

async function urlOf(deps: TaskDeps, { task }: TaskDocument, { endpoint }: Delivery): Promise<string> {
  if (endpoint === null) return task.callback?.url ?? "";
  const { endpoints } = await deps.attemptBriefing(task);
  return endpoints.find(({ id }) => id === endpoint.id)?.url ?? "";
}
