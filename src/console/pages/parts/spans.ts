import type { Text } from "../../text/en.ts";

/** Times as a person reads them. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long something took: `3 min 20 s`. */
export function span(text: Text["time"], ms: number): string {
  const whole = Math.max(Math.round(ms / SECOND), 0) * SECOND;
  if (ms < 10 * SECOND) return text.seconds(Math.max(Math.round(ms / 100), 0) / 10);
  if (whole < MINUTE) return text.seconds(whole / SECOND);
  if (whole < HOUR) return text.minutes(Math.floor(whole / MINUTE), (whole % MINUTE) / SECOND);
  if (whole < DAY) return text.hours(Math.floor(whole / HOUR), Math.floor((whole % HOUR) / MINUTE));
  return text.days(Math.floor(whole / DAY));
}

/** How far away an instant is, to one unit: `3 min ago`, `in 5 s`. What is to come is rounded, what was is cut. */
export function distance(text: Text["time"], at: number, now: number): string {
  const ms = Math.abs(at - now);
  if (ms < SECOND) return text.now;
  return at < now ? text.ago(coarseSpan(text, ms, Math.floor)) : text.in(coarseSpan(text, ms, Math.round));
}

function coarseSpan(text: Text["time"], ms: number, whole: (value: number) => number): string {
  if (whole(ms / SECOND) < 60) return text.seconds(whole(ms / SECOND));
  if (whole(ms / MINUTE) < 60) return text.minutes(whole(ms / MINUTE), 0);
  if (whole(ms / HOUR) < 24) return text.hours(whole(ms / HOUR), 0);
  return text.days(whole(ms / DAY));
}

/** `2026-11-23 20:45:12 UTC`: what is read until the browser's own script says it in local time. */
export function clock(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}
