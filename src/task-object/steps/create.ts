import { NOTHING_SYNCED, type SyncState } from "../../domain/task/state.ts";
import type { RefusalCode } from "../../contract/errors.ts";
import { FIRST_VERSION } from "../../domain/account/signing-versions.ts";
import { beginSubmit, isOperatorCredentialError, refusalCode } from "../../domain/task/submit.ts";
import {
  NO_POLLS,
  NO_WINDOWS,
  taskError,
  type CallbackRequest,
  type KeepState,
  type Task,
  type TaskTraits,
  type TestPlan,
} from "../../domain/task/task.ts";
import type { SubmitAnswer } from "../../domain/task/upstream-answer.ts";
import { taskFields, type TaskDeps } from "../deps.ts";
import type { TaskDocument } from "../document/document.ts";
import { sealParts, sealText } from "../document/sealed.ts";
import { isSlowDown, markSubmitLost, recordSubmit, submitLeaseMs } from "./submit.ts";

/** A validated create, as it reaches the task's object. */
export interface CreateInput {
  /** The public id under the current root secret, tag included. */
  taskId: string;
  /** This id under every root secret in use: a task issued under none of them is issued anew on replay. */
  acceptedTaskIds: readonly string[];
  account: string;
  mode: Task["mode"];
  upstreamName: Task["upstreamName"];
  createPath: Task["createPath"];
  /** The caller's own upstream key; null with the operator's. */
  apiKey: string | null;
  createId: string;
  /** Digest of the request; null without an idempotency key. */
  fingerprint: string | null;
  model: string;
  traits: TaskTraits;
  /** JSON text of an object. */
  metadata: string | null;
  /** `requestDigest`s of the request's URLs and ids. */
  requestDigests: readonly string[];
  test: TestPlan | null;
  /** The upstream has accepted this key before, or it is the operator's. */
  isKnownKey: boolean;
  timeoutMs: number;
  repeatServerErrors: boolean;
  callback: CallbackRequest | null;
  /** Whether its events go to the account's registered endpoints as well. */
  endpoints: boolean;
  /** The copy of the result to be made; null: none. */
  keep: Pick<KeepState, "fileId" | "origin" | "patienceMs"> | null;
  /** Host and port that the create was sent to. */
  ownHost: string;
  /** The upstream's request, JSON. */
  body: Uint8Array;
  /** `Prefer: respond-async`: answer before the submit. */
  respondAsync: boolean;
  /** `Prefer: wait`: how long the create's answer waits for the end of the task; 0 without it. */
  waitMs: number;
}

export type CreateOutcome =
  | { kind: "created" | "replayed"; document: TaskDocument }
  /** The key was used with another request. */
  | { kind: "mismatch" }
  /** The task of this key was deleted less than a day after its creation. */
  | { kind: "deleted" }
  /** The first create with this key still waits for the upstream. */
  | { kind: "in_progress" }
  /** A definite no of the upstream; nothing is kept. `upstream` is null where its words do not help the caller. */
  | {
      kind: "refused";
      status: number;
      code: RefusalCode;
      message: string;
      upstream: { status: number; body: string } | null;
    }
  /** This create was given up before it stored anything. */
  | { kind: "given_up" };

/** Accepts a task and, without `respond-async`, submits it before it answers. */
export async function createTask(deps: TaskDeps, input: CreateInput): Promise<CreateOutcome> {
  const known = outcomeOfEarlier(deps, input);
  if (known) return known;
  const [key, headers, parts] = await Promise.all([
    input.apiKey === null ? null : sealText(deps, input, "key", input.apiKey),
    hasHeaders(input) ? sealText(deps, input, "headers", JSON.stringify(input.callback.headers)) : null,
    input.respondAsync ? sealParts(deps, input, input.body) : null,
  ]);
  const task = newTask(deps, input);
  const leaseUntil = deps.now() + submitLeaseMs(deps, input.body.byteLength);
  const begun = input.respondAsync ? task : beginSubmit(task, leaseUntil);
  if (begun === null) throw new Error("a new task whose submit is not due");
  const document = deps.store.create(
    {
      task: begun,
      schedule: { ...NO_POLLS, nextPollAt: task.deadlineAt },
      sync: syncFromTheStart(deps, begun),
      sealed: { key, headers, answer: null, source: null },
    },
    parts,
  );
  // Sealing awaits: a second create with this key may be first, or the Worker may have given this one up.
  if (document === null) return outcomeOfEarlier(deps, input) ?? { kind: "given_up" };
  deps.session.begin(input.apiKey);
  deps.log("task.accepted", { ...taskFields(task), model: task.model, test: task.test !== null });
  if (input.respondAsync) return { kind: "created", document };
  return deps.running.track("submit", submitInCreate(deps, document, input));
}

function hasHeaders(input: CreateInput): input is CreateInput & { callback: object } {
  return input.callback !== null && input.callback.headers.length > 0;
}

/** The answer that an earlier create, or a delete, has left for this one; null: there is none. */
function outcomeOfEarlier(deps: TaskDeps, input: CreateInput): CreateOutcome | null {
  const known = deps.store.load();
  if (known) return replay(deps, known, input);
  const digest = deps.store.deletedKey();
  if (digest) return { kind: digest.fingerprint === input.fingerprint ? "deleted" : "mismatch" };
  return deps.store.isRefused(input.createId) ? { kind: "given_up" } : null;
}

/** In a burst of creates the objects of one isolate ask their cadence once, and tell their account together. */
function syncFromTheStart(deps: TaskDeps, task: Task): SyncState {
  const forecast = task.submit.phase === "begun" && task.test === null ? deps.knownForecast(task) : undefined;
  return forecast === undefined ? NOTHING_SYNCED : { ...NOTHING_SYNCED, isBriefed: true, forecast };
}

