import type { TaskState } from "../../../src/domain/task/state.ts";
import type { KeyVerdict } from "../../../src/domain/task/key-proof.ts";
import type { DeliveryStatus, EventType } from "../../../src/contract/words.ts";
import type { Attempt, AttemptResult, Delivery } from "../../../src/domain/delivery/delivery.ts";
import type { Endpoint } from "../../../src/domain/endpoint/endpoint.ts";
import type { addressee, EndpointChangeWord, EndpointId, EndpointPlan } from "./endpoints.ts";

/** One task's object and what is around it: in plain Node with everything simulated, or the real one in workerd. */
export interface World {
  readonly life: LifePlan;
  readonly script: Script;
  /** What went out, in order. */
  readonly wire: WireCall[];
  readonly creates: CreateCall[];
  /** What the upstream has said of the key, asked for an attempt. */
  readonly verdicts: KeyVerdict[];
  /** Deaths so far, each with its place. */
  readonly deaths: string[];
  /** What the world itself saw that must not be. */
  readonly problems: string[];
  /** What others are told, and what is logged. */
  readonly shown: string[];
  /** What must not stand in it. */
  readonly secrets: readonly string[];
  readonly retryMs: readonly number[];
  readonly pollMinMs: number;
  readonly holdMs: number;
  readonly retentionMs: number;
  now(): number;
  /** Calls return when what they began is over, or hangs on the wire. */
  create(request: CreateRequest): Promise<void>;
  /** Runs the alarm at its time, or now if that is later. False: none is set, or one is running. */
  fire(): Promise<boolean>;
  pass(ms: number): Promise<void>;
  /** Answers what hangs. */
  release(): Promise<void>;
  redeliver(order: Redelivery): Promise<string>;
  /** What a recovery's order is answered, once it is. */
  recover(order: Recovery): Promise<string>;
  rotate(overlapMs: number): Promise<void>;
  /** Of one that is not there nothing changes. */
  changeEndpoint(id: EndpointId, change: EndpointChangeWord): Promise<void>;
  remove(): Promise<boolean>;
  read(): Promise<void>;
  planCrash(plan: CrashPlan | null): void;
  crash(): Promise<void>;
  setSettings(good: boolean): Promise<void>;
  rows(): Promise<Rows>;
  /** An alarm's run, or a create, is under way. */
  busy(): { alarm: boolean; create: boolean };
  /** The ids of the files that it holds. */
  bucket(): Promise<readonly string[]>;
  /** Lets the account's time pass too; how many rows it still has of tasks. */
  accountRows(): Promise<number>;
}

/** What stays the same in one run. */
export interface LifePlan {
  keyed: boolean;
  /** How it begins; null: by the commands alone. */
  first: CreateRequest | null;
  /** `retry_ambiguous_submit`. */
  repeats: boolean;
  /** Null: without a callback. */
  events: EventType[] | null;
  /** Registered before the task. */
  endpoints: readonly EndpointPlan[];
  /** The account does not answer at first. */
  silent: boolean;
  timeoutMs: number;
  /** What an upstream says to polls that the script says nothing about. */
  poll: "running" | "succeeded";
  /** For jitter. */
  seed: number;
  /** Ringback keeps a copy of the result; absent: it does not. */
  keep?: boolean;
  /** The result's URL contains the key; absent: it does not. */
  isSecret?: boolean;
}

export const SUBMIT_WORDS = [
  "accepted",
  "ended",
  "failed",
  "400",
  "429",
  "429+7",
  "503+7",
  "500",
  "timeout",
] as const;
export const POLL_WORDS = [
  "queued",
  "running",
  "progress 15",
  "progress 60",
  "succeeded",
  "no url",
  "failed",
  "404",
  "401",
  "429",
  "429+30",
  "500",
  "error of a query",
  "garbage",
  "other id",
  "timeout",
] as const;
/** What `/models` says of the key. */
export const KEY_WORDS = ["accepted", "refused", "silent"] as const satisfies KeyVerdict[];
export const CALLBACK_WORDS = ["200", "500", "429+30", "410", "501", "302", "timeout"] as const;
/** What a try to copy the result comes to; `slow` succeeds at the end of the patience. */
export const COPY_WORDS = ["kept", "slow", "404", "timeout"] as const;
export type SubmitWord = (typeof SUBMIT_WORDS)[number];
export type PollWord = (typeof POLL_WORDS)[number];
export type CallbackWord = (typeof CALLBACK_WORDS)[number];
export type CopyWord = (typeof COPY_WORDS)[number];
export type WireKind = "submit" | "poll" | "callback" | "copy";

