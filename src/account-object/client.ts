import type { AccountStats, TaskSummary, ListPage } from "../domain/account/summary.ts";
import type { SigningVersion } from "../domain/account/signing-versions.ts";
import { inTime } from "../net/in-time.ts";
import { JointCalls } from "../net/joint-calls.ts";
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
  return inTime(PATIENCE_MS, accountStub(accounts, summary.account).report([summary]));
}

const ends = new JointCalls<TaskSummary>(2 * PATIENCE_MS);

/**
 * The same for the end of a task that the account knows of, in one call with other ends of this moment. Where it is lost
 * with the isolate, the account's look finds it.
 * @throws OverloadedError if the account does not answer; whoever comes next tells of all
 */
export async function reportEnd(accounts: AccountNamespace, summary: TaskSummary): Promise<void> {
  const { account: to, name } = summary;
  await ends.tell({ to, name, item: summary }, async (summaries) =>
    inTime(PATIENCE_MS, accountStub(accounts, to).report(summaries)),
  );
}

/** Accepted tasks of one account, to be told of together. */
interface Round {
  summaries: TaskSummary[];
  closesAt: number;
}

/** The first one waits so long for company. */
const ROUND_MS = 50;
const ROUND_MAX = 500;
const rounds = new Map<string, Round>();

/**
 * Tells the account of an accepted task, in one call with those that other objects of this isolate accept at the same
 * moment. The first of them makes the call and the others do not wait for it: a timer or a call for each would cost
 * more than all the rest of a create. So a round may be lost, and a task must say it again later.
 * @throws OverloadedError to the first of them, if the account does not answer
 */
export async function registerTask(accounts: AccountNamespace, summary: TaskSummary): Promise<void> {
  const { account } = summary;
  const open = rounds.get(account);
  const leftMs = (open?.closesAt ?? 0) - Date.now();
  // A round that should be over, on any clock, belongs to an object that died: nobody will send it.
  if (open && leftMs > 0 && leftMs <= ROUND_MS && open.summaries.length < ROUND_MAX) {
    open.summaries.push(summary);
    return;
  }
  const round: Round = { summaries: [summary], closesAt: Date.now() + ROUND_MS };
  rounds.set(account, round);
  await scheduler.wait(ROUND_MS);
  if (rounds.get(account) === round) rounds.delete(account);
  await inTime(PATIENCE_MS, accountStub(accounts, account).report(round.summaries));
}

/** Takes a deleted task out of its account's list. @throws OverloadedError if it does not answer */
export async function forgetTask(
  accounts: AccountNamespace,
  { account, ...task }: Pick<TaskSummary, "account" | "name" | "createdAt">,
): Promise<void> {
  // Told of after it was forgotten, it would be back in the list until the next look.
  const round = rounds.get(account);
  if (round) round.summaries = round.summaries.filter(({ name }) => name !== task.name);
  ends.withdraw(account, task.name);
  return inTime(PATIENCE_MS, accountStub(accounts, account).forget(task));
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
