import { aio } from "../../src/profiles/built-in/aio.ts";
import type { UpstreamSettings } from "../../src/env/upstreams.ts";
import type { TaskJson } from "../../src/contract/shapes/task.ts";
import type { TaskState } from "../../src/domain/task/state.ts";
import { newDelivery, type Delivery } from "../../src/domain/delivery/delivery.ts";
import { NO_ATTEMPTS, type AttemptTally } from "../../src/domain/account/attempts.ts";
import { reportOf, type TaskReport } from "../../src/domain/account/report.ts";
import type { EndpointSummary, TaskSummary } from "../../src/domain/account/summary.ts";
import type { Endpoint } from "../../src/domain/endpoint/endpoint.ts";
import { FIRST_VERSION } from "../../src/domain/account/signing-versions.ts";
import { NO_POLLS, type KeepState, type PollSchedule, type Task } from "../../src/domain/task/task.ts";
import type { TaskDocument } from "../../src/task-object/document/document.ts";
import type { TaskReading } from "../../src/domain/task/upstream-answer.ts";
import type { AskedTask, UpstreamAccess } from "../../src/upstream/provider.ts";

/** An instant to count from. */
export const T0 = Date.UTC(2026, 10, 23, 12);

/** An accepted task that is being polled, with a callback for all four events. */
export function aTask(overrides: Partial<Task> = {}): Task {
  return {
    taskId: "task_abcdefghijklmnopqrstuvwxyz234567abcdefghij",
    account: "key:somebody",
    mode: "own",
    upstreamName: "aio",
    createPath: null,
    createId: "create-1",
    fingerprint: null,
    status: "queued",
    progress: null,
    model: "doubao-seedance-2-0-260128",
    traits: { resolution: null, seconds: null, inputMode: null },
    videoUrl: null,
    sourceUrl: null,
    file: null,
    keep: null,
    error: null,
    metadata: null,
    test: null,
    upstreamTaskId: "up-1",
    upstreamAliases: [],
    requestDigests: [],
    createdAt: T0,
    submittedAt: T0,
    finishedAt: null,
    deadlineAt: T0 + 3_600_000,
    submit: {
      phase: "done",
      dueAt: T0,
      leaseUntil: null,
      refusals: 0,
      serverErrors: 0,
      repeatServerErrors: false,
      inCreate: false,
    },
    callback: {
      url: "https://hooks.acme.com/ringback",
      events: ["video.succeeded", "video.failed", "video.running", "video.progress"],
      format: "standard",
      stopped: false,
    },
    endpoints: [],
    ownHost: "ringback.acme.com",
    holdUntil: T0,
    signing: FIRST_VERSION,
    unproved: null,
    redeliveredAt: [],
    runningSince: null,
    lastProgressEvent: 0,
    notFoundSince: null,
    unauthorizedSince: null,
    resultMissingSince: null,
    ambiguousFailure: false,
    ...overrides,
  };
}

/** An upstream as the settings have it: `aio`, where callers bring their own key. */
export function anUpstream(overrides: Partial<UpstreamSettings> = {}): UpstreamSettings {
  return {
    name: "aio",
    profileName: "aio",
    profile: aio,
    baseUrl: "https://upstream.example/v1",
    operatorKey: null,
    ...overrides,
  };
}

/** How that upstream is called, by whose key. */
export function anAccess(overrides: Partial<UpstreamAccess> = {}): UpstreamAccess {
  const { baseUrl, profile } = anUpstream();
  return { baseUrl, profile, apiKey: "sk-0123456789abcdef", timeoutMs: 1000, ...overrides };
}

/** A task of which nothing is known but the id that the upstream has given it. */
export function anAskedTask(overrides: Partial<AskedTask> = {}): AskedTask {
  return { taskIds: ["up-1"], requestDigests: [], createPath: null, ...overrides };
}

export const FILE_ID = "abcdefghijklmnopqrstuvwxyz";

/** What a task whose result is to be kept says of it. */
export function aKeep(overrides: Partial<KeepState> = {}): KeepState {
  const origin = "https://ringback.acme.com";
  return { fileId: FILE_ID, origin, patienceMs: 120_000, succeededAt: null, copy: null, ...overrides };
}

/** The same before its submit: due, or begun. */
export function anUnsubmittedTask(phase: "due" | "begun", submit: Partial<Task["submit"]> = {}): Task {
  const task = aTask({ upstreamTaskId: null, submittedAt: null });
  return { ...task, submit: { ...task.submit, phase, ...submit } };
}

export function aSchedule(overrides: Partial<PollSchedule> = {}): PollSchedule {
  return { ...NO_POLLS, nextPollAt: T0 + 10_000, ...overrides };
}

export function aReading(overrides: Partial<TaskReading> = {}): TaskReading {
  return {
    status: null,
    isAmbiguous: false,
    word: null,
    members: [],
    progress: null,
    result: null,
    errorMessage: null,
    ...overrides,
  };
}

