import type { DurableObject } from "cloudflare:workers";
import { vi } from "vitest";
import { AccountObject } from "../../../src/account-object/object.ts";
import { CadenceObject } from "../../../src/cadence-object/object.ts";
import type { TaskReport } from "../../../src/domain/account/report.ts";
import type { TaskDeps } from "../../../src/task-object/deps.ts";
import { TaskStore } from "../../../src/task-object/document/store.ts";
import type { UpstreamCalls } from "../../../src/task-object/upstream-session.ts";
import type { Upstream } from "../../../src/upstream/provider.ts";
import { R2Store } from "../../../src/files/r2-store.ts";
import type { FileStore } from "../../../src/files/store.ts";
import { isReceiver, network, SOURCES, type Wire } from "./world.ts";

/**
 * Crashes on purpose: the process dies before or after the n-th use of a verb. From that point on nothing of it has an
 * effect (a storage verb throws, everything else never answers), until the test aborts the objects for good.
 */
export interface CrashPlan {
  /** Every point passed, in order, e.g. `after task.apply 2`: two a verb, before and after it. */
  passed: string[];
  /** Die at these points. */
  dieAt: ReadonlySet<string>;
  /** Die at the n-th point from here on that is before, or after, a verb. */
  next: { when: "before" | "after"; nth: number } | null;
  dead: boolean;
  deaths: string[];
  /** Every verb that was ever used. */
  used: Set<string>;
  /** How often the account still refuses to forget. */
  silentForgets: number;
  /** Questions whether the upstream knows a key are the task's, before its first attempt. */
  keyAtAttempt: boolean;
  /** That of the task that used it last. */
  store: TaskStore | null;
}

export const crash: CrashPlan = {
  passed: [],
  dieAt: new Set(),
  next: null,
  dead: false,
  deaths: [],
  used: new Set(),
  silentForgets: 0,
  keyAtAttempt: false,
  store: null,
};

export function planCrash(dieAt: readonly string[]): void {
  Object.assign(crash, {
    passed: [],
    dieAt: new Set(dieAt),
    next: null,
    dead: false,
    deaths: [],
    silentForgets: 0,
    keyAtAttempt: false,
  });
}

/** Plans a death by counting, whatever the verbs are. */
export function planNthCrash(next: CrashPlan["next"]): void {
  crash.next = next && { when: next.when, nth: next.nth };
}

/** Everything that the task's object and its deps can do, and whether the sweep dies there. */
const STORE = {
  load: "read",
  steps: "read",
  alarm: "read",
  parts: "read",
  isRefused: "read",
  deletedKey: "read",
  tombstone: "read",
  leftFiles: "read",
  armed: "read",
  /** Nothing happens between it and the request that it is for. */
  durable: "read",
  /** In memory only. */
  stall: "memory",
  unstall: "memory",
  alarmFired: "memory",
  create: "verb",
  update: "verb",
  rearm: "async verb",
  armAt: "async verb",
  refuse: "verb",
  erase: "async verb",
} satisfies Record<keyof TaskStore, string>;

const ACCOUNT = {
  signingVersions: "worker",
  attemptBriefing: "async verb",
  sync: "async verb",
  /** Called by the Worker, and by a task only where its upstream cannot be asked whether it knows a key. */
  isKeyProved: "worker",
  /** Called by the Worker, not by a task. */
  rotate: "worker",
  list: "worker",
  stats: "worker",
  previewRecovery: "worker",
  startRecovery: "worker",
  recoveries: "worker",
  recovery: "worker",
  cancelRecovery: "worker",
  registerEndpoint: "worker",
  endpoints: "worker",
  endpoint: "worker",
  patchEndpoint: "worker",
  deleteEndpoint: "worker",
  /** Only with alerts. */
  upstreamTroubles: "worker",
  alarm: "runtime",
} satisfies Record<Exclude<keyof AccountObject, keyof DurableObject>, string> & { alarm: string };

const CADENCE = {
  outlook: "async verb",
  learn: "async verb",
  pace: "async verb",
  slowDown: "async verb",
  alarm: "runtime",
} satisfies Record<Exclude<keyof CadenceObject, keyof DurableObject>, string> & { alarm: string };

/**
 * The deps reach outside through the store, the account, the cadence and `fetch` only; the types know when one is
 * added.
 */
export const DEPS = {
  store: "STORE",
  session: "SESSION",
  pacing: "memory",
  running: "memory",
  keyAccepted: "memory",
  attemptBriefing: "ACCOUNT",
  sync: "ACCOUNT",
  syncTogether: "ACCOUNT",
  knownForecast: "memory",
  knownEndpoints: "memory",
  pace: "CADENCE",
  slowDown: "CADENCE",
  sendTombstone: "ACCOUNT",
  send: "fetch",
  copyResult: "FILES",
  deleteFile: "FILES",
  settings: "read",
  now: "read",
  random: "read",
  newMessageId: "read",
  streamed: "memory",
  log: "log",
} satisfies Record<keyof TaskDeps, string>;

/** What a session reaches outside with. */
export const SESSION = {
  apiKey: "read",
  openKey: "read",
  connect: "UPSTREAM",
  judgeKey: "fetch",
} satisfies Record<keyof UpstreamCalls, string>;

