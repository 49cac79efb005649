import { isCredentialRefusal } from "./domain/task/submit.ts";
import { withoutQuotes } from "./domain/text/redact.ts";

/** A log line holds ids, Ringback's own words and numbers; never a key, a header value, a prompt or a URL's query. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

/** The upstream refuses the operator's key or its balance, which every caller will meet. */
const isOperatorAffair = ({ mode, status_code: status }: LogFields): boolean =>
  mode === "operator" && typeof status === "number" && isCredentialRefusal(status);

/** Each event, and whether it needs attention. docs/logs.md says what each means and what to do. */
export const EVENTS = {
  "task.accepted": false,
  "submit.answered": (fields) => fields.answer === "unknown" || isOperatorAffair(fields),
  "submit.refused": isOperatorAffair,
  "task.status": false,
  "poll.without_news": ({ word }) => typeof word === "string",
  "result.copied": ({ reason }) => reason === "storage",
  "callback.attempted": ({ delivery }) => delivery === "exhausted",
  "delivery.ended": ({ delivery }) => delivery === "exhausted",
  "recovery.started": false,
  "recovery.ended": ({ status }) => status === "halted",
  "recovery.failed": true,
  "recovery.unanswered": true,
  "key.judged": false,
  "task.deleted": false,
  "alarm.rearmed": false,
  "alarm.threw": true,
  "alarm.failed": true,
  "step.stalled": true,
  "answer.unreadable": true,
  "receiver.unreadable": true,
  "settings.bad": true,
  "account.silent": true,
  "report.failed": true,
  "tombstone.failed": true,
  "file.undeleted": true,
  "pace.failed": true,
  "account.failed": true,
  "reconcile.failed": true,
  "outlook.failed": true,
  "host.failing": true,
  "host.recovered": false,
  "endpoint.failing": true,
  "endpoint.recovered": false,
  "endpoint.disabled": true,
  "alert.failed": true,
  "lessons.lost": true,
  "cadence.failed": true,
  "operator.called": false,
  "request.failed": true,
  "page.failed": true,
} satisfies Record<string, boolean | ((fields: LogFields) => boolean)>;

export type LogEvent = keyof typeof EVENTS;

/** Writes one event as one JSON line, those that need attention by `console.error`. */
export function log(event: LogEvent, fields: LogFields): void {
  const rule: boolean | ((fields: LogFields) => boolean) = EVENTS[event];
  const needsAttention = typeof rule === "boolean" ? rule : rule(fields);
  const line = JSON.stringify({ event, ...fields });
  if (needsAttention) console.error(line);
  else console.log(line);
}

/**
 * An error's class and message for a log line, without any data that the message quotes: the runtime's own messages repeat
 * the input that they cannot read.
 */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  return { error: error.name, error_message: withoutQuotes(error.message).slice(0, 200) };
}
