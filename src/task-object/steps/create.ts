import { NOTHING_SYNCED, type SyncState, type TaskState } from "../../domain/task/due-work.ts";
import type { CallbackFormat, EventType } from "../../contract/words.ts";
import type { RefusalCode } from "../../contract/errors.ts";
import { FIRST_VERSION } from "../../domain/account/signing-versions.ts";
import { isOperatorCredentialError, refusalCode } from "../../domain/task/submit.ts";
import {
  NO_POLLS,
  NO_WINDOWS,
  taskError,
  type Task,
  type TaskTraits,
  type TestPlan,
} from "../../domain/task/task.ts";
import type { SubmitAnswer } from "../../domain/task/upstream-answer.ts";
import { taskFields, timing, type Running, type TaskDeps } from "../deps.ts";
import { sealParts, sealText } from "../sealed.ts";
import { isSlowDown, recordSubmit, submitLeaseUntil, submitLostStep } from "./submit.ts";

/** A validated create, as it reaches the task's object. */
export interface CreateInput {
  /** The object's own name: the task id without its tag. */
  taskId: string;
  /** This id under every root secret in use: a task issued under none of them is issued anew on replay. */
  acceptedTaskIds: readonly string[];
  account: string;
  mode: Task["mode"];
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
  /** The upstream knows the key, as it has said before; or it is the operator's. */
  isKnownKey: boolean;
  timeoutMs: number;
  repeatServerErrors: boolean;
  callback: {
    url: string;
    events: EventType[];
    format: CallbackFormat;
    headers: [name: string, value: string][];
    ownHost: string;
  } | null;
  /** The upstream's request, JSON. */
  body: Uint8Array;
  /** `Prefer: respond-async`: answer before the submit. */
  respondAsync: boolean;
  /** `Prefer: wait`: from now on the answer is held for so long, or until the task has ended; 0 without it. */
  waitMs: number;
}

export type CreateOutcome =
  | { kind: "created" | "replayed"; state: TaskState }
  /** The key was used with another request. */
  | { kind: "mismatch" }
  /** The task of this key was deleted less than a day after its creation. */
  | { kind: "deleted" }
  /** The first create with this key still waits for the upstream. */
  | { kind: "in_progress" }
  /** A definite no of the upstream; nothing is kept. `upstream` is null where its words are not the caller's affair. */
  | {
      kind: "refused";
      status: number;
      code: RefusalCode;
      message: string;
      upstream: { status: number; body: string } | null;
    }
  /** This create was given up before it stored anything. */
  | { kind: "given_up" };

/** Accepts a task and, unless told otherwise, submits it before it answers. */
export async function createTask(
  deps: TaskDeps,
  input: CreateInput,
  running: Running,
): Promise<CreateOutcome> {
  const known = deps.store.load();
  if (known) return replay(deps, known, input, running);
  const deleted = deps.store.rows.deleted(deps.now());
  if (deleted) return { kind: deleted.fingerprint === input.fingerprint ? "deleted" : "mismatch" };
  const task = newTask(deps, input);
  const sealed = {
    key: input.apiKey === null ? null : await sealText(deps, task, "key", input.apiKey),
    headers:
      input.callback === null || input.callback.headers.length === 0
        ? null
        : await sealText(deps, task, "headers", JSON.stringify(input.callback.headers)),
    ...(input.respondAsync ? { parts: await sealParts(deps, task, input.body) } : {}),
  };
  // Sealing took turns of the event loop: a twin may have been faster, or this create given up meanwhile.
  const twin = deps.store.load();
  if (twin) return replay(deps, twin, input, running);
  if (deps.store.rows.isRefused(input.createId)) return { kind: "given_up" };
  deps.apiKey = input.apiKey;
  const begun: Task = input.respondAsync
    ? task
    : {
        ...task,
        submit: { ...task.submit, phase: "begun", leaseUntil: submitLeaseUntil(deps, input.body.byteLength) },
      };
  const schedule = { ...NO_POLLS, nextPollAt: task.deadlineAt };
  const sync = syncFromTheStart(deps, begun);
  const state = deps.store.apply({ task: begun, schedule, sync, ...sealed }, timing(deps));
  deps.log("task.accepted", { ...taskFields(task), model: task.model, test: task.test !== null });
  if (input.respondAsync) return { kind: "created", state };
  const submitted = submitInCreate(deps, begun, input);
  running.set(
    "submit",
    // Whoever waits for the wire only wants to know that it is quiet; the outcome is the create's.
    submitted.then(
      () => undefined,
      () => undefined,
    ),
  );
  return submitted.finally(() => running.delete("submit"));
}

