import type { PollAnswer, SubmitAnswer } from "../domain/task/upstream-answer.ts";

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
}

/** What Ringback knows of the task that it asks about. */
export interface AskedTask {
  /** Every id that the create's answer named; null before it. */
  taskIds: readonly string[] | null;
  /** `requestDigest`s of the URLs and ids of its request. */
  requestDigests: readonly string[];
}
