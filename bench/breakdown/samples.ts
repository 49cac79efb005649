import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuMs, sleep } from "../lib/measure.ts";

/** What a process does, by samples of its stacks: perf sees the runtime's own work, which V8's profiler does not. */

const PER_SECOND = 2000;
/** Until perf has attached itself to every thread. */
const ATTACH_MS = 1000;
const OUTPUT_MAX_BYTES = 2 ** 30;

export interface Sampled {
  cpuMs: number;
  /** Each a list of functions, the innermost first. */
  stacks: string[][];
}

/** Samples the process `pid` for as long as `act` takes. */
export async function sample(pid: number, act: () => Promise<void>): Promise<Sampled> {
  const folder = mkdtempSync(join(tmpdir(), "ringback-perf-"));
  const file = join(folder, "perf.data");
  const options = ["-q", "-g", "-e", "cpu-clock", "-F", String(PER_SECOND), "-p", String(pid), "-o", file];
  const perf = spawn("perf", ["record", ...options], { stdio: ["ignore", "ignore", "inherit"] });
  const gone = new Promise<void>((resolve, reject) => {
    perf.once("error", reject);
    perf.once("exit", () => resolve());
  });
  try {
    await Promise.race([sleep(ATTACH_MS), gone]);
    const before = cpuMs(pid);
    await act();
    const cpu = cpuMs(pid) - before;
    perf.kill("SIGINT");
    await gone;
    return { cpuMs: cpu, stacks: read(file) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    // Written by V8, so that perf can name what it has compiled.
    rmSync(`/tmp/perf-${pid}.map`, { force: true });
  }
}

function read(file: string): string[][] {
  const text = execFileSync("perf", ["script", "-i", file, "-F", "ip,sym"], {
    encoding: "utf8",
    maxBuffer: OUTPUT_MAX_BYTES,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return text
    .split("\n\n")
    .map((stack) => stack.trim())
    .filter((stack) => stack !== "")
    .map((stack) => stack.split("\n").map((line) => line.trim().replace(/^\S+ /, "")));
}
