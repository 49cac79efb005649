import type { CallbackStatus, TaskStatus } from "../../../contract/words.ts";

export const shell = {
  product: "Ringback",
  skip: "Skip to the content",
  nav: "Main",
  tasks: "Tasks",
  newTask: "New task",
  webhooks: "Webhooks",
  endpoints: "Endpoints",
  statistics: "Statistics",
  reference: "API reference",
  signOut: "Sign out",
  signedInAs: "Signed in as",
  /** Between the items of a list within a sentence. */
  comma: ", ",
  /** A name and what it is about. */
  pair: (name: string, what: string) => `${name}: ${what}`,
  stale: "Connection lost. This page may be out of date; trying again…",
  request: "Request",
  copy: "Copy",
  copied: "Copied",
  notCopied: "Selected: press Ctrl+C",
};

export const signIn = {
  title: "Sign in",
  lead: "Track your video tasks, start new ones, and test your webhooks.",
  own: "API key",
  ownHint:
    "The key of your video provider, which your code sends as Authorization: Bearer …. We store it only in an encrypted cookie in this browser.",
  operator: "Ringback token",
  operatorHint:
    "The token your code sends as Authorization: Bearer …. We store it only in an encrypted cookie in this browser.",
  submit: "Sign in",
  refused: "We don't recognise this key. Check that you copied all of it.",
  unproved:
    "We don't know this key yet, and the provider can't be asked about it. Start a task with it from your code, then sign in.",
  tooLong: "This key is too long for a cookie.",
  silent: "The provider has not confirmed this key yet. Try again in a moment.",
  tooMany: "Too many attempts. Try again in a minute.",
  onwards: "Continue to the console",
  life: (hours: number) => `Your session ends after ${hours} hours.`,
};

export const status: Record<TaskStatus, string> = {
  queued: "Queued",
  running: "Running",
  succeeded: "Succeeded",
  failed: "Failed",
};

/** A delivery's state. `docs/api.md` has the same words beside the API's. */
export const callback: Record<CallbackStatus | "none", string> = {
  none: "No callback",
  waiting: "Not due yet",
  pending: "Retrying",
  delivered: "Delivered",
  exhausted: "Failed",
  stopped: "Stopped",
};

export const time = {
  seconds: (count: number) => `${count} s`,
  minutes: (minutes: number, seconds: number) =>
    seconds === 0 ? `${minutes} min` : `${minutes} min ${seconds} s`,
  hours: (hours: number, minutes: number) => (minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`),
  days: (days: number) => (days === 1 ? "1 day" : `${days} days`),
  milliseconds: (count: number) => `${count} ms`,
  ago: (span: string) => `${span} ago`,
  in: (span: string) => `in ${span}`,
  now: "now",
};