/** In a burst of creates the objects of one isolate ask their cadence once, and tell their account together. */
function syncFromTheStart(deps: TaskDeps, task: Task): SyncState {
  const forecast = task.submit.phase === "begun" && task.test === null ? deps.knownForecast(task) : undefined;
  return forecast === undefined
    ? NOTHING_SYNCED
    : { ...NOTHING_SYNCED, cadence: "joined", forecast, registered: true };
}

/** The answer to a Worker that lost this object in the middle of a create. */
export async function recoverCreate(
  deps: TaskDeps,
  input: Pick<CreateInput, "createId" | "fingerprint" | "taskId" | "acceptedTaskIds">,
  running: Running,
): Promise<CreateOutcome> {
  await running.get("submit");
  const known = deps.store.load();
  if (!known) {
    deps.store.refuse(input.createId, deps.now());
    return { kind: "given_up" };
  }
  if (known.task.createId !== input.createId) return replay(deps, known, input, running);
  return { kind: "created", state: settleLostSubmit(deps, known) };
}

function replay(
  deps: TaskDeps,
  known: TaskState,
  input: Pick<CreateInput, "fingerprint" | "taskId" | "acceptedTaskIds">,
  running: Running,
): CreateOutcome {
  if (known.task.fingerprint === null || known.task.fingerprint !== input.fingerprint)
    return { kind: "mismatch" };
  if (known.task.submit.phase === "begun" && known.task.submit.inCreate && running.has("submit")) {
    return { kind: "in_progress" };
  }
  const settled = known.task.submit.inCreate ? settleLostSubmit(deps, known) : known;
  if (input.acceptedTaskIds.includes(settled.task.taskId)) return { kind: "replayed", state: settled };
  // The secret under which its id was issued is gone: under the old id nobody could read it any more.
  const task = { ...settled.task, taskId: input.taskId };
  return { kind: "replayed", state: deps.store.apply({ task }, timing(deps)) };
}

/** A submit begun by a process that is gone is unknown, at once and for good. */
function settleLostSubmit(deps: TaskDeps, known: TaskState): TaskState {
  if (known.task.submit.phase !== "begun") return known;
  submitLostStep(deps, (task) => answered(deps, task));
  return deps.store.load() ?? known;
}

async function submitInCreate(
  deps: TaskDeps,
  begun: Task,
  { body, waitMs }: CreateInput,
): Promise<CreateOutcome> {
  const upstream = await deps.upstream(begun);
  await deps.store.durable();
  const answer = await upstream.submit(body);
  if (isSlowDown(answer)) deps.refusal = { slotAt: null, retryAfterMs: answer.retryAfterMs };
  if (answer.kind === "refused") {
    await deps.store.erase(deps.now());
    deps.log("submit.refused", { ...taskFields(begun), status_code: answer.status });
    return refusal(begun, answer);
  }
  const adjust = (task: Task): Task => answered(deps, task, begun.createdAt + waitMs);
  const state = (await recordSubmit(deps, answer, body, adjust)) ?? deps.store.load();
  return state ? { kind: "created", state } : { kind: "given_up" };
}

/** The create is being answered now, or at the end of its wait: callbacks are held from then on. */
function answered(deps: TaskDeps, task: Task, waitsUntil = 0): Task {
  const holdUntil = Math.max(deps.now(), waitsUntil) + deps.settings.callback.holdMs;
  const callback = task.callback && { ...task.callback, holdUntil };
  return { ...task, submit: { ...task.submit, inCreate: false }, callback };
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
    createId: input.createId,
    fingerprint: input.fingerprint,
    status: "queued",
    progress: null,
    model: input.model,
    traits: input.traits,
    videoUrl: null,
    file: null,
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
      ownHost: input.callback.ownHost,
      holdUntil: now + input.waitMs + deps.settings.callback.holdMs,
      stopped: false,
    },
    signing: FIRST_VERSION,
    unproved: input.isKnownKey ? null : { asks: 0 },
    redeliveredAt: [],
    runningSince: null,
    lastProgressEvent: 0,
    ...NO_WINDOWS,
  };
}
