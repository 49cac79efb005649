import { FAILING_ENDS } from "../account/hosts.ts";
import { isoTime } from "../text/time.ts";
import type { Alert, AlertType, LeftOut } from "./alert.ts";

/** A message as it is sent: `id` stays the same for every try. */
interface AlertMessage {
  alert: Alert;
  id: string;
  at: number;
}

/** The body of the format `standard`. Members without a value are left out, but for `left_out`. */
export function standardBody({ alert, id, at }: AlertMessage): string {
  const { type, account, host, endpoint, upstream, count, since, code, reason, message, leftOut } = alert;
  const about = { account, host, endpoint, upstream, count, since: isoTime(since), code, reason, message };
  const known = Object.entries(about).filter(([, value]) => value !== null);
  return JSON.stringify({
    id,
    type,
    timestamp: isoTime(at),
    data: { ...Object.fromEntries(known), left_out: leftOut },
  });
}

/** The body of the format `slack`, for an incoming webhook. */
export function slackBody({ alert }: Pick<AlertMessage, "alert">): string {
  const lines = [`${SENTENCES[alert.type](alert)} (account ${alert.account})`];
  if (alert.message !== null) lines.push(`The upstream says: ${alert.message}`);
  const omitted = leftOutWords(alert.leftOut);
  if (omitted !== null) lines.push(`Left out since the last alert: ${omitted}.`);
  return JSON.stringify({ text: escaped(lines.join("\n")) });
}

const SENTENCES: Record<AlertType, (alert: Alert) => string> = {
  "endpoint.failing": (alert) =>
    `${receiver(alert)} has been failing${sinceWords(alert)}${reasonWords(alert)}.`,
  "endpoint.recovered": (alert) =>
    FAILING_ENDS.some((end) => end === alert.reason)
      ? `${receiver(alert)} is failing no more${reasonWords(alert)}.`
      : `${receiver(alert)} takes callbacks again.`,
  "endpoint.disabled": (alert) => `${receiver(alert)} is disabled${reasonWords(alert)}.`,
  "delivery.exhausted": (alert) =>
    `${counted(alert.count, "event")} could not be delivered to ${inSentence(receiver(alert))}${reasonWords(alert)}.`,
  "upstream.refusing": (alert) =>
    alert.code === null
      ? `The upstream ${alert.upstream} has not answered ${counted(alert.count, "call")} in a row${reasonWords(alert)}.`
      : `The upstream ${alert.upstream} refuses calls${reasonWords(alert)}.`,
  "upstream.recovered": ({ upstream }) => `The upstream ${upstream} works again.`,
  "submit.unknown": ({ upstream, count }) =>
    `${counted(count, "task")} failed as submit_unknown: the upstream ${upstream} may have taken ${count === 1 ? "it" : "them"}, and may charge for it.`,
};

function receiver({ host, endpoint }: Alert): string {
  return endpoint === null ? `The host ${host}` : `The endpoint ${endpoint} (${host})`;
}

function inSentence(words: string): string {
  return words.replace(/^The/, "the");
}

function sinceWords({ since }: Alert): string {
  return since === null ? "" : ` since ${isoTime(since)}`;
}

function reasonWords({ code, reason }: Alert): string {
  const words = [code, reason].filter((word) => word !== null);
  return words.length === 0 ? "" : `: ${words.join(", ")}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function leftOutWords(leftOut: LeftOut): string | null {
  const parts = Object.entries(leftOut).map(([type, count]) => `${count} ${type}`);
  return parts.length === 0 ? null : parts.join(", ");
}

/** Slack's own three; it reads everything else as it is. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
