import type { Delivery, Receiver } from "../../domain/delivery/delivery.ts";
import { versionsInForce, type SigningVersion } from "../../domain/account/signing-versions.ts";
import type { EndpointReceiver } from "../../domain/endpoint/endpoint.ts";
import { isRingbackFault } from "../../domain/errors/stall.ts";
import { OverloadedError } from "../../domain/errors/unavailable.ts";
import { isUnproved } from "../../domain/task/key-proof.ts";
import { isTerminal, type Task } from "../../domain/task/task.ts";
import { signingSecrets } from "../../keys/derive.ts";
import { openEndpointHeaders } from "../../keys/endpoint-headers.ts";
import { taskFields, type TaskDeps } from "../deps.ts";
import type { TaskDocument } from "../document/document.ts";
import { openText } from "../document/sealed.ts";

/** What an attempt needs. Collected before the attempt begins, because seals and questions take time. */
export interface Prepared {
  versions: readonly SigningVersion[];
  secrets: string[];
  /** Null: the registered endpoint was deleted. */
  receiver: Receiver | null;
  /** The endpoint is disabled, or was deleted: the schedule sends nothing there. */
  isOff: boolean;
}

/**
 * `elsewhere`: in place of the delivery's own receiver.
 * @throws SealError
 * @throws OverloadedError if only the account knows the receiver and does not answer
 */
export async function prepareAttempt(
  deps: TaskDeps,
  document: TaskDocument,
  { endpoint }: Pick<Delivery, "endpoint">,
  elsewhere: Receiver | null = null,
): Promise<Prepared> {
  const { signing: versions, endpoints } = await briefed(deps, document.task);
  const [secrets, place] = await Promise.all([
    signingSecrets(deps.settings.roots, document.task.account, versionsInForce(versions, deps.now())),
    elsewhere ? { receiver: elsewhere, isOff: false } : placeOf(deps, document, endpoint, endpoints),
  ]);
  return { versions, secrets, ...place };
}

/** Prepares the first attempt if it may leave with the end of the task; null: an attempt step makes it. */
export async function prepareForEnd(
  deps: TaskDeps,
  before: TaskDocument,
  end: Task,
): Promise<Prepared | null> {
  if (!isTerminal(end) || isUnproved(end)) return null;
  if (!end.callback || end.callback.stopped || end.holdUntil > deps.now()) return null;
  try {
    return await prepareAttempt(deps, before, { endpoint: null });
  } catch (error) {
    // The end is written all the same; the step of the attempt meets the same fault and waits.
    if (!isRingbackFault(error)) throw error;
    return null;
  }
}

/** @throws SealError @throws OverloadedError */
async function placeOf(
  deps: TaskDeps,
  document: TaskDocument,
  endpoint: Delivery["endpoint"],
  endpoints: readonly EndpointReceiver[] | null,
): Promise<Pick<Prepared, "receiver" | "isOff">> {
  if (endpoint === null) return { receiver: await storedReceiver(deps, document), isOff: false };
  if (endpoints === null) throw new OverloadedError("the account does not say where its endpoint is");
  const found = endpoints.find(({ id }) => id === endpoint.id);
  if (!found) return { receiver: null, isOff: true };
  return { receiver: await registeredReceiver(deps, found), isOff: found.isDisabled };
}

/** @throws SealError */
async function storedReceiver(deps: TaskDeps, document: TaskDocument): Promise<Receiver> {
  const headers = await openText(deps, document, "headers");
  return {
    url: document.task.callback?.url ?? "",
    headers: headers === null ? [] : (JSON.parse(headers) as Receiver["headers"]),
  };
}

/** @throws SealError */
async function registeredReceiver(
  { settings }: TaskDeps,
  { id, url, headers }: EndpointReceiver,
): Promise<Receiver> {
  return { url, headers: headers === null ? [] : await openEndpointHeaders(settings.roots, id, headers) };
}

/** Asks the account; if it does not answer, takes the last known versions, and no endpoints. */
async function briefed(
  deps: TaskDeps,
  task: Task,
): Promise<{ signing: readonly SigningVersion[]; endpoints: readonly EndpointReceiver[] | null }> {
  try {
    return await deps.attemptBriefing(task);
  } catch (error) {
    deps.log("account.silent", {
      ...taskFields(task),
      error: error instanceof Error ? error.name : "unknown",
    });
    return { signing: task.signing, endpoints: null };
  }
}
