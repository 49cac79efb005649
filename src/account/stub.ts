import type { AccountStats, Listing, ListPage } from "../domain/listing.ts";
import type { SigningVersion } from "../domain/signing-versions.ts";
import { inTime } from "../wire/in-time.ts";
import type { AccountObject } from "./object.ts";

export type AccountNamespace = DurableObjectNamespace<AccountObject>;

/** A callback does not wait longer for its account. */
const SIGNING_PATIENCE_MS = 1000;
/** For everything that can wait. */
const PATIENCE_MS = 10_000;

function accountStub(accounts: AccountNamespace, account: string): DurableObjectStub<AccountObject> {
  return accounts.get(accounts.idFromName(account));
}

/** The account's signing secrets in force, newest first. @throws OverloadedError if it does not answer within a second */
export async function signingVersions(
  accounts: AccountNamespace,
  account: string,
): Promise<SigningVersion[]> {
  return inTime(SIGNING_PATIENCE_MS, accountStub(accounts, account).signingVersions());
}

/** Tells the account how far a task is; the same report twice is the same. @throws OverloadedError if it does not answer */
export async function reportTask(accounts: AccountNamespace, listing: Listing): Promise<void> {
  return inTime(PATIENCE_MS, accountStub(accounts, listing.account).report(listing));
}

/** Takes a deleted task out of its account's list. @throws OverloadedError if it does not answer */
export async function forgetTask(
  accounts: AccountNamespace,
  { account, ...task }: Pick<Listing, "account" | "name" | "createdAt">,
): Promise<void> {
  return inTime(PATIENCE_MS, accountStub(accounts, account).forget(task));
}

/** One page of the account's tasks. @throws OverloadedError if it does not answer */
export async function listTasks(
  accounts: AccountNamespace,
  account: string,
  page: ListPage,
): Promise<{ listings: Listing[]; next: string | null }> {
  return inTime(PATIENCE_MS, accountStub(accounts, account).list(page));
}

/** @throws OverloadedError if it does not answer */
export async function accountStats(accounts: AccountNamespace, account: string): Promise<AccountStats> {
  return inTime(PATIENCE_MS, accountStub(accounts, account).stats());
}

/**
 * A new signing secret; the current one signs on for `overlapMs`. Null if three previous ones still sign.
 * @throws OverloadedError if it does not answer; whether it has rotated is then not known
 */
export async function rotateSecret(
  accounts: AccountNamespace,
  account: string,
  overlapMs: number,
): Promise<SigningVersion[] | null> {
  return inTime(PATIENCE_MS, accountStub(accounts, account).rotate(overlapMs));
}