/** What a repeat of a create has in common with it. */
export type CreateQuestion = Pick<CreateInput, "createId" | "fingerprint" | "taskId" | "acceptedTaskIds">;

/** The answer to a Worker that lost this object in the middle of a create. */
export async function resolveCreate(deps: TaskDeps, question: CreateQuestion): Promise<CreateOutcome> {
  await deps.running.ended("submit");
  const known = deps.store.load();
  if (!known) {
    deps.store.refuse(question.createId);
    return { kind: "given_up" };
  }
  if (known.task.createId !== question.createId) return replay(deps, known, question);
  return { kind: "created", document: withKnownSubmit(deps, known) };
}

function replay(deps: TaskDeps, known: TaskDocument, question: CreateQuestion): CreateOutcome {
  const { task } = known;
  if (task.fingerprint === null || task.fingerprint !== question.fingerprint) return { kind: "mismatch" };
  if (task.submit.phase === "begun" && task.submit.inCreate && deps.running.has("submit")) {
    return { kind: "in_progress" };
  }
  const settled = task.submit.inCreate ? withKnownSubmit(deps, known) : known;
  if (question.acceptedTaskIds.includes(task.taskId)) return { kind: "replayed", document: settled };
  // The secret that issued the old id is gone, so no request can use that id.
  const reissued = deps.store.update(task.createId, (document) => ({
    task: { ...document.task, taskId: question.taskId },
  }));
  return { kind: "replayed", document: reissued ?? settled };
}

/** A submit begun by a process that is gone is unknown, at once and for good. */
function withKnownSubmit(deps: TaskDeps, known: TaskDocument): TaskDocument {
  if (known.task.submit.phase !== "begun") return known;
  markSubmitLost(deps, (task, now) => answered(deps, task, now));
  return deps.store.load() ?? known;
}

async function submitInCreate(
  deps: TaskDeps,
  begun: TaskDocument,
  { body, waitMs }: CreateInput,
): Promise<CreateOutcome> {
  const { createId, createdAt } = begun.task;
  const upstream = await deps.session.connect(begun);
  await deps.store.durable();
  const answer = await upstream.submit(body);
  if (isSlowDown(answer)) deps.pacing.keepRefusal({ slotAt: null, retryAfterMs: answer.retryAfterMs });
  if (answer.kind === "refused") {
    await deps.store.erase();
    const { mode } = begun.task;
    deps.log("submit.refused", { ...taskFields(begun.task), mode, status_code: answer.status });
    return refusal(begun.task, answer);
  }
  const adjust = (task: Task, now: number): Task => answered(deps, task, Math.max(now, createdAt + waitMs));
  const document = (await recordSubmit(deps, createId, { answer, body, adjust })) ?? deps.store.load();
  return document ? { kind: "created", document } : { kind: "given_up" };
}

/** The create's answer leaves at this instant; the hold of callbacks starts here. */
function answered(deps: TaskDeps, task: Task, at: number): Task {
  const holdUntil = at + deps.settings.callback.holdMs;
  return { ...task, submit: { ...task.submit, inCreate: false }, holdUntil };
}

function refusal(task: Task, answer: SubmitAnswer & { kind: "refused" }): CreateOutcome {
  const code = refusalCode(answer.status);
  const { status, upstreamStatus, body } = answer;
  if (isOperatorCredentialError(task.mode, status)) {
    const message = "The upstream refused the operator's key or balance.";
    return { kind: "refused", status: 502, code, message, upstream: null };
  }
  return {
    kind: "refused",
    status,
    code,
    message: taskError(code, answer.message).message,
    upstream: { status: upstreamStatus, body },
  };
}

function newTask(deps: TaskDeps, input: CreateInput): Task {
  const now = deps.now();
  // A test that is to time out ends at its delay by the ordinary deadline.
  const timeoutMs =
    input.test?.outcome === "timeout" ? Math.min(input.test.delayMs, input.timeoutMs) : input.timeoutMs;
  return {
    taskId: input.taskId,
    account: input.account,
    mode: input.mode,
    upstreamName: input.upstreamName,
    createPath: input.createPath,
    createId: input.createId,
    fingerprint: input.fingerprint,
    status: "queued",
    progress: null,
    model: input.model,
    traits: input.traits,
    videoUrl: null,
    sourceUrl: null,
    file: null,
    keep: input.keep && { ...input.keep, succeededAt: null, copy: null },
    error: null,
    metadata: input.metadata,
    test: input.test,
    upstreamTaskId: null,
    upstreamAliases: [],
    requestDigests: input.requestDigests,
    createdAt: now,
    submittedAt: null,
    finishedAt: null,
    deadlineAt: now + timeoutMs,
    submit: {
      phase: "due",
      dueAt: now,
      leaseUntil: null,
      refusals: 0,
      serverErrors: 0,
      repeatServerErrors: input.repeatServerErrors,
      inCreate: !input.respondAsync,
    },
    callback: input.callback && {
      url: input.callback.url,
      events: input.callback.events,
      format: input.callback.format,
      stopped: false,
    },
    endpoints: input.endpoints ? null : [],
    ownHost: input.ownHost,
    holdUntil: now + input.waitMs + deps.settings.callback.holdMs,
    signing: FIRST_VERSION,
    unproved: input.isKnownKey ? null : { asks: 0 },
    redeliveredAt: [],
    runningSince: null,
    lastProgressEvent: 0,
    ...NO_WINDOWS,
  };
}
