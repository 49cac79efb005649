import type { Lesson, Outlook } from "../task/cadence.ts";
import type { BriefedEndpoint, EndpointReceiver } from "../endpoint/endpoint.ts";
import type { HealthTransition } from "./hosts.ts";
import type { SigningVersion } from "./signing-versions.ts";
import type { TaskSummary } from "./summary.ts";

/** A task's report to its account. */
export interface TaskReport {
  /** The name of the task's object. */
  name: string;
  account: string;
  createdAt: number;
  /** Null: the task was deleted, which is the last word on it. */
  summary: TaskSummary | null;
  /** Of a task that has ended; it counts with the first report of the end. Null: there is none. */
  lesson: Lesson | null;
}

/** What the account answers. */
export interface Briefing {
  /** The versions that sign now, newest first. */
  signing: SigningVersion[];
  /** Those that are registered now, disabled ones, too. */
  endpoints: BriefedEndpoint[];
  /** Null: not asked for, or the cadence does not answer. */
  outlook: Outlook | null;
}

/** What the account answers to an attempt. */
export interface AttemptBriefing extends Pick<Briefing, "signing"> {
  endpoints: EndpointReceiver[];
}

/** A report as the account keeps it. */
export interface KnownTask {
  summary: TaskSummary;
  /** When the account received the report, epoch milliseconds. */
  heardAt: number;
}

/** What reports came to. */
export interface Received {
  /** Of the tasks that are known now to have ended, and were not before. */
  lessons: Lesson[];
  transitions: HealthTransition[];
}

/** Whether a report says nothing newer than what is known. */
export function isOld(summary: TaskSummary | null, known: KnownTask): boolean {
  return summary !== null && summary.version <= known.summary.version;
}

/** 15 digits last until the year 33658. */
const TIME_DIGITS = 15;

export function reportOf(summary: TaskSummary, lesson: Lesson | null = null): TaskReport {
  const { name, account, createdAt } = summary;
  return { name, account, createdAt, summary, lesson };
}

export function deletionOf(task: Pick<TaskReport, "name" | "account" | "createdAt">): TaskReport {
  return { ...task, summary: null, lesson: null };
}

/** Sorts by creation. */
export function taskKey({ name, createdAt }: Pick<TaskReport, "name" | "createdAt">): string {
  return `${timeKey(createdAt)} ${name}`;
}

/** A key below all tasks created at this instant or later, and above all older ones. */
export function timeKey(instant: number): string {
  return String(Math.max(instant, 0)).padStart(TIME_DIGITS, "0");
}

/** The `timeKey` of a task's key. */
export function timeOf(key: string): string {
  return key.slice(0, TIME_DIGITS);
}
