import type { PollAnswer, SubmitAnswer } from "../domain/task/upstream-answer.ts";

/** A video API that can only be asked. Neither call throws: whatever happens on the wire is an answer. */
export interface Upstream {
  /** The paid call. `body` is the JSON request, sent as it is. */
  submit(body: Uint8Array): Promise<SubmitAnswer>;
  poll(upstreamTaskId: string): Promise<PollAnswer>;
}

/** An upstream that is asked over HTTP, and with whose key. */
export interface UpstreamAccess {
  /** Without a slash at the end. */
  baseUrl: string;
  apiKey: string;
  timeoutMs: number;
}

/** What is known of the task that is asked about. */
export interface KnownTask {
  /** Every id that the create's answer named; null before it. */
  taskIds: readonly string[] | null;
  /** `requestDigest`s of the URLs and ids of its request. */
  requestDigests: readonly string[];
}
