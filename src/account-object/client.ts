import type { AccountStats } from "../domain/account/stats.ts";
import type { ListPage } from "../domain/account/filter.ts";
import type { AttemptBriefing, Briefing, TaskReport } from "../domain/account/report.ts";
import type { UpstreamTrouble } from "../domain/alerts/upstream.ts";
import type { SigningVersion } from "../domain/account/signing-versions.ts";
import type { BriefedEndpoint } from "../domain/endpoint/endpoint.ts";
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

/**
 * Whether an upstream that cannot be asked has accepted a create with the account's own key.
 * @throws OverloadedError if the account does not answer
 */
export async function isKeyProved(accounts: AccountNamespace, account: string): Promise<boolean> {
  return inTime(PATIENCE_MS, accountStub(accounts, account).isKeyProved());
}

/** An attempt may use an answer this old: it differs no more than a slow call would. */
const ATTEMPT_KNOWN_MS = 250;
/** A forecast changes with each finished task, and by little. */
const FORECAST_KNOWN_MS = 10_000;
/** As long as most tasks take: what they look for is an answer since their creation. */
const ENDPOINTS_KNOWN_MS = 3_600_000;
const KNOWN_MAX = 1000;
/** The last answers to objects of this isolate: by account, and forecasts by cadence and class. */
const knownBriefings = new TtlCache<AttemptBriefing & Asked>(ATTEMPT_KNOWN_MS, KNOWN_MAX);
const knownForecasts = new TtlCache<Forecast | null>(FORECAST_KNOWN_MS, KNOWN_MAX);
const namedEndpoints = new TtlCache<Pick<Briefing, "endpoints"> & Asked>(ENDPOINTS_KNOWN_MS, KNOWN_MAX);
/** Counts the changes that this isolate makes to accounts: an answer that one has overtaken is not remembered. */
let changes = 0;

/** When an answer's question left, and after how many changes. */
interface Asked {
  askedAt: number;
  changes: number;
}

function askedNow(): Asked {
  return { askedAt: Date.now(), changes };
}

/**
 * What an attempt must know. It may use the answer that another object of this isolate got a moment ago: when thousands
 * of tasks end at one instant, a call for each would be most of the account's work.
 * @throws OverloadedError if the account does not answer within a second
 */
export async function briefingForAttempt(
  accounts: AccountNamespace,
  { account, createdAt }: Pick<Task, "account" | "createdAt">,
): Promise<AttemptBriefing> {
  const known = knownBriefings.get(account);
  // An older answer may lack an endpoint that the task has taken along.
  if (known && known.askedAt >= createdAt) return known;
  const asked = askedNow();
  const answer: Promise<AttemptBriefing> = accountStub(accounts, account).attemptBriefing();
  const briefing = await inTime(SIGNING_PATIENCE_MS, answer);
  rememberForAttempts(account, briefing, asked);
  return briefing;
}

/** After a change of what attempts ask for: the next one in this isolate asks the account itself. */
export function forgetAttemptBriefing(account: string): void {
  changes += 1;
  knownBriefings.delete(account);
}

/**
 * What a task may expect, if another object of this isolate has asked a moment ago; undefined: ask the account. A task
 * of an account with endpoints asks for these anyway.
 */
export function knownForecast(task: Task): Forecast | null | undefined {
  const hasEndpoints = (namedEndpoints.get(task.account)?.endpoints.length ?? 0) > 0;
  if (task.endpoints === null && hasEndpoints) return undefined;
  return knownForecasts.get(classLabel(cadenceClass(task)));
}

/**
 * The account's endpoints, by an answer to this isolate whose question left after the task's creation: whichever was
 * registered before the task is among them. Undefined: there was none; ask the account.
 */
export function knownEndpoints(task: Task): readonly BriefedEndpoint[] | undefined {
  const named = namedEndpoints.get(task.account);
  return named && named.askedAt >= task.createdAt ? named.endpoints : undefined;
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
  const since = askedNow();
  const briefing: Briefing = await inTime(PATIENCE_MS, accountStub(accounts, account).sync([report], asked));
  const { outlook } = briefing;
  remember(account, briefing, since);
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
    const since = askedNow();
    const briefing: Briefing = await inTime(PATIENCE_MS, accountStub(accounts, to).sync(reports));
    remember(to, briefing, since);
  });
}

function remember(account: string, { signing, endpoints }: Briefing, since: Asked): void {
  namedEndpoints.set(account, { endpoints, ...since }, since.askedAt);
  // Where there are none, it is all that an attempt would be answered.
  if (endpoints.length === 0) rememberForAttempts(account, { signing, endpoints: [] }, since);
}

function rememberForAttempts(account: string, briefing: AttemptBriefing, since: Asked): void {
  if (since.changes === changes) knownBriefings.set(account, { ...briefing, ...since }, since.askedAt);
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
  const forget = (): void => forgetAttemptBriefing(account);
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
  account: string,
  request: RecoveryRequest,
): Promise<StartAnswer> {
  const answer: Promise<StartAnswer> = accountStub(accounts, account).startRecovery(request);
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
