import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { arch, cpus, release, totalmem, type } from "node:os";

const TICKS_PER_SECOND = 100;

/** Milliseconds of CPU that a process has used, its threads included. Source: proc(5), fields 14 and 15 of stat. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/** Resident memory in MiB. */
export function rssMiB(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]);
  return (pages * 4096) / 1_048_576;
}

/** The most resident memory that the process has had, in MiB. */
export function peakRssMiB(pid: number): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
  return Number(line?.[1]) / 1024;
}

export interface Load {
  /** Per request. */
  latencyMs: number[];
  seconds: number;
  failed: number;
}

/** `count` requests, `atOnce` of them at any time, on connections that are kept. */
export async function load(
  send: { url: string; headers: Record<string, string>; body: string; expect: number },
  { count, atOnce }: { count: number; atOnce: number },
): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const latencyMs: number[] = [];
  let failed = 0;
  let started = 0;
  const from = performance.now();
  const lane = async (): Promise<void> => {
    while (started < count) {
      started += 1;
      const at = performance.now();
      const status = await post(agent, send);
      latencyMs.push(performance.now() - at);
      if (status !== send.expect) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  const seconds = (performance.now() - from) / 1000;
  agent.destroy();
  return { latencyMs, seconds, failed };
}

/** `count` requests, one after another at an even pace over `overMs`, however long their answers take. */
export async function paced(
  send: { url: string; headers: Record<string, string>; body: string; expect: number },
  { count, overMs }: { count: number; overMs: number },
): Promise<{ failed: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  let failed = 0;
  const from = performance.now();
  const answers = Array.from({ length: count }, async (_, index) => {
    await sleep(from + (index * overMs) / count - performance.now());
    if ((await post(agent, send)) !== send.expect) failed += 1;
  });
  await Promise.all(answers);
  agent.destroy();
  return { failed };
}

export async function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(ms, 0)));
}

async function post(
  agent: Agent,
  { url, headers, body }: { url: string; headers: Record<string, string>; body: string },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body));
    const outgoing = request(url, {
      method: "POST",
      agent,
      headers: { ...headers, "content-length": length },
    });
    outgoing.on("response", (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** What the figures were measured on, in a line. */
export function machine(): string {
  const { date, commit: at, workerd, node, processor } = machineFacts();
  return `${date} · commit ${at} · workerd ${workerd} · Node ${node} · ${processor}`;
}

export type MachineFact =
  | "date"
  | "commit"
  | "processor"
  | "memory"
  | "kernel"
  | "node"
  | "workerd"
  | "wrangler";

export function machineFacts(): Record<MachineFact, string> {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    commit: commit(),
    processor: `${processors.length} × ${processors[0]?.model ?? "unknown processor"}`,
    memory: `${(totalmem() / 1024 ** 3).toFixed(0)} GiB`,
    kernel: `${type()} ${release()} ${arch()}`,
    node: process.version,
    workerd: versionOf("workerd"),
    wrangler: versionOf("wrangler"),
  };
}

function versionOf(name: string): string {
  const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

export function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    // An archive without its history.
    return "unknown";
  }
}
