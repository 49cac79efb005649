import { alertKey, type Alert, type AlertCause, type AlertType, type LeftOut } from "./alert.ts";

/** One of a type and a host, an endpoint or an upstream within this. */
const SAME_MS = 600_000;
const HOUR_MS = 3_600_000;
/** So many alerts of an account within an hour. */
export const ALERTS_AN_HOUR = 20;

/** What an account remembers of its alerts, so that an outage of a thousand hosts does not become a flood. */
export interface AlertBook {
  /** Of the last hour, oldest first. */
  sent: readonly { key: string; at: number }[];
  leftOut: LeftOut;
}

export const NO_ALERTS: AlertBook = { sent: [], leftOut: {} };

/** Which alerts of one account to send now. The first of them says what was left out before. */
export function admitAlerts(
  book: AlertBook,
  causes: readonly AlertCause[],
  now: number,
): { book: AlertBook; alerts: Alert[] } {
  const sent = book.sent.filter(({ at }) => now - at < HOUR_MS);
  let { leftOut } = book;
  const alerts: Alert[] = [];
  const refused: AlertCause[] = [];
  for (const cause of joined(causes)) {
    const key = alertKey(cause);
    const isRepeated = sent.some((one) => one.key === key && now - one.at < SAME_MS);
    if (isRepeated || sent.length >= ALERTS_AN_HOUR) {
      refused.push(cause);
      continue;
    }
    sent.push({ key, at: now });
    alerts.push({ ...cause, leftOut });
    leftOut = {};
  }
  for (const { type, count } of refused) leftOut = added(leftOut, type, count);
  return { book: { sent, leftOut }, alerts };
}

/** One cause of each key, with the counts of all; the newest one has the words. */
function joined(causes: readonly AlertCause[]): AlertCause[] {
  const byKey = new Map<string, AlertCause>();
  for (const cause of causes) {
    const key = alertKey(cause);
    const count = (byKey.get(key)?.count ?? 0) + cause.count;
    byKey.set(key, { ...cause, count });
  }
  return [...byKey.values()];
}

function added(leftOut: LeftOut, type: AlertType, count: number): LeftOut {
  return { ...leftOut, [type]: (leftOut[type] ?? 0) + count };
}
