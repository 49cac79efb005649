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

function pastOf({ task, diagnostics }: TaskView, { task: text, files }: Text): Moment[] {
  const moments: Moment[] = [{ iso: task.created_at, label: text.accepted, detail: null, tone: "done" }];
  if (task.submitted_at !== null && !task.test)
    moments.push({ iso: task.submitted_at, label: text.submitted, detail: null, tone: "done" });
  if (diagnostics.running_at !== null)
    moments.push({ iso: diagnostics.running_at, label: text.running, detail: null, tone: "done" });
  if (diagnostics.ready_at !== null)
    moments.push({ iso: diagnostics.ready_at, label: files.ready, detail: null, tone: "done" });
  if (task.finished_at !== null && isTerminal(task)) {
    const good = task.status === "succeeded";
    const polls = diagnostics.polls > 0 && !task.test ? text.pollsInAll(diagnostics.polls) : null;
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

function presentOf(
  { task, diagnostics }: TaskView,
  { task: text, tests, files }: Text,
  now: number,
): Moment[] {
  if (isTerminal(task)) return [];
  const iso = new Date(now).toISOString();
  if (task.test) return [{ iso, label: tests.running, detail: null, tone: "now" }];
  if (diagnostics.copy !== null) {
    const { failures } = diagnostics.copy;
    const detail = failures === 0 ? null : files.copyTries(failures);
    return [{ iso, label: files.copying, detail, tone: "now" }];
  }
  if (diagnostics.submit.phase === "begun")
    return [{ iso, label: text.submitting, detail: null, tone: "now" }];
  if (diagnostics.submit.phase === "due") {
    const { refusals } = diagnostics.submit;
    return refusals === 0 ? [] : [{ iso, label: text.submitRepeated(refusals), detail: null, tone: "now" }];
  }
  return [{ iso, label: text.polls(diagnostics.polls), detail: null, tone: "now" }];
}

function comingOf({ task, deliveries, diagnostics }: TaskView, { task: text, files }: Text): Moment[] {
  const moments: Moment[] = [];
  const next = (iso: string | null, label: string): void => {
    if (iso !== null) moments.push({ iso, label, detail: null, tone: "next" });
  };
  // Nothing of a test goes upstream.
  if (!task.test) {
    next(diagnostics.submit.due_at, text.submitDue);
    next(diagnostics.next_poll_at, text.nextPoll);
  }
  for (const delivery of deliveries.data) next(delivery.next_attempt_at, text.nextAttempt);
  // The deadline does not count while the result is copied.
  if (diagnostics.copy !== null) next(diagnostics.copy.until, files.copyEnds);
  else if (!isTerminal(task)) next(task.deadline_at, text.deadline);
  next(diagnostics.erased_at, text.erased);
  return moments;
}
