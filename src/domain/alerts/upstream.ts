import type { TaskSummary } from "../account/summary.ts";
import { isCredentialRefusal, refusalCode } from "../task/submit.ts";
import type { Down, PollAnswer, SubmitAnswer } from "../task/upstream-answer.ts";
import { clip, plainText } from "../text/text.ts";
import { keySecrets, redactText, withoutQuotes } from "../text/redact.ts";
import { alertCause, type AlertCause } from "./alert.ts";

/** What one call says of the upstream itself: that it works, that it does not, or that it refuses the operator. */
export type UpstreamSign =
  | { kind: "works" }
  | { kind: "down"; reason: string }
  | { kind: "refuses"; status: number; message: string | null };

/** So many calls in a row without an answer, or with a 5xx, are no longer chance. */
export const DOWN_CALLS = 5;
const MESSAGE_MAX = 200;
/** What is masked may be longer than what is left. */
const READ_MAX = 1000;
/** `host.example.com/path`, and long words with a digit: half a key, the id of a request. */
const ADDRESS_OR_CODE = /[^\s/]*\w\.\w[^\s/]*\/\S*|(?=\S*\d)[\w*.-]{16,}/g;

const WORKS: UpstreamSign = { kind: "works" };

export function signOfSubmit(answer: SubmitAnswer): UpstreamSign {
  switch (answer.kind) {
    case "accepted":
      return WORKS;
    case "refused":
      return isCredentialRefusal(answer.status)
        ? { kind: "refuses", status: answer.status, message: answer.message }
        : WORKS;
    case "later":
      return answer.status === 503 ? { kind: "down", reason: "http_503" } : WORKS;
    case "unknown":
      return signOfSilence(answer);
    default:
      return answer satisfies never;
  }
}

export function signOfPoll(answer: PollAnswer): UpstreamSign {
  switch (answer.kind) {
    case "nothing":
      return signOfSilence(answer);
    case "unauthorized":
      return { kind: "refuses", status: answer.status, message: null };
    case "other":
      return isCredentialRefusal(answer.status)
        ? { kind: "refuses", status: answer.status, message: null }
        : WORKS;
    case "read":
    case "not_found":
    case "slow_down":
      return WORKS;
    default:
      return answer satisfies never;
  }
}

/** Any other answer that says nothing of the task was given by an upstream that works. */
function signOfSilence({ down }: Down): UpstreamSign {
  return down === undefined ? WORKS : { kind: "down", reason: down };
}

/** What a task tells its account of the upstream. */
export interface UpstreamTrouble {
  account: string;
  upstream: string;
  at: number;
  /** Null: it did not answer, or only with a 5xx. */
  status: number | null;
  reason: string | null;
  message: string | null;
  calls: number;
  /** A poll that is answered does not show that the upstream takes tasks again. */
  isAboutSubmits: boolean;
}

/** The upstream's words without what is secret, or may be the caller's: the key, what is quoted, addresses, long codes. */
export function maskedMessage(message: string | null, apiKey: string): string | null {
  if (message === null) return null;
  const masked = withoutQuotes(clip(redactText(message, keySecrets(apiKey)), READ_MAX));
  return plainText(masked.replaceAll(ADDRESS_OR_CODE, "…"), MESSAGE_MAX);
}

/** The upstreams of an account that do not work, by name: since when, and when that was seen last. */
export type Refusing = Readonly<Record<string, { since: number; lastAt: number; isAboutSubmits: boolean }>>;

export function withTrouble(refusing: Refusing, { upstream, at, isAboutSubmits }: UpstreamTrouble): Refusing {
  const known = refusing[upstream];
  const since = Math.min(known?.since ?? at, at);
  const lastAt = Math.max(known?.lastAt ?? at, at);
  // What refused creates is over only when one is accepted, whatever polls meet meanwhile.
  const isAboutAny = isAboutSubmits || known?.isAboutSubmits === true;
  return { ...refusing, [upstream]: { since, lastAt, isAboutSubmits: isAboutAny } };
}

export function causeOfTrouble(
  trouble: UpstreamTrouble,
  { [trouble.upstream]: known }: Refusing,
): AlertCause {
  const { account, upstream, status, reason, message, calls: count } = trouble;
  const code = status === null ? null : refusalCode(status);
  return alertCause("upstream.refusing", account, {
    upstream,
    count,
    since: known?.since ?? trouble.at,
    code,
    reason,
    message,
  });
}

/** Whether a task's report shows that its upstream works again. */
export function showsRecovery(refusing: Refusing, summary: TaskSummary): boolean {
  const known = refusing[summary.upstreamName];
  if (!known || summary.test) return false;
  const { submittedAt, finishedAt, error } = summary;
  if ((submittedAt ?? 0) > known.lastAt) return true;
  const isAnswered = error === null || error.code === "generation_failed";
  return !known.isAboutSubmits && isAnswered && (finishedAt ?? 0) > known.lastAt;
}

export function causeOfRecovery(account: string, upstream: string, refusing: Refusing): AlertCause {
  return alertCause("upstream.recovered", account, { upstream, since: refusing[upstream]?.since ?? null });
}
