import { atLeast, atMost, percent, publish, round } from "../lib/report.ts";
import { called, callbackDelays, createTasks, LIMITS, startCrowd, type Crowd } from "./crowd.ts";

/**
 * `npm run bench:pacing`: many tasks of one key at once against an upstream that lets through 2 submits and 5 polls a
 * second, and beside them a few tasks of another key, which should not notice.
 */

const quick = process.argv.includes("--quick");
const TASKS = quick ? 30 : 300;
const OTHERS = 24;
/** Under the limits of its key, so that it is never paced itself. */
const OTHERS_APART_MS = 2_500;
/** After it the pacer must have found its rate. */
const LEARNING_MS = quick ? 5_000 : 60_000;
/** The part of the tasks that is left without a backlog: no other task can use the slots that the last ones leave. */
const BACKLOG = 0.95;

const startedAt = performance.now();
const crowd = await startCrowd();
try {
  await report(crowd);
} finally {
  await crowd.close();
}

async function report(all: Crowd): Promise<void> {
  const others = { key: "sk-other", count: OTHERS, apartMs: quick ? 1000 : OTHERS_APART_MS };
  await createTasks(all, { ...others, path: "/alone" });
  await called(all, { path: "/alone", count: OTHERS, seconds: 30 });
  const from = Date.now();
  const beside = createTasks(all, { ...others, path: "/beside" });
  await createTasks(all, { key: "sk-crowd", path: "/crowd", count: TASKS, apartMs: 0 });
  await beside;
  const ended = await called(all, { path: "/crowd", count: TASKS, seconds: 300 });
  await called(all, { path: "/beside", count: OTHERS, seconds: 30 });
  const until = Date.now();

  const [submits, polls] = (["POST", "GET"] as const).map((method) => lane(all, method, from));
  if (!submits || !polls) throw new Error("unreachable");
  const [alone, beside2] = ["/alone", "/beside"].map((path) => mean(callbackDelays(all, path)));
  const late = {
    calls: submits.late.calls + polls.late.calls,
    refused: submits.late.refused + polls.late.refused,
  };
  publish({
    part: "pacing",
    title: "Pacing",
    about:
      `${TASKS} tasks of one key are created at once; the upstream lets through ${LIMITS.submitsPerSecond} submits and ` +
      `${LIMITS.pollsPerSecond} polls in any second, for each key. Beside them run ${OTHERS} tasks of another key, which ` +
      "ran alone before. Quota: what got through, of what the limits allow, from a minute after the start until the last " +
      `${percent(1 - BACKLOG)} of that kind of call.`,
    bars: [
      atLeast("tasks that finish", TASKS, ended),
      atMost("429s among the calls after the first minute", 0.05, late.refused / late.calls),
      atLeast("quota of submits", 0.85, submits.quota(LIMITS.submitsPerSecond)),
      atLeast("quota of polls", 0.85, polls.quota(LIMITS.pollsPerSecond)),
      atMost(
        "another key's delay, against its own alone",
        1.1,
        (beside2 ?? Number.NaN) / (alone ?? Number.NaN),
      ),
    ],
    tables: [
      {
        columns: [":call", "passed", "429 in the first minute", "429 after it", "quota"],
        rows: [
          ["submit", ...submits.cells, percent(submits.quota(LIMITS.submitsPerSecond))],
          ["poll", ...polls.cells, percent(polls.quota(LIMITS.pollsPerSecond))],
        ],
      },
    ],
    plots: [],
    notes: [
      `The other key's callbacks came ${round(alone ?? Number.NaN)} s after the end alone, and ` +
        `${round(beside2 ?? Number.NaN)} s beside the crowd, which took ${round((until - from) / 1000)} s.`,
    ],
    seconds: Math.round((performance.now() - startedAt) / 1000),
  });
}

/** Calls of the crowd's key of one kind. */
function lane({ gateway }: Crowd, method: "POST" | "GET", from: number) {
  const calls = gateway.calls.filter(
    (call) =>
      call.method === method &&
      call.path.startsWith("/v1/videos") &&
      call.headers.authorization === "Bearer sk-crowd" &&
      call.at >= from,
  );
  const passed = calls.filter(({ status }) => status === 200).map(({ at }) => at);
  const refused = calls.filter(({ status }) => status === 429).map(({ at }) => at);
  const start = from + LEARNING_MS;
  const end = passed[Math.floor(passed.length * BACKLOG)] ?? start;
  const late = (times: number[]): number => times.filter((at) => at >= start).length;
  return {
    late: { calls: late(passed) + late(refused), refused: late(refused) },
    cells: [passed.length, refused.length - late(refused), late(refused)].map(String),
    quota: (perSecond: number): number =>
      passed.filter((at) => at >= start && at < end).length / ((perSecond * (end - start)) / 1000),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
