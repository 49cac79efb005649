import type {
  Account,
  ChangeEndpoint,
  CreateVideo,
  Delivery,
  Endpoint,
  ListedTask,
  PingResult,
  Recovery,
  RecoveryPreview,
  RegisterEndpoint,
  RingbackFields,
  SentDelivery,
  SigningSecrets,
  StartRecovery,
  Task as AnyTask,
  TaskCallback,
  TaskData,
  TaskError,
  TestEndpoint,
  Upstream,
} from "./contract.ts";

/** The contract's shapes by the names that the client gives them, and what is sure of a task of each status. */

export type {
  Account,
  Delivery,
  Endpoint,
  ListedTask,
  PingResult,
  Recovery,
  RecoveryPreview,
  SentDelivery,
  SigningSecrets,
  TaskError,
  Upstream,
};

/** `POST /v1/webhooks/recoveries`: what to deliver again. Left out, every exhausted delivery. */
export type RecoveryRequest = Omit<StartRecovery, "dry_run">;

/** `POST /v1/webhooks/endpoints`: where the events of every later task go, too. */
export type EndpointRequest = RegisterEndpoint;

/** What to change of an endpoint; what is left out stays as it is. */
export type EndpointChange = ChangeEndpoint;

/** What to send to try an endpoint. */
export type EndpointTest = TestEndpoint;

/** `POST /v1/videos`: the upstream's fields, which pass through, and Ringback's own. */
export type CreateRequest = CreateVideo;

/** Ringback's own fields of a create, as options are spelled. */
export type OwnFields = { [Name in keyof RingbackFields as Camel<Name>]: RingbackFields[Name] };

type Camel<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : Name;

export type TaskStatus = TaskData["status"];
export type EventType = Delivery["event"];
export type DeliveryStatus = Delivery["status"];
export type CallbackFormat = TaskCallback["format"];

/** How a task can stand, and what is sure then. */
interface Outcomes {
  queued: Unended;
  running: Unended;
  /** `video_url` is null if only the upstream key opens the result, and the key is the operator's: `file` says so. */
  succeeded: {
    video_url: string | null;
    file: TaskData["file"];
    error: null;
    error_message: null;
    finished_at: string;
  };
  failed: { video_url: null; file: null; error: TaskError; error_message: string; finished_at: string };
}

interface Unended {
  video_url: null;
  file: null;
  error: null;
  error_message: null;
  finished_at: null;
}

/** One variant of `Whole` for each status. */
type ByStatus<Whole extends TaskData, Status extends TaskStatus> = {
  [One in Status]: Omit<Whole, "status" | keyof Outcomes[One]> & { status: One } & Outcomes[One];
}[Status];

/** A task as a callback carries it. Times are ISO 8601. */
export type CallbackTask<Status extends TaskStatus = TaskStatus> = ByStatus<TaskData, Status>;

/** A task as it is read. */
export type Task<Status extends TaskStatus = TaskStatus> = ByStatus<AnyTask, Status>;

export type EndedTask = Task<"succeeded" | "failed">;

export interface Page<Item> {
  object: "list";
  data: Item[];
  next_cursor: string | null;
}
