import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { childrenOf } from "./support/programs/processes.ts";
import { videoDigest } from "./support/sources/source-server.ts";
import {
  isTerminal,
  MODEL,
  OWN_KEY,
  startStack,
  type Stack,
  type StackOptions,
  type TaskBody,
} from "./support/stack.ts";

/**
 * `node test/large-file.ts`, a part of the nightly run: copies a result of 300 MB (or of the bytes given) from a source with
 * a length and from one without. Into the simulated bucket, and back byte for byte. Then into one that drops what it is given,
 * because the simulation shares the process and makes garbage of its own: with at most 40 MiB more memory than idle, four of a
 * fifth of the size at once with at most 80, and the polls of other tasks meanwhile on time.
 */

const SIZE = Number(process.argv[2] ?? 300_000_000);
/** How much longer than without a copy: on a busy machine polls are late by themselves. */
const POLL_LATER_MAX_MS = 1_000;
const IDLE_MS = 10_000;
const KEEPER = "sk-whose-results-are-kept";
const OTHERS = 5;
const PATHS = ["/file", "/chunked"];
/** One of each kind, and as many at once as an isolate makes: with 48 MiB of bodies they have to fit into its 128 MB. */
const MEASURED = [
  { path: "/file", size: SIZE, copies: 1, mostMiB: 40 },
  { path: "/chunked", size: SIZE, copies: 1, mostMiB: 40 },
  { path: "/chunked", size: SIZE / 5, copies: 4, mostMiB: 80 },
];

/** In place of `src/files/bound.ts`: reads what it is given, and takes a moment for a part. */
const DROPPING = `
import { R2Store } from "./r2-store.ts";
async function drop(body) {
  const reader = body.getReader({ mode: "byob" });
  for (let memory = new ArrayBuffer(262144);;) {
    const { value, done } = await reader.readAtLeast(memory.byteLength, new Uint8Array(memory));
    if (done || value.byteLength === 0) return;
    memory = value.buffer;
  }
}
const upload = {
  uploadPart: async (partNumber) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { partNumber, etag: "" };
  },
  complete: async () => ({}),
  abort: async () => undefined,
};
const bucket = {
  head: async () => null,
  delete: async () => undefined,
  put: async (_key, body) => {
    await drop(body);
    return {};
  },
  createMultipartUpload: async () => upload,
};
export function fileStore() {
  return new R2Store(bucket);
}
`;

const sourceProgram = fileURLToPath(new URL("support/sources/source-process.ts", import.meta.url));
const source = spawn(process.execPath, [sourceProgram], { stdio: ["ignore", "pipe", "inherit"] });
const [line] = (await once(source.stdout, "data")) as [Buffer];
const sourceOrigin = line.toString().trim();
let ok = true;

async function start(options: StackOptions = {}): Promise<Stack> {
  return startStack({
    settings: {
      KEEP_RESULTS: "ask",
      KEEP_PATIENCE_SECONDS: "600",
      POLL_FIRST_SECONDS: "0.5",
      POLL_MIN_SECONDS: "0.5",
      POLL_MAX_SECONDS: "0.5",
    },
    gateway: { runSeconds: 3_600 },
    ...options,
  });
}

async function keep(stack: Stack, path: string, size: number): Promise<TaskBody> {
  const result = `${sourceOrigin}${path}?size=${size}&type=video/mp4`;
  const body = { status: "succeeded", video_url: result };
  stack.gateway.fault({ on: "poll", key: KEEPER, body, status: 200 });
  const headers = { authorization: `Bearer ${KEEPER}` };
  const { task_id: id } = (await (await stack.create({ keep_result: true }, headers)).json()) as TaskBody;
  const task = await stack.task(id, isTerminal, 600_000);
  if (task.file?.status !== "kept") ok = false;
  return task;
}

async function digestOf(url: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of (await fetch(url)).body ?? []) hash.update(chunk);
  return hash.digest("hex");
}

/** The longest wait between two polls of one of the others since then. */
function longestGapMs({ gateway }: Stack, since: number): number {
  const polls = new Map<string, number[]>();
  for (const { method, path, at, authorization } of gateway.calls)
    if (method === "GET" && at >= since && authorization === `Bearer ${OWN_KEY}` && path.includes("/videos/"))
      polls.set(path, [...(polls.get(path) ?? []), at]);
  const gaps = [...polls.values()].flatMap((times) =>
    times.slice(1).map((at, nth) => at - (times[nth] ?? at)),
  );
  return Math.max(0, ...gaps);
}

/** The most memory of the process since this was asked last, in MiB. Source: proc(5), status and clear_refs. */
function peakMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

function judge(name: string, value: number, most: number, unit: string): string {
  if (!(value <= most)) ok = false;
  return `${name} ${value.toFixed(0)} ${unit} (at most ${most}${value <= most ? "" : ": NOT MET"})`;
}

async function keptByteForByte(): Promise<void> {
  const stack = await start();
  const digest = videoDigest(SIZE);
  for (const path of PATHS) {
    const startedAt = Date.now();
    const task = await keep(stack, path, SIZE);
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    const isSame = (await digestOf(task.video_url ?? "")) === digest;
    if (!isSame) ok = false;
    console.log(
      `${path}: ${JSON.stringify(task.file)} in ${seconds} s, SHA-256 ${isSame ? "the same" : "DIFFERS"}`,
    );
  }
  await stack.close();
}

async function measured(): Promise<void> {
  const stack = await start({ instead: { "files/bound.ts": DROPPING } });
  const isWorkerd = (pid: number): boolean =>
    readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("workerd");
  const workerd = childrenOf(process.pid).find(isWorkerd) ?? 0;
  for (let count = 0; count < OTHERS; count += 1) await stack.create({ model: MODEL });
  // What a first copy compiles is no memory of the second.
  for (const path of PATHS) await keep(stack, path, 12_000_000);
  for (const { path, size, copies, mostMiB } of MEASURED) {
    peakMiB(workerd);
    const idleSince = Date.now();
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const [idleMiB, idleGapMs, startedAt] = [peakMiB(workerd), longestGapMs(stack, idleSince), Date.now()];
    await Promise.all(Array.from({ length: copies }, async () => keep(stack, path, size)));
    const [copyMiB, gapMs] = [peakMiB(workerd), longestGapMs(stack, startedAt)];
    console.log(
      [
        `${copies} × ${path}, ${size} bytes: ${((Date.now() - startedAt) / 1000).toFixed(1)} s into a bucket that drops it, beside ${OTHERS} other tasks`,
        judge(
          `memory ${idleMiB.toFixed(0)} MiB before, with what is copied more by`,
          copyMiB - idleMiB,
          mostMiB,
          "MiB",
        ),
        judge(
          `longest wait for a poll ${idleGapMs} ms before, later by`,
          gapMs - idleGapMs,
          POLL_LATER_MAX_MS,
          "ms",
        ),
      ].join("\n  "),
    );
  }
  await stack.close();
}

await measured();
await keptByteForByte();
source.kill();
process.exitCode = ok ? 0 : 1;
