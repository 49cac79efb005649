import { parseArgs } from "node:util";
import { startGateway } from "../../dev/gateway.ts";
import { answerQuestions } from "../lib/child.ts";

/**
 * The simulated gateway for tasks that run until they are told to end, all at one instant. It notes when each poll
 * arrived, and nothing else of a call.
 */

export type GatewayQuestion =
  | { ask: "base url" }
  /** Every task that still runs succeeds now; with a URL, each poll from now on says that this is the result. */
  | { ask: "finish"; resultUrl?: string }
  /** Polls that arrived in [from, to), and by how much each came after its planned time. */
  | { ask: "polls"; from: number; to: number; gapMs: number }
  /** Per finished task: when the poll arrived that was answered so. */
  | { ask: "seen" };

export interface Polls {
  count: number;
  /** Of all but first polls: from the planned gap after the last answer. */
  lateMs: number[];
}

const YEARS_SECONDS = 1e8;

const { values } = parseArgs({
  options: { "delay-ms": { type: "string" }, "submit-delay-ms": { type: "string" } },
});
const delayMs = Number(values["delay-ms"] ?? 0);
const submitDelayMs = Number(values["submit-delay-ms"] ?? 0);
const arrivals = new Map<string, number[]>();
const seen = new Map<string, number>();

const gateway = await startGateway({
  queueSeconds: 0,
  // Its progress stands at 0 for the whole flight: an unchanged poll is what most polls are.
  runSeconds: YEARS_SECONDS,
  onCall: ({ method, path, at }) => {
    // A flight is a hundred thousand calls; their headers are of no use.
    gateway.calls.length = 0;
    if (method !== "GET" || !path.startsWith("/v1/videos/")) return;
    const id = path.slice("/v1/videos/".length);
    const known = arrivals.get(id);
    if (known) known.push(at);
    else arrivals.set(id, [at]);
    const endsAt = gateway.tasks.get(id)?.endsAt ?? Infinity;
    if (Date.now() >= endsAt && !seen.has(id)) seen.set(id, at);
  },
});
answerAs();

answerQuestions((asked) => {
  const question = asked as GatewayQuestion;
  switch (question.ask) {
    case "base url":
      return gateway.baseUrl;
    case "finish":
      answerAs(question.resultUrl);
      return finish();
    case "polls":
      return polls(question);
    case "seen":
      return [...seen];
    default:
      return question satisfies never;
  }
});

function answerAs(resultUrl?: string): void {
  const body = { status: "succeeded", video_url: resultUrl };
  const truth = resultUrl === undefined ? { process: true } : { status: 200, body };
  gateway.clearFaults();
  if (submitDelayMs > 0) {
    gateway.fault({ on: "submit", times: Infinity, process: true, delayMs: submitDelayMs });
  }
  if (delayMs > 0 || resultUrl !== undefined)
    gateway.fault({ on: "poll", times: Infinity, ...truth, delayMs });
}

function finish(): number {
  const now = Date.now();
  for (const task of gateway.tasks.values()) task.endsAt = Math.min(task.endsAt, now);
  return now;
}

function polls({ from, to, gapMs }: { from: number; to: number; gapMs: number }): Polls {
  const lateMs: number[] = [];
  let count = 0;
  for (const times of arrivals.values()) {
    for (const [index, at] of times.entries()) {
      if (at < from || at >= to) continue;
      count += 1;
      const before = times[index - 1];
      if (before !== undefined) lateMs.push(at - (before + delayMs + gapMs));
    }
  }
  return { count, lateMs };
}