export function aDelivery(overrides: Partial<Delivery> = {}): Delivery {
  const fields = {
    seq: 1,
    messageId: "msg_1",
    endpoint: null,
    format: "standard",
    type: "video.succeeded",
    occurredAt: T0,
    notBeforeAt: T0,
    stopped: false,
  } as const;
  return { ...newDelivery(fields), ...overrides };
}

/** The state of a task that its account knows already. */
export function aTaskState(overrides: Partial<TaskState> = {}): TaskState {
  const state = { task: aTask(), schedule: aSchedule(), deliveries: [], version: 1, ...overrides };
  const sync = { lastReported: state.version, isBriefed: true, forecast: null, paced: false };
  return { sync, ...state };
}

/** The same as an object keeps it. */
export function aDocument(overrides: Partial<TaskDocument> = {}): TaskDocument {
  return {
    sealed: { key: null, headers: null, answer: null, source: null },
    parts: 0,
    bodies: [],
    ...aTaskState(overrides),
    ...overrides,
  };
}

/** Of a task that has ended and was delivered, a minute after its creation. */
export function aSummary(overrides: Partial<TaskSummary> = {}): TaskSummary {
  const createdAt = overrides.createdAt ?? T0;
  const { status = "succeeded", delivery = "delivered" } = overrides;
  const hasEnded = status === "succeeded" || status === "failed";
  return {
    name: "abcdefghijklmnopqrstuvwxyz",
    account: "key:somebody",
    taskId: "task_abcdefghijklmnopqrstuvwxyz234567abcdefghij",
    status,
    model: "m",
    upstreamName: "aio",
    upstreamTaskId: "up-1",
    test: false,
    metadata: null,
    videoUrl: "https://cdn.acme.com/v.mp4",
    keptBytes: null,
    error: null,
    createdAt,
    submittedAt: createdAt,
    finishedAt: createdAt + 60_000,
    delivery,
    terminalDelivery: hasEnded && delivery !== "waiting" ? delivery : null,
    callbackHost: "hooks.acme.com",
    attempts: NO_ATTEMPTS,
    endpoints: [],
    polls: 3,
    version: 1,
    settledAt: createdAt + 61_000,
    expiresAt: createdAt + 61_000 + 3_600_000,
    ...overrides,
  };
}

/** What a task tells of an endpoint that it took along; nothing was sent there yet. */
export function anEndpointSummary(overrides: Partial<EndpointSummary> = {}): EndpointSummary {
  return {
    id: "ep_aaaaaaaaaaaaaaaaaaaaaaaaaa",
    host: "endpoint.acme.com",
    terminalDelivery: null,
    attempts: NO_ATTEMPTS,
    goneAt: null,
    ...overrides,
  };
}

/** A registered endpoint, as its account stores it. */
export function anEndpoint(overrides: Partial<Endpoint> = {}): Endpoint {
  return {
    id: "ep_aaaaaaaaaaaaaaaaaaaaaaaaaa",
    url: "https://endpoint.acme.com/hook?key=1",
    urlSince: overrides.createdAt ?? T0,
    events: ["video.succeeded", "video.failed"],
    format: "standard",
    headers: null,
    headerNames: [],
    description: null,
    createdAt: T0,
    countsFrom: overrides.createdAt ?? T0,
    disabled: null,
    ...overrides,
  };
}

/** Attempts that failed, so many seconds after T0. */
export function failedAttempts(...seconds: number[]): AttemptTally {
  const failedAt = seconds.map((second) => T0 + 1000 * second);
  const at = failedAt.at(-1) ?? 0;
  return { ...NO_ATTEMPTS, failed: seconds.length, failedAt, lastFailure: { at, reason: "http_503" } };
}

/** As it is accepted. */
export function aQueuedSummary(overrides: Partial<TaskSummary> = {}): TaskSummary {
  const waiting = { videoUrl: null, finishedAt: null, polls: 0, settledAt: null, expiresAt: null } as const;
  return aSummary({ ...waiting, status: "queued", delivery: "waiting", ...overrides });
}

export function aReport(version: number, summary: TaskSummary): TaskReport {
  return reportOf({ ...summary, version });
}

/** A queued task without news, as the API shows it. */
export function aTaskJson(overrides: Partial<TaskJson> = {}): TaskJson {
  return {
    object: "video.task",
    id: "task_a",
    task_id: "task_a",
    status: "queued",
    progress: null,
    model: "m",
    upstream_name: "aio",
    video_url: null,
    source_url: null,
    file: null,
    error: null,
    error_message: null,
    metadata: null,
    test: false,
    upstream_task_id: "up-1",
    created_at: new Date(T0).toISOString(),
    submitted_at: new Date(T0 + 500).toISOString(),
    finished_at: null,
    deadline_at: new Date(T0 + 3_600_000).toISOString(),
    callback: null,
    upstream: null,
    ...overrides,
  };
}
