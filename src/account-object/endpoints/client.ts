import type { EndpointRequest } from "../../domain/endpoint/change.ts";
import type { AccountEndpoint } from "../../domain/endpoint/endpoint.ts";
import { inTime } from "../../net/in-time.ts";
import { accountStub, forgetAttemptBriefing, PATIENCE_MS, type AccountNamespace } from "../client.ts";
import type { PatchAnswer, RegisterAnswer } from "./endpoints.ts";

/** An account's registered endpoints, as its callers read and change them. Each throws OverloadedError for no answer. */

/** The same twice is the same. */
export async function registerEndpoint(
  accounts: AccountNamespace,
  account: string,
  request: EndpointRequest & { url: string },
): Promise<RegisterAnswer> {
  const answer: Promise<RegisterAnswer> = accountStub(accounts, account).registerEndpoint(request);
  return changes(account, answer);
}

/** Attempts that this isolate makes from now on ask the account again: also after an error, it may have changed. */
async function changes<T>(account: string, answer: Promise<T>): Promise<T> {
  const forget = (): void => forgetAttemptBriefing(account);
  forget();
  return inTime(PATIENCE_MS, answer).finally(forget);
}

/** Oldest first. */
export async function listEndpoints(accounts: AccountNamespace, account: string): Promise<AccountEndpoint[]> {
  const answer: Promise<AccountEndpoint[]> = accountStub(accounts, account).endpoints();
  return inTime(PATIENCE_MS, answer);
}

/** Null: the account has none with this id. */
export async function readEndpoint(
  accounts: AccountNamespace,
  account: string,
  id: string,
): Promise<AccountEndpoint | null> {
  const answer: Promise<AccountEndpoint | null> = accountStub(accounts, account).endpoint(id);
  return inTime(PATIENCE_MS, answer);
}

export async function patchEndpoint(
  accounts: AccountNamespace,
  account: string,
  id: string,
  request: EndpointRequest,
): Promise<PatchAnswer> {
  const answer: Promise<PatchAnswer> = accountStub(accounts, account).patchEndpoint(id, request);
  return changes(account, answer);
}

/** False: the account has none with this id. */
export async function deleteEndpoint(
  accounts: AccountNamespace,
  account: string,
  id: string,
): Promise<boolean> {
  return changes(account, accountStub(accounts, account).deleteEndpoint(id));
}
