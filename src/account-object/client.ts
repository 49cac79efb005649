import type { AccountStats, TaskSummary, ListPage } from "../domain/account/summary.ts";
import { reportOf, type TaskReport } from "../domain/account/report.ts";
import type { SigningVersion } from "../domain/account/signing-versions.ts";
import { inTime } from "../net/in-time.ts";
import { RpcBatcher } from "../net/rpc-batcher.ts";
import { TtlCache } from "../net/ttl-cache.ts";
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

/** So old may be what an attempt signs by: as if it had asked a moment sooner, and been slower on its way. */
const VERSIONS_KNOWN_MS = 250;
const VERSIONS_KNOWN_MAX = 1000;
/** What attempts of this isolate were told last, by account. */
const knownVersions = new TtlCache<SigningVersion[]>(VERSIONS_KNOWN_MS, VERSIONS_KNOWN_MAX);
/** Counts the rotations of this isolate: an answer that one has overtaken is not remembered. */
let rotations = 0;

/**
 * The same for an attempt, which may go by what another object of this isolate was told a moment ago: when thousands of
 * tasks end at one instant, a call for each would be most of what the account does.
 * @throws OverloadedError if the account does not answer within a second
 */
export async function versionsForAttempt(
  accounts: AccountNamespace,
  account: string,
): Promise<SigningVersion[]> {
  const known = knownVersions.get(account);
  if (known) return known;
  const askedAt = Date.now();
  const before = rotations;
  const versions = await signingVersions(accounts, account);
  if (before === rotations) knownVersions.set(account, versions, askedAt);
  return versions;
}

/** Tells the account how far a task is; the same report twice is the same. @throws OverloadedError if it does not answer */
export async function reportTask(accounts: AccountNamespace, summary: TaskSummary): Promise<void> {
  return inTime(PATIENCE_MS, accountStub(accounts, summary.account).sync([reportOf(summary)]));
}

const batcher = new RpcBatcher<TaskReport>();

/**
 * The same in one call with other tasks of this isolate. It may be lost with the object that calls, so it is only for
 * what the account is told again, or finds out by its hourly reconciliation.
 * @throws OverloadedError to the object that calls, if the account does not answer
 */
export async function reportTogether(accounts: AccountNamespace, summary: TaskSummary): Promise<void> {
  const { account: to, name } = summary;
  await batcher.tell({ to, name, item: reportOf(summary) }, async (reports) =>
    inTime(PATIENCE_MS, accountStub(accounts, to).sync(reports)),
  );
}

/** Takes a deleted task out of its account's list. @throws OverloadedError if it does not answer */
export async function forgetTask(
  accounts: AccountNamespace,
  { account, ...task }: Pick<TaskSummary, "account" | "name" | "createdAt">,
): Promise<void> {
  const deletion = { ...task, summary: null };
  return inTime(PATIENCE_MS, accountStub(accounts, account).sync([deletion]));
}

/** One page of the account's tasks. @throws OverloadedError if it does not answer */
export async function listTasks(
  accounts: AccountNamespace,
  account: string,
  page: ListPage,
): Promise<{ summaries: TaskSummary[]; next: string | null }> {
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
  const forget = (): void => {
    rotations += 1;
    knownVersions.delete(account);
  };
  forget();
  // Whatever its answer: it may have rotated all the same.
  return inTime(PATIENCE_MS, accountStub(accounts, account).rotate(overlapMs)).finally(forget);
}
