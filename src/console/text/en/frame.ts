import type { CallbackStatus, TaskStatus } from "../../../contract/words.ts";

export const shell = {
  product: "Ringback",
  skip: "Skip to the content",
  nav: "Main",
  tasks: "Tasks",
  newTask: "New task",
  webhooks: "Webhooks",
  statistics: "Statistics",
  reference: "API reference",
  signOut: "Sign out",
  signedInAs: "Signed in as",
  stale: "The connection is lost. What you see may be old; trying again…",
  request: "Request",
  copy: "Copy",
  copied: "Copied",
};

export const signIn = {
  title: "Sign in",
  lead: "See what became of your video tasks, start new ones, and try your webhooks out.",
  own: "Your upstream API key",
  ownHint:
    "The same key that your programs send as Authorization: Bearer. It is sealed into a cookie of this browser and kept nowhere else.",
  operator: "Your Ringback token",
  operatorHint:
    "The same token that your programs send as Authorization: Bearer. It is sealed into a cookie of this browser and kept nowhere else.",
  submit: "Sign in",
  refused: "This key is not known here. Check that you have copied all of it.",
  tooLong: "This key is too long for a cookie.",
  silent: "The upstream did not say whether it knows this key. Try again in a moment.",
  tooMany: "Too many attempts. Try again in a minute.",
  onwards: "Go on to the console",
  life: (hours: number) => `You stay signed in for ${hours} hours at most.`,
};

export const status: Record<TaskStatus, string> = {
  queued: "Queued",
  running: "Running",
  succeeded: "Succeeded",
  failed: "Failed",
};

export const callback: Record<CallbackStatus | "none", string> = {
  none: "No callback",
  waiting: "Waiting",
  pending: "Being sent",
  delivered: "Delivered",
  exhausted: "Given up",
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
