import type { AccountStats, ListPage } from "../domain/account/summary.ts";
import type { Briefing, TaskReport } from "../domain/account/report.ts";
import type { UpstreamTrouble } from "../domain/alerts/upstream.ts";
import type { SigningVersion } from "../domain/account/signing-versions.ts";
import { classKey } from "../domain/polling/class.ts";
import type { Forecast } from "../domain/polling/forecast.ts";
import { cadenceClass, type CadenceClass } from "../domain/task/cadence.ts";
import type { Task } from "../domain/task/task.ts";
import { inTime } from "../net/in-time.ts";
import { RpcBatcher } from "../net/rpc-batcher.ts";
import { TtlCache } from "../net/ttl-cache.ts";
import {
  COUNTING_PATIENCE_MS,
  type RecoveryFilter,
  type RecoveryPreview,
  type RecoveryRequest,
  type RecoveryView,
} from "../domain/recovery/recovery.ts";
import type { StartAnswer } from "./recovery/recoveries.ts";
import type { AccountObject } from "./object.ts";
import type { Page } from "./page.ts";

export type AccountNamespace = DurableObjectNamespace<AccountObject>;

/** A callback does not wait longer for its account. */
const SIGNING_PATIENCE_MS = 1000;
/** For everything that can wait. */
export const PATIENCE_MS = 10_000;

export function accountStub(accounts: AccountNamespace, account: string): DurableObjectStub<AccountObject> {
  return accounts.get(accounts.idFromName(account));
}

/** The account's signing secrets in force, newest first. @throws OverloadedError if it does not answer within a second */
export async function signingVersions(
  accounts: AccountNamespace,
  account: string,
): Promise<SigningVersion[]> {
  return inTime(SIGNING_PATIENCE_MS, accountStub(accounts, account).signingVersions());
}

/** An attempt may use an answer this old: it differs no more than a slow call would. */
const VERSIONS_KNOWN_MS = 250;
/** A forecast changes with each finished task, and by little. */
const FORECAST_KNOWN_MS = 10_000;
const KNOWN_MAX = 1000;
/** The last answers to objects of this isolate: versions by account, forecasts by cadence and class. */
const knownVersions = new TtlCache<SigningVersion[]>(VERSIONS_KNOWN_MS, KNOWN_MAX);
const knownForecasts = new TtlCache<Forecast | null>(FORECAST_KNOWN_MS, KNOWN_MAX);
/** Counts the rotations of this isolate: an answer that one has overtaken is not remembered. */
let rotations = 0;

/**
 * The same for an attempt, which may use the versions that another object of this isolate got a moment ago: when
 * thousands of tasks end at one instant, a call for each would be most of the account's work.
 * @throws OverloadedError if the account does not answer within a second
 */
export async function versionsForAttempt(
  accounts: AccountNamespace,
  account: string,
): Promise<SigningVersion[]> {
  const known = knownVersions.get(account);
  if (known) return known;
  const since = { askedAt: Date.now(), rotations };
  const versions = await signingVersions(accounts, account);
  rememberVersions(account, versions, since);
  return versions;
}

/** What a task may expect, if another object of this isolate has asked a moment ago; undefined: ask the account. */
export function knownForecast(task: Task): Forecast | null | undefined {
  return knownForecasts.get(classLabel(cadenceClass(task)));
}

/**
 * Reports a task to its account, and asks for its briefing; the same report twice is the same.
 * @throws OverloadedError if the account does not answer
 */
export async function sync(
  accounts: AccountNamespace,
  report: TaskReport,
  asked: CadenceClass | null = null,
): Promise<Briefing> {
  const { account } = report;
  const since = { askedAt: Date.now(), rotations };
  const briefing: Briefing = await inTime(PATIENCE_MS, accountStub(accounts, account).sync([report], asked));
  const { signing, outlook } = briefing;
  rememberVersions(account, signing, since);
  // While a key is paced, each of its tasks must learn it from its own briefing.
  if (asked && outlook && !outlook.paced) {
    knownForecasts.set(classLabel(asked), outlook.forecast, since.askedAt);
  }
  return briefing;
}

