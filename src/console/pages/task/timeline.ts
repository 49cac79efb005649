import type { AttemptJson } from "../../../contract/shapes/delivery.ts";
import type { AttemptReason } from "../../../contract/words.ts";
import { span } from "../parts/spans.ts";
import { isTerminal } from "../../../domain/task/task.ts";
import { isOnTheWire, type TaskView } from "./task-view.ts";
import type { Text } from "../../text/en.ts";

/** One thing in the life of a task. */
interface Moment {
  iso: string;
  label: string;
  detail: string | null;
  tone: "done" | "good" | "warn" | "bad" | "now" | "next";
}

/** The life of a task in order: what happened, what is going on, what is still to come. */
export function timelineOf(view: TaskView, text: Text, now: number): Moment[] {
  const moments = [...pastOf(view, text), ...attemptsOf(view, text), ...comingOf(view, text)];
  const past = moments.filter(({ tone }) => tone !== "next").toSorted(byTime);
  const coming = moments.filter(({ tone }) => tone === "next").toSorted(byTime);
  return [...past, ...presentOf(view, text, now), ...coming];
}

function byTime(a: Moment, b: Moment): number {
  return Date.parse(a.iso) - Date.parse(b.iso);
}

function pastOf({ task, life }: TaskView, { task: text, files }: Text): Moment[] {
  const moments: Moment[] = [{ iso: task.created_at, label: text.accepted, detail: null, tone: "done" }];
  if (task.submitted_at !== null && !task.test)
    moments.push({ iso: task.submitted_at, label: text.submitted, detail: null, tone: "done" });
  if (life.running_at !== null)
    moments.push({ iso: life.running_at, label: text.running, detail: null, tone: "done" });
  if (life.ready_at !== null)
    moments.push({ iso: life.ready_at, label: files.ready, detail: null, tone: "done" });
  if (task.finished_at !== null && isTerminal(task)) {
    const good = task.status === "succeeded";
    const polls = life.polls > 0 && !task.test ? text.pollsInAll(life.polls) : null;
    moments.push({
      iso: task.finished_at,
      label: good ? text.succeeded : text.failed,
      detail: polls,
      tone: good ? "good" : "bad",
    });
  }
  return moments;
}

/** What is tried again is no end. */
const TONES = { delivered: "good", retryable: "warn", permanent: "bad", unknown: "warn" } as const;

function attemptsOf({ deliveries }: TaskView, text: Text): Moment[] {
  return deliveries.data.flatMap(({ event, endpoint, attempts }) =>
    attempts.map((attempt) => ({
      iso: attempt.started_at,
      label: text.task.attempt(attempt.number),
      detail: [event, ...whereTo(attempt.host ?? endpoint?.host, text), answerOf(attempt, text)].join(" · "),
      tone: toneOf(attempt),
    })),
  );
}

function whereTo(host: string | undefined, { sent }: Text): string[] {
  return host === undefined ? [] : [sent.to(host)];
}

/** What another URL answers is neither good nor bad for the task's own callback. */
function toneOf(attempt: AttemptJson): Moment["tone"] {
  if (isOnTheWire(attempt)) return "now";
  return attempt.host === undefined ? TONES[attempt.outcome] : "done";
}

/** `503, 12 ms`, or in words what came instead of an answer. */
function answerOf(attempt: AttemptJson, text: Text): string {
  if (isOnTheWire(attempt)) return text.deliveries.onTheWire;
  const said =
    attempt.status_code === null
      ? (shortReason(attempt.reason, text) ?? text.deliveries.outcome[attempt.outcome])
      : `HTTP ${attempt.status_code}`;
  return attempt.duration_ms === null ? said : `${said} · ${latency(attempt.duration_ms, text)}`;
}

function shortReason(reason: AttemptReason | null, { deliveries }: Text): string | undefined {
  return Object.entries(deliveries.short).find(([name]) => name === reason)?.[1];
}

export function latency(ms: number, text: Text): string {
  return ms < 1000 ? text.time.milliseconds(Math.round(ms)) : span(text.time, ms);
}

function presentOf({ task, life }: TaskView, { task: text, tests, files }: Text, now: number): Moment[] {
  if (isTerminal(task)) return [];
  const iso = new Date(now).toISOString();
  if (task.test) return [{ iso, label: tests.running, detail: null, tone: "now" }];
  if (life.copy !== null) {
    const { failures } = life.copy;
    const detail = failures === 0 ? null : files.copyTries(failures);
    return [{ iso, label: files.copying, detail, tone: "now" }];
  }
  if (life.submit.phase === "begun") return [{ iso, label: text.submitting, detail: null, tone: "now" }];
  if (life.submit.phase === "due") {
    const { refusals } = life.submit;
    return refusals === 0 ? [] : [{ iso, label: text.submitRepeated(refusals), detail: null, tone: "now" }];
  }
  return [{ iso, label: text.polls(life.polls), detail: null, tone: "now" }];
}

function comingOf({ task, deliveries, life }: TaskView, { task: text, files }: Text): Moment[] {
  const moments: Moment[] = [];
  const next = (iso: string | null, label: string): void => {
    if (iso !== null) moments.push({ iso, label, detail: null, tone: "next" });
  };
  // Nothing of a test goes upstream.
  if (!task.test) {
    next(life.submit.due_at, text.submitDue);
    next(life.next_poll_at, text.nextPoll);
  }
  for (const delivery of deliveries.data) next(delivery.next_attempt_at, text.nextAttempt);
  // The deadline does not count while the result is copied.
  if (life.copy !== null) next(life.copy.until, files.copyEnds);
  else if (!isTerminal(task)) next(task.deadline_at, text.deadline);
  next(life.erased_at, text.erased);
  return moments;
}
