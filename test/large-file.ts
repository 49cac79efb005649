import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { childrenOf } from "./support/programs/processes.ts";
import { startSourceServer, videoDigest } from "./support/sources/source-server.ts";
import { isTerminal, MODEL, OWN_KEY, startStack, type TaskBody } from "./support/stack.ts";

/**
 * `node test/large-file.ts`, a part of the nightly run: copies a result of 300 MB (or of the bytes given) from a source with
 * a length and from one without, and fetches the copies. Byte for byte, with at most 40 MiB more memory than without a copy,
 * the simulated bucket's in the same process included, and the polls of other tasks meanwhile on time.
 */

const SIZE = Number(process.argv[2] ?? 300_000_000);
const MEMORY_MAX_MIB = 40;
/** How much longer than without a copy: on a busy machine polls are late by themselves. */
const POLL_LATER_MAX_MS = 1_000;
const IDLE_MS = 30_000;
const KEEPER = "sk-whose-results-are-kept";
const OTHERS = 5;

const source = await startSourceServer();
const stack = await startStack({
  settings: {
    KEEP_RESULTS: "ask",
    KEEP_PATIENCE_SECONDS: "600",
    POLL_FIRST_SECONDS: "0.5",
    POLL_MIN_SECONDS: "0.5",
    POLL_MAX_SECONDS: "0.5",
  },
  gateway: { runSeconds: 3_600 },
});
const workerd =
  childrenOf(process.pid).find((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("workerd")) ??
  0;
const digest = videoDigest(SIZE);
let ok = workerd !== 0;

/** The memory of the process at its most since `forgetPeak`, in MiB. */
function peakMiB(): number {
  const status = readFileSync(`/proc/${workerd}/status`, "latin1");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** Source: proc(5), clear_refs. */
function forgetPeak(): void {
  writeFileSync(`/proc/${workerd}/clear_refs`, "5");
}

async function keep(path: string, size: number): Promise<TaskBody> {
  const result = `${source.origin}${path}?size=${size}&type=video/mp4`;
  stack.gateway.fault({
    on: "poll",
    key: KEEPER,
    body: { status: "succeeded", video_url: result },
    status: 200,
  });
  const headers = { authorization: `Bearer ${KEEPER}` };
  const { task_id: id } = (await (await stack.create({ keep_result: true }, headers)).json()) as TaskBody;
  return stack.task(id, isTerminal, 600_000);
}

async function digestOf(url: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of (await fetch(url)).body ?? []) hash.update(chunk);
  return hash.digest("hex");
}

/** The longest wait between two polls of one of the others since then. */
function longestGapMs(since: number): number {
  const polls = new Map<string, number[]>();
  for (const { method, path, at, authorization } of stack.gateway.calls)
    if (method === "GET" && at >= since && authorization === `Bearer ${OWN_KEY}` && path.includes("/videos/"))
      polls.set(path, [...(polls.get(path) ?? []), at]);
  const gaps = [...polls.values()].flatMap((times) =>
    times.slice(1).map((at, nth) => at - (times[nth] ?? at)),
  );
  return Math.max(...gaps);
}

function judge(name: string, value: number, most: number, unit: string): string {
  if (!(value <= most)) ok = false;
  return `${name} ${value.toFixed(0)} ${unit} (at most ${most}${value <= most ? "" : ": NOT MET"})`;
}

for (let count = 0; count < OTHERS; count += 1) await stack.create({ model: MODEL });
// What a first copy compiles and allocates once is no memory of the second.
for (const path of ["/file", "/chunked"]) await digestOf((await keep(path, 12_000_000)).video_url ?? "");

for (const path of ["/file", "/chunked"]) {
  forgetPeak();
  const idleSince = Date.now();
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const [idleMiB, idleGapMs] = [peakMiB(), longestGapMs(idleSince)];
  forgetPeak();
  const startedAt = Date.now();
  const task = await keep(path, SIZE);
  const seconds = (Date.now() - startedAt) / 1000;
  const copyMiB = peakMiB();
  const gap = longestGapMs(startedAt);
  const isSame = (await digestOf(task.video_url ?? "")) === digest;
  if (task.file?.status !== "kept" || !isSame) ok = false;
  console.log(
    [
      `${path}: ${SIZE} bytes in ${seconds.toFixed(1)} s, ${JSON.stringify(task.file)}`,
      isSame ? "SHA-256 is the same" : "SHA-256 DIFFERS",
      `memory at its most ${idleMiB.toFixed(0)} MiB with the polls of ${OTHERS} tasks, ${copyMiB.toFixed(0)} MiB with the copy`,
      judge("that is more by", copyMiB - idleMiB, MEMORY_MAX_MIB, "MiB"),
      `longest wait between two polls of a task ${idleGapMs} ms without the copy, ${gap} ms beside it`,
      judge("that is later by", gap - idleGapMs, POLL_LATER_MAX_MS, "ms"),
    ].join("\n  "),
  );
}
await Promise.all([stack.close(), source.close()]);
process.exitCode = ok ? 0 : 1;