/** Tells the account what a task met at the upstream. @throws OverloadedError if it does not answer */
export async function tellTrouble(accounts: AccountNamespace, trouble: UpstreamTrouble): Promise<void> {
  await inTime(PATIENCE_MS, accountStub(accounts, trouble.account).upstreamTroubles([trouble]));
}

const batcher = new RpcBatcher<TaskReport>();

/**
 * Reports to the account in one call with other tasks of this isolate. The report may be lost with the object that calls,
 * so it must be one that the task repeats, or that the hourly reconciliation finds.
 * @throws OverloadedError to the object that calls, if the account does not answer
 */
export async function syncTogether(accounts: AccountNamespace, report: TaskReport): Promise<void> {
  const { account: to, name } = report;
  await batcher.tell({ to, name, item: report }, async (reports) => {
    const since = { askedAt: Date.now(), rotations };
    const briefing: Briefing = await inTime(PATIENCE_MS, accountStub(accounts, to).sync(reports));
    rememberVersions(to, briefing.signing, since);
  });
}

function rememberVersions(
  account: string,
  versions: SigningVersion[],
  since: { askedAt: number; rotations: number },
): void {
  if (since.rotations === rotations) knownVersions.set(account, versions, since.askedAt);
}

function classLabel({ cadence, task }: CadenceClass): string {
  return `${cadence} ${classKey(task)}`;
}

/** One page of the account's tasks. @throws OverloadedError if it does not answer */
export async function listTasks(accounts: AccountNamespace, account: string, page: ListPage): Promise<Page> {
  return inTime(PATIENCE_MS, accountStub(accounts, account).list(page));
}

/** @throws OverloadedError if it does not answer */
export async function accountStats(
  accounts: AccountNamespace,
  account: string,
  patienceMs = PATIENCE_MS,
): Promise<AccountStats> {
  return inTime(patienceMs, accountStub(accounts, account).stats());
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
  // Also after an error: the account may have rotated.
  return inTime(PATIENCE_MS, accountStub(accounts, account).rotate(overlapMs)).finally(forget);
}

/** What a recovery that began now would deliver again, by all rows. @throws OverloadedError if it does not answer */
export async function previewRecovery(
  accounts: AccountNamespace,
  account: string,
  filter: RecoveryFilter,
): Promise<RecoveryPreview> {
  return inTime(COUNTING_PATIENCE_MS, accountStub(accounts, account).previewRecovery(filter));
}

/** @throws OverloadedError if it does not answer; whether the recovery has begun is then not known */
export async function startRecovery(
  accounts: AccountNamespace,
  request: RecoveryRequest,
): Promise<StartAnswer> {
  const answer: Promise<StartAnswer> = accountStub(accounts, request.account).startRecovery(request);
  return inTime(COUNTING_PATIENCE_MS, answer);
}

/** Newest first. @throws OverloadedError if it does not answer */
export async function listRecoveries(accounts: AccountNamespace, account: string): Promise<RecoveryView[]> {
  return inTime(PATIENCE_MS, accountStub(accounts, account).recoveries());
}

/** Null: the account has none with this id. @throws OverloadedError if it does not answer */
export async function readRecovery(
  accounts: AccountNamespace,
  account: string,
  id: string,
): Promise<RecoveryView | null> {
  return inTime(PATIENCE_MS, accountStub(accounts, account).recovery(id));
}

/** The same, cancelled if it was running. @throws OverloadedError if it does not answer */
export async function cancelRecovery(
  accounts: AccountNamespace,
  account: string,
  id: string,
): Promise<RecoveryView | null> {
  return inTime(PATIENCE_MS, accountStub(accounts, account).cancelRecovery(id));
}