/** The answers to come, first one first; after them an upstream accepts and a receiver says 200. */
export interface Script {
  submit: SubmitWord[];
  poll: PollWord[];
  /** To the task's own receiver, and to another URL. */
  callback: CallbackWord[];
  copy: CopyWord[];
  endpoints: Record<EndpointId, CallbackWord[]>;
  key: KeyVerdict[];
  /** The next call of these kinds hangs. */
  hold: Set<WireKind>;
  /** So is the cadence. */
  silentAccount: boolean;
  /** The bucket neither stores nor deletes. */
  brokenBucket: boolean;
}

export interface WireCall extends ReturnType<typeof addressee> {
  kind: WireKind;
  at: number;
  word: string;
  /** Null: on the wire still, or its process died. */
  answeredAt: number | null;
  /** Deaths before it left: two calls with the same number are of one process. */
  process: number;
  messageId: string;
  attempt: number;
  body: string;
  /** Of a callback. */
  url: string;
}

export interface CreateRequest {
  /** Another body under the same key. */
  other: boolean;
  respondAsync: boolean;
}

/** Which delivery is meant, and whether it goes to another URL. */
interface Order {
  /** Null: that of the task's own callback. */
  endpoint: EndpointId | null;
  isElsewhere: boolean;
}

export interface Redelivery extends Order {
  /** Null: the newest. */
  messageId: string | null;
}

/** A recovery's order, in words of the model. */
export interface Recovery extends Order {
  recoveryId: string;
  statuses: readonly DeliveryStatus[];
}

export type CreateAnswer =
  | { kind: "taken"; replayed: boolean; taskId: string }
  | { kind: "refused" | "mismatch" | "deleted" | "in_progress" | "given_up" | "misconfigured" };

export interface CreateCall {
  request: CreateRequest;
  answer: CreateAnswer | null;
  answeredAt: number;
}

export interface CrashPlan {
  when: "before" | "after";
  /** Counted from here, over all verbs. */
  nth: number;
  /** Whether writes whose outcome has not left the object are lost, too. */
  lossy: boolean;
}

/** `result` is null while it is on the wire. */
export interface LoggedAttempt extends Attempt {
  seq: number;
  result: AttemptResult | null;
}

/** What is stored, as it would be found by a process that knows nothing yet. */
export interface Rows {
  state: TaskState | null;
  attempts: readonly LoggedAttempt[];
  /** By message and format, as `bodyKey` has them. */
  bodies: ReadonlyMap<string, string>;
  alarm: number | null;
  key: boolean;
  parts: number;
  /** The key of a deleted task is remembered. */
  digest: boolean;
  /** Of everything that is stored. */
  keys: readonly string[];
  /** Of the account. */
  endpoints: readonly Endpoint[];
}

export function bodyKey({ messageId, format }: Pick<Delivery, "messageId" | "format">): string {
  return `${messageId} ${format}`;
}

/** The next word of a script for a call of this kind. */
export function nextWord(
  script: Script,
  life: LifePlan,
  kind: WireKind,
  to: ReturnType<typeof addressee>,
): string {
  switch (kind) {
    case "submit":
      return script.submit.shift() ?? "accepted";
    case "poll":
      return script.poll.shift() ?? life.poll;
    case "callback": {
      const plan = life.endpoints.find(({ id }) => id === to.endpoint);
      if (!plan || to.isElsewhere) return script.callback.shift() ?? "200";
      return script.endpoints[plan.id].shift() ?? plan.answer;
    }
    case "copy":
      return script.copy.shift() ?? "kept";
    default:
      return kind satisfies never;
  }
}

export function emptyScript(): Script {
  const answers = { submit: [], poll: [], callback: [], copy: [], key: [] };
  const endpoints = { ep_a: [], ep_b: [] };
  return { ...answers, endpoints, hold: new Set(), silentAccount: false, brokenBucket: false };
}
