import type { PollAnswer, SubmitAnswer } from "../domain/task/upstream-answer.ts";
import type { Profile } from "../profiles/schema.ts";

/** A video API that can only be polled. Neither call throws: a network error is an answer, too. */
export interface Upstream {
  /** The paid call. `body` is the JSON request, sent as it is. */
  submit(body: Uint8Array): Promise<SubmitAnswer>;
  poll(upstreamTaskId: string): Promise<PollAnswer>;
}

/** An upstream over HTTP, with the key to call it with. */
export interface UpstreamAccess {
  /** Without a slash at the end. */
  baseUrl: string;
  apiKey: string;
  timeoutMs: number;
  /** How it is called and read. */
  profile: Profile;
}

/** What Ringback knows of the task that it asks about. */
export interface AskedTask {
  /** Every id that the create's answer named; null before it. */
  taskIds: readonly string[] | null;
  /** `requestDigest`s of the URLs and ids of its request. */
  requestDigests: readonly string[];
  /**
   * The path below `baseUrl` that its submit goes to, as its pattern in the profile matched it; null: the profile's first
   * one, which must be without names.
   */
  createPath: string | null;
}
