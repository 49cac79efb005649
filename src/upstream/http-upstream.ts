import { AnswerMemory } from "./answer-memory.ts";
import { exchange } from "./exchange.ts";
import { HOP } from "./hop.ts";
import type { AskedTask, Upstream, UpstreamAccess } from "./provider.ts";
import { readPoll } from "./read/poll.ts";
import { readSubmit, unknown } from "./read/submit.ts";

/** A submit gets a second more per MiB, so that large images can arrive, but never outlives a deploy's grace. */
const SUBMIT_MAX_MS = 28_000;
const MIB = 1_048_576;

/** How long a submit of this size may take in all. */
export function submitTimeoutMs(timeoutMs: number, bodyBytes: number): number {
  return Math.min(timeoutMs + Math.floor(bodyBytes / MIB) * 1000, SUBMIT_MAX_MS);
}

/**
 * The upstream over HTTP, as `GET` and `POST /videos` of its document. It follows no redirect, so the key goes to one
 * host only. `known` and `memory` belong to the one task that is polled.
 */
export function httpUpstream(
  access: UpstreamAccess,
  known: AskedTask,
  memory = new AnswerMemory(),
): Upstream {
  const authorization = `Bearer ${access.apiKey}`;
  return {
    async submit(body) {
      const timeoutMs = submitTimeoutMs(access.timeoutMs, body.byteLength);
      const answer = await exchange(`${access.baseUrl}/videos`, {
        timeoutMs,
        method: "POST",
        headers: { authorization, "content-type": "application/json", accept: "application/json", ...HOP },
        body,
      });
      return answer === null
        ? unknown({ why: "no complete answer", down: "no_answer" })
        : readSubmit(answer, access, known);
    },
    async poll(upstreamTaskId) {
      const url = `${access.baseUrl}/videos/${encodeURIComponent(upstreamTaskId)}`;
      const headers = { authorization, accept: "application/json", ...HOP };
      const answer = await exchange(url, { timeoutMs: access.timeoutMs, headers });
      if (answer === null)
        return {
          kind: "nothing",
          why: "no complete answer",
          down: "no_answer",
          json: null,
          notBeforeMs: null,
        };
      return readPoll(answer, (text) => memory.read(text, access, known));
    },
  };
}
