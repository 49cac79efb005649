import type { TaskView } from "../gateway/profile.ts";
import type { GatewayTask } from "../gateway/task.ts";
import type { Answer } from "../listen.ts";

/**
 * One vendor's API on the wire: where it is asked, what it demands, and how it words its answers. It describes and
 * decides nothing, as a profile of the simulated gateway does.
 */
export interface Api {
  /** Without a scheme the header's whole value is the key. */
  auth: { header: "authorization" | "x-goog-api-key"; scheme?: "Bearer" };
  /** What each call must carry beside the key. */
  headers?: Record<string, string>;
  /** What a create must carry beside these. */
  createHeaders?: Record<string, string>;
  /** Exact paths, without a query. A group `model` is the task's model. */
  creates: readonly RegExp[];
  /** The group `id`, or else the body's member `requestId`, names the task. */
  poll: { method: "GET" | "POST"; path: RegExp };
  models?: { path: string; answer: object };
  /**
   * Where a result is served to the key of its task alone, with its query: the last path has the bytes, each before it
   * is a redirect to the next.
   */
  keyedPaths?(task: GatewayTask): readonly string[];
  /** The first rule that a create breaks, or null. */
  findViolation(request: Record<string, unknown>, path: string): string | null;
  makeId(uuid: string, model: string): string;
  accepted(task: GatewayTask): Answer;
  task(view: UpstreamView): Answer;
  /** If it is no plain 404. */
  unknownTask?(id: string): Answer;
  refuse(status: number, message: string): Answer;
}

export interface UpstreamView extends TaskView {
  /** Failed, and it was the vendor's review. */
  isModerated: boolean;
  /** The first keyed path, set for a succeeded task alone. */
  keyedUrl: string | null;
}

export const BEARER: Api["auth"] = { header: "authorization", scheme: "Bearer" };

const IS_OF_KIND = {
  text: (value: unknown) => typeof value === "string" && value !== "",
  object: (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value),
  list: (value: unknown) => Array.isArray(value) && value.length > 0,
  any: (value: unknown) => value !== undefined && value !== null,
};

/** The first of the members that the request lacks or has as another kind, worded as an error; null: it has them all. */
export function findMissing(
  request: Record<string, unknown>,
  members: Record<string, keyof typeof IS_OF_KIND>,
): string | null {
  const missing = Object.entries(members).find(([name, kind]) => !IS_OF_KIND[kind](request[name]));
  return missing === undefined ? null : `${missing[0]} is required`;
}
