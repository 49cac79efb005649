import { spawn } from "node:child_process";
import { dirname } from "node:path";

/** A third-party program, in a process group of its own: it may start others, which end with it. */
export interface Program {
  /** Its last lines, for the report of a failure. */
  output(): string;
  stop(): Promise<void>;
}

export interface ProgramOptions {
  command: [string, ...string[]];
  cwd: string;
  env?: Record<string, string>;
  /** Asked again and again until it says yes. */
  isUp: () => Promise<boolean>;
  patienceMs: number;
}

const KEPT_CHARACTERS = 8000;
const PAUSE_MS = 200;
const STOP_PATIENCE_MS = 20_000;
const running = new Set<number>();

// A group does not get the terminal's Ctrl-C: it is ended whichever way this process ends.
process.on("exit", () => {
  for (const group of running) signal(group, "SIGKILL");
});
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => process.exit(130));

/** The environment for programs that are run by this Node: native modules are built for one version of it. */
export function environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`, ...more };
}

export async function startProgram(options: ProgramOptions): Promise<Program> {
  const [program, ...args] = options.command;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: environment(options.env),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  const keep = (text: string): void => {
    output = (output + text).slice(-KEPT_CHARACTERS);
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => keep(error.message));
    child.once("close", () => {
      hasEnded = true;
      resolve();
    });
  });
  const { pid } = child;
  if (pid !== undefined) running.add(pid);

  const stop = async (): Promise<void> => {
    if (pid === undefined) return;
    if (!hasEnded) signal(pid, "SIGTERM");
    await Promise.race([ended, pause(STOP_PATIENCE_MS)]);
    // What the first process left behind.
    signal(pid, "SIGKILL");
    await ended;
    running.delete(pid);
  };
  const isUp = await until(async () => hasEnded || (await options.isUp()), options.patienceMs);
  if (!isUp || hasEnded) {
    await stop();
    throw new Error(`${options.command.join(" ")} did not start:\n${output}`);
  }
  return { output: () => output, stop };
}

/** False if it has not come true in time. */
export async function until(condition: () => Promise<boolean>, patienceMs: number): Promise<boolean> {
  const end = Date.now() + patienceMs;
  do {
    if (await condition()) return true;
    await pause(PAUSE_MS);
  } while (Date.now() < end);
  return false;
}

/** Whether this URL answers with a 2xx. */
export async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    // Nothing listens there yet.
    return false;
  }
}

/** The first answer that is not 404: a tool has a new route a moment after it said that it has. */
export async function fetchOnceThere(url: string, init: RequestInit, patienceMs: number): Promise<Response> {
  let response = await fetch(url, init);
  await until(async () => {
    if (response.status !== 404) return true;
    response = await fetch(url, init);
    return false;
  }, patienceMs);
  return response;
}

async function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name);
  } catch {
    // The whole group has ended already.
  }
}
