import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { builtWorkerFile } from "./built-worker.ts";

/** The Worker in processes of its own, which can be killed as a machine that loses power would: all at once. */
export interface KillableWorker {
  url: string;
  /** Lines that the Worker logged until it died. */
  logs: string[];
  /** SIGKILL for the supervisor first, so that it restarts nothing, then for its workerd. */
  kill(): Promise<void>;
}

export interface KillableOptions {
  port?: number;
  persistTo: string;
  settings: Record<string, string>;
}

const PROGRAM = fileURLToPath(new URL("worker-process.ts", import.meta.url));

export async function startKillableWorker(options: KillableOptions): Promise<KillableWorker> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(options), builtWorkerFile()], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const logs: string[] = [];
  const url = await firstLine(child, logs);
  return {
    url,
    logs,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = new Promise((resolve) => child.once("exit", resolve));
      const workerds = child.pid === undefined ? [] : childrenOf(child.pid);
      child.kill("SIGKILL");
      for (const pid of workerds) process.kill(pid, "SIGKILL");
      await exited;
      // The next process may open the store only when no other has it open.
      while (workerds.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}

async function firstLine(child: ChildProcess, rest: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) return reject(new Error("the worker process has no output"));
    const lines = createInterface({ input: child.stdout });
    lines.once("line", (url) => {
      lines.on("line", (line) => rest.push(line));
      resolve(url);
    });
    child.once("exit", (code) => reject(new Error(`the worker process ended with ${code}`)));
    return undefined;
  });
}

/** The processes that this one has started and that run. */
export function childrenOf(parent: number): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => statOf(pid)?.parent === parent);
}

/** A zombie holds nothing open any more. */
function isAlive(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== null && stat.state !== "Z";
}

function statOf(pid: number): { state: string; parent: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // "pid (name) state parent …"; the name may hold spaces and brackets.
    const [state = "", parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent) };
  } catch {
    // Gone between the listing and the read.
    return null;
  }
}
