import { fillBody, fillId } from "../profiles/pattern.ts";
import { AnswerMemory } from "./answer-memory.ts";
import { exchange } from "./exchange.ts";
import { callHeaders } from "./headers.ts";
import type { AskedTask, Upstream, UpstreamAccess } from "./provider.ts";
import { readPoll } from "./read/poll.ts";
import { readSubmit, unknown } from "./read/submit.ts";

/** A submit gets a second more per MiB, so that large images can arrive, but never outlives a deploy's grace. */
const SUBMIT_MAX_MS = 28_000;
const MIB = 1_048_576;

const NO_ANSWER = { kind: "nothing", json: null, notBeforeMs: null } as const;

/** How long a submit of this size may take in all. */
export function submitTimeoutMs(timeoutMs: number, bodyBytes: number): number {
  return Math.min(timeoutMs + Math.floor(bodyBytes / MIB) * 1000, SUBMIT_MAX_MS);
}

/**
 * The upstream over HTTP, called and read by its profile. It follows no redirect and no URL of an answer, so the key goes to
 * one host only. `known` and `memory` belong to the one task that is polled.
 */
export function httpUpstream(
  access: UpstreamAccess,
  known: AskedTask,
  memory = new AnswerMemory(),
): Upstream {
  const { baseUrl, profile } = access;
  const { create, poll } = profile;
  return {
    async submit(body) {
      const timeoutMs = submitTimeoutMs(access.timeoutMs, body.byteLength);
      const answer = await exchange(`${baseUrl}${known.createPath ?? create.paths[0]}`, {
        timeoutMs,
        method: "POST",
        headers: callHeaders(access, { hasBody: true }),
        body,
      });
      return answer === null
        ? unknown({ why: "no complete answer", down: "no_answer" })
        : readSubmit(answer, access, known);
    },
    async poll(upstreamTaskId) {
      const path = fillId(poll.path, upstreamTaskId, poll);
      // The profile has been changed since the task's create.
      if (path === null) return { ...NO_ANSWER, why: "the task's id is no path" };
      const body = poll.body === undefined ? null : JSON.stringify(fillBody(poll.body, upstreamTaskId));
      const answer = await exchange(`${baseUrl}${path}`, {
        timeoutMs: access.timeoutMs,
        method: poll.method,
        headers: callHeaders(access, { hasBody: body !== null }),
        body,
      });
      if (answer === null) return { ...NO_ANSWER, why: "no complete answer", down: "no_answer" };
      return readPoll(answer, profile, (text) => memory.read(text, access, known));
    },
  };
}