export const UPSTREAM = { submit: "fetch", poll: "fetch" } satisfies Record<keyof Upstream, string>;

export const FILES = {
  head: "async verb",
  /** Called by the Worker. */
  read: "worker",
  write: "async verb",
  delete: "async verb",
} satisfies Record<keyof FileStore, string>;

/** Every verb at which the sweep can die. */
export const VERBS = [
  ...named("task", STORE),
  ...named("account", ACCOUNT),
  ...named("cadence", CADENCE),
  ...named("files", FILES),
  "fetch submit",
  "fetch poll",
  "fetch callback",
  "fetch copy",
  "fetch models",
];

function named(of: string, kinds: Record<string, string>): string[] {
  return Object.keys(kinds)
    .filter((member) => kinds[member]?.endsWith("verb"))
    .map((member) => `${of}.${member}`);
}

/** What the classes really have, against the lists above. */
export function unknownMembers(): string[] {
  return [
    ...membersOf(TaskStore.prototype).filter((member) => !(member in STORE)),
    ...membersOf(AccountObject.prototype).filter((member) => !(member in ACCOUNT)),
    ...membersOf(CadenceObject.prototype).filter((member) => !(member in CADENCE)),
    ...membersOf(R2Store.prototype).filter((member) => !(member in FILES)),
  ];
}

function membersOf(prototype: object): string[] {
  return Object.getOwnPropertyNames(prototype).filter((member) => member !== "constructor");
}

function point(when: "before" | "after", verb: string): void {
  crash.used.add(verb);
  if (crash.dead) return;
  const label = `${when} ${verb}`;
  const nth = crash.passed.filter((passed) => passed.startsWith(`${label} `)).length + 1;
  crash.passed.push(`${label} ${nth}`);
  if (crash.next?.when === when) crash.next.nth -= 1;
  if (!crash.dieAt.has(`${label} ${nth}`) && (crash.next?.nth ?? 1) > 0) return;
  crash.next = null;
  crash.dead = true;
  crash.deaths.push(`${label} ${nth}`);
}

class DeadError extends Error {
  override name = "DeadError";
}

function sync<T>(verb: string, act: () => T): T {
  point("before", verb);
  if (crash.dead) throw new DeadError(`dead before ${verb}`);
  const result = act();
  point("after", verb);
  if (crash.dead) throw new DeadError(`dead after ${verb}`);
  return result;
}

async function later<T>(verb: string, act: () => Promise<T>): Promise<T> {
  point("before", verb);
  if (crash.dead) return new Promise(() => {});
  const result = await act();
  point("after", verb);
  return crash.dead ? new Promise(() => {}) : result;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Puts a point before and after every verb. After `fakeNetwork`. */
export function plantPoints(): void {
  plant(TaskStore.prototype, "task", STORE);
  plant(AccountObject.prototype, "account", ACCOUNT);
  plant(CadenceObject.prototype, "cadence", CADENCE);
  plant(R2Store.prototype, "files", FILES);
  const answer = vi.mocked(globalThis.fetch).getMockImplementation();
  if (!answer) throw new Error("the network is not faked");
  vi.mocked(globalThis.fetch).mockImplementation(async (input, init) => {
    // Asked by the Worker, too: then no object takes part in it, and none can die of it.
    if (kindOf(input, init) === "models" && !crash.keyAtAttempt) return answer(input, init);
    return later(`fetch ${kindOf(input, init)}`, async () => answer(input, init));
  });
}

export function plant(prototype: object, of: string, kinds: Record<string, string>): void {
  for (const [member, kind] of Object.entries(kinds)) {
    if (!kind.endsWith("verb")) continue;
    const methods = prototype as Record<string, Method>;
    const original = methods[member];
    if (!original) throw new Error(`${of} has no ${member}`);
    const verb = `${of}.${member}`;
    vi.spyOn(methods, member).mockImplementation(function (this: unknown, ...args: unknown[]) {
      if (this instanceof TaskStore) crash.store = this;
      const act = (): unknown => {
        if (verb === "account.sync" && crash.silentForgets > 0 && isDeletion(args)) {
          crash.silentForgets -= 1;
          throw new Error("away");
        }
        return original.apply(this, args);
      };
      return kind === "verb" ? sync(verb, act) : later(verb, async () => act());
    });
  }
}

/** Whether a `sync` tells of a deleted task. */
function isDeletion([reports]: unknown[]): boolean {
  return (reports as TaskReport[]).some(({ summary }) => summary === null);
}

function urlOf(input: RequestInfo | URL): string {
  return input instanceof Request ? input.url : String(input);
}

type RequestKind = "submit" | "poll" | "callback" | "copy" | "models";

function kindOf(input: RequestInfo | URL, init?: RequestInit): RequestKind {
  if (isReceiver(urlOf(input))) return "callback";
  if (urlOf(input).startsWith(SOURCES)) return "copy";
  if (urlOf(input).endsWith("/models")) return "models";
  return (init?.method ?? "GET") === "POST" ? "submit" : "poll";
}

/** Requests that really were on the wire. */
export function onTheWire(kind: RequestKind): Wire[] {
  return network.calls.filter(({ url, method }) => kindOf(url, { method }) === kind);
}
