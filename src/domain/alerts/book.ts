import {
  alertKey,
  isState,
  stateKeys,
  subjectOf,
  type Alert,
  type AlertCause,
  type AlertType,
  type LeftOut,
} from "./alert.ts";

/** One of a type and a host, an endpoint or an upstream within this. */
const SAME_MS = 600_000;
const HOUR_MS = 3_600_000;
/** So many alerts of an account within an hour. */
export const ALERTS_AN_HOUR = 20;

/** What an account remembers of its alerts, so that an outage of a thousand hosts does not become a flood. */
export interface AlertBook {
  /** Of the last hour, oldest first. */
  sent: readonly { key: string; at: number }[];
  /**
   * How a receiver or an upstream does, where the last alert of it says something else and no other may be sent yet: it is
   * told later, if it still holds.
   */
  held: readonly AlertCause[];
  leftOut: LeftOut;
}

export const NO_ALERTS: AlertBook = { sent: [], held: [], leftOut: {} };

/** Which alerts of one account to send now, those that were held too. The first of them says what was left out before. */
export function admitAlerts(
  book: AlertBook,
  causes: readonly AlertCause[],
  now: number,
): { book: AlertBook; alerts: Alert[] } {
  const sent = book.sent.filter(({ at }) => now - at < HOUR_MS);
  const held = new Map<string, AlertCause>();
  let { leftOut } = book;
  const alerts: Alert[] = [];
  const refused: AlertCause[] = book.held.filter((cause) => isOver(cause, causes));
  const waiting = book.held.filter((cause) => !refused.includes(cause));
  const waitingKeys = new Set(waiting.map(alertKey));
  for (const cause of joined([...waiting, ...causes])) {
    const subject = subjectOf(cause);
    if (isState(cause)) {
      const older = held.get(subject);
      if (older) refused.push(older);
      held.delete(subject);
    }
    if (freeAt(sent, cause) <= now) {
      sent.push({ key: alertKey(cause), at: now });
      alerts.push({ ...cause, leftOut });
      leftOut = {};
    } else if (waitingKeys.has(alertKey(cause)) || contradicts(sent, cause)) held.set(subject, cause);
    else refused.push(cause);
  }
  for (const { type, count } of refused) leftOut = added(leftOut, type, count);
  return { book: { sent, held: [...held.values()], leftOut }, alerts };
}

/** When the next one that is held may be sent; null: none is held. */
export function heldUntil({ sent, held }: AlertBook): number | null {
  return held.length === 0 ? null : Math.min(...held.map((cause) => freeAt(sent, cause)));
}

/** Until when the account must remember: the limits look back for so long. */
export function keptUntil(book: AlertBook): number {
  return Math.max((book.sent.at(-1)?.at ?? -HOUR_MS) + HOUR_MS, heldUntil(book) ?? 0);
}

/** From when on an alert may be sent. */
function freeAt(sent: AlertBook["sent"], cause: AlertCause): number {
  const key = alertKey(cause);
  const same = sent.findLast((one) => one.key === key);
  const first = sent.at(-ALERTS_AN_HOUR);
  const isFull = sent.length >= ALERTS_AN_HOUR && first !== undefined;
  return Math.max(same ? same.at + SAME_MS : 0, isFull ? first.at + HOUR_MS : 0);
}

/** Whether the last alert about its subject, in an hour, says something else. */
function contradicts(sent: AlertBook["sent"], cause: AlertCause): boolean {
  if (!isState(cause)) return false;
  const keys = stateKeys(cause);
  const last = sent.findLast(({ key }) => keys.includes(key));
  return last !== undefined && last.key !== alertKey(cause);
}

/** Whether something newer is known of its subject. */
function isOver(held: AlertCause, causes: readonly AlertCause[]): boolean {
  return causes.some(
    (cause) => isState(cause) && cause.type !== held.type && subjectOf(cause) === subjectOf(held),
  );
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
