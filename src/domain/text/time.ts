/** ISO 8601 in UTC with milliseconds; null stays null. */
export function isoTime(at: number): string;
export function isoTime(at: number | null): string | null;
export function isoTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+ -]\d\d(?::?\d\d)?)?)?$/i;

/**
 * Epoch milliseconds of an ISO 8601 time, UTC where it names no zone, rounded up; null: it is none. In a query a plus may
 * arrive as a blank.
 */
export function instantOf(text: string): number | null {
  const match = INSTANT.exec(text);
  if (!match) return null;
  const [
    ,
    year = "",
    month = "",
    day = "",
    hour = "00",
    minute = "00",
    second = "00",
    fraction = "",
    zone = "Z",
  ] = match;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const at = Date.parse(local);
  // A day that its month lacks would be one of the next month.
  if (Number.isNaN(at) || isoTime(at) !== local) return null;
  const offset = offsetMs(zone);
  return offset === null ? null : at - offset + millisecondsOf(fraction);
}

/** Of the digits behind a second; a list compares whole milliseconds, so `>= 0.0001` is `>= 0.001`. */
function millisecondsOf(fraction: string): number {
  return Number(fraction.slice(0, 3).padEnd(3, "0")) + (/[1-9]/.test(fraction.slice(3)) ? 1 : 0);
}

/** Null: no place is that far from Greenwich. */
function offsetMs(zone: string): number | null {
  if (zone.toUpperCase() === "Z") return 0;
  const digits = zone.slice(1).replace(":", "");
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2))];
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
