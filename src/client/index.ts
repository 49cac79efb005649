/** `ringback-client`: Ringback's API and the proof of its callbacks, for Node 20 and later, Deno, Bun and Workers. */
export {
  Ringback,
  type CallOptions,
  type DeliveryOptions,
  type ListOptions,
  type RedeliverOptions,
} from "./client.ts";
export type { CreateOptions, UpstreamClient, UpstreamCreateOptions } from "./creates.ts";
export { RingbackError, type ClientOptions } from "./exchange.ts";
export {
  CallbackError,
  verifyCallback,
  type CallbackEvent,
  type FlatEvent,
  type ReceivedHeaders,
  type VerifyOptions,
} from "./callback.ts";
export type { Endpoints } from "./endpoints.ts";
export type { StreamedEvent } from "./events.ts";
export type { ListFilters } from "./filters.ts";
export type {
  Account,
  CallbackTask,
  CreateRequest,
  Delivery,
  DeliveryStatus,
  EndedTask,
  Endpoint,
  EndpointChange,
  EndpointRequest,
  EndpointTest,
  EventType,
  ListedTask,
  Page,
  PingResult,
  Recovery,
  RecoveryPreview,
  RecoveryRequest,
  SentDelivery,
  SigningSecrets,
  Task,
  TaskError,
  TaskStatus,
  Upstream,
} from "./task.ts";
