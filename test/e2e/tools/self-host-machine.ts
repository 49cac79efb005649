import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { startGateway, type Gateway } from "../../../dev/gateway.ts";
import { startReceiver, type Receiver } from "../../../dev/receiver.ts";
import { buildSelfHost } from "../../../ops/self-host.ts";
import { freePort } from "../../support/programs/ports.ts";
import { eventually, FAST_SETTINGS, MODEL, OWN_KEY, type TaskBody } from "../../support/stack.ts";

interface Program {
  program: string;
  args: string[];
  cwd: string;
  env?: Record<string, string>;
  /** What answers once it runs. */
  path: string;
}

interface Machine {
  /** What `npm run self-host` made. */
  folder: string;
  /** The objects' stores, and the files that are kept. */
  store: string;
  gateway(): Gateway;
  receiver(): Receiver;
  /** Where the program that runs is reached. */
  url(): string;
  sweep(): string;
  start(settings?: Record<string, string>): Promise<void>;
  afterStart(): string;
  /** Starts a program that listens at this port. */
  launch(port: number, program: Program): Promise<void>;
  stop(): Promise<void>;
  allowLocal(allow: boolean): void;
  post(fields?: object, headers?: Record<string, string>): Promise<Response>;
  create(fields?: object, headers?: Record<string, string>): Promise<TaskBody>;
  read(id: string): Promise<TaskBody>;
}

export const auth = { authorization: `Bearer ${OWN_KEY}` };

/** The folder that `npm run self-host` makes, and one process in it at a time, for all tests of a file. */
export function useMachine(): Machine {
  const folder = mkdtempSync(join(tmpdir(), "ringback-self-host-"));
  const store = join(folder, "state");
  let gateway: Gateway;
  let receiver: Receiver;
  let running: ChildProcess | null = null;
  let url = "";

  beforeAll(async () => {
    gateway = await startGateway({ queueSeconds: 0.5, runSeconds: 1 });
    receiver = await startReceiver();
    await buildSelfHost({ folder });
    cpSync(join(folder, "store"), store, { recursive: true });
  }, 60_000);
  afterEach(async () => stop());
  afterAll(async () => {
    await Promise.all([gateway.close(), receiver.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** A command of the unit, with its paths and its port replaced by ours. */
  function command(name: "ExecStartPre" | "ExecStart", port: number): string[] {
    const unit = readFileSync(join(folder, "ringback.service"), "utf8");
    const line = new RegExp(`^${name}=-?(.*)$`, "m").exec(unit)?.[1] ?? "";
    return line
      .replaceAll("/opt/ringback", folder)
      .replaceAll("/var/lib/ringback", store)
      .replace("127.0.0.1:8787", `127.0.0.1:${port}`)
      .split(" ");
  }

  /** `ExecStartPre` of the unit: what it prints. */
  function sweep(): string {
    const [program = "", ...args] = command("ExecStartPre", 0);
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    return stdout;
  }

  async function launch(port: number, { program, args, path, ...options }: Program): Promise<void> {
    running = spawn(program, args, { ...options, stdio: ["ignore", "ignore", "inherit"] });
    url = `http://127.0.0.1:${port}`;
    await eventually(
      async () => fetch(url + path).catch(() => null),
      (response) => response?.ok === true,
    );
  }

  async function start(settings: Record<string, string> = {}): Promise<void> {
    sweep();
    const port = await freePort();
    const [program = "", ...args] = command("ExecStart", port);
    const env = { ...FAST_SETTINGS, AIO_BASE_URL: gateway.baseUrl, ...settings };
    await launch(port, { program, args, cwd: folder, env, path: "/healthz" });
  }

  /** `ExecStartPost` of the unit, at our port: what it prints. */
  function afterStart(): string {
    const unit = readFileSync(join(folder, "ringback.service"), "utf8");
    const script = /^ExecStartPost=-\/bin\/sh -c '(.*)'$/m.exec(unit)?.[1] ?? "";
    expect(script).toContain("127.0.0.1:8787");
    const args = ["-c", script.replace("127.0.0.1:8787", new URL(url).host)];
    return spawnSync("/bin/sh", args, { encoding: "utf8" }).stdout;
  }

  /** As a machine that loses power. */
  async function stop(): Promise<void> {
    const child = running;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  /** The configuration as it was built, or with this machine's own addresses let in, which only a test wants. */
  function allowLocal(allow: boolean): void {
    const path = join(folder, "config.capnp");
    const text = readFileSync(path, "utf8");
    const [built, local] = ['allow = ["public"]', 'allow = ["public", "local", "private"]'];
    writeFileSync(path, allow ? text.replace(built, local) : text.replace(local, built));
    expect(readFileSync(path, "utf8")).toContain(allow ? local : built);
  }

  async function post(fields: object = {}, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${url}/v1/videos`, {
      method: "POST",
      headers: { ...auth, "content-type": "application/json", ...headers },
      body: JSON.stringify({ model: MODEL, prompt: "p", callback_url: `${receiver.url}/hook`, ...fields }),
    });
  }

  async function create(fields: object = {}, headers: Record<string, string> = {}): Promise<TaskBody> {
    const response = await post(fields, headers);
    expect(response.status).toBe(202);
    return (await response.json()) as TaskBody;
  }

  async function read(id: string): Promise<TaskBody> {
    return (await fetch(`${url}/v1/videos/${id}`, { headers: auth })).json() as Promise<TaskBody>;
  }

  return {
    folder,
    store,
    gateway: () => gateway,
    receiver: () => receiver,
    url: () => url,
    ...{ sweep, start, afterStart, launch, stop, allowLocal, post, create, read },
  };
}

/** Files of the store that have tables in them, and those that have none, as SQLite itself reads them. */
export function storesIn(where: string): { full: string[]; empty: string[] } {
  const files = readdirSync(where, { recursive: true, encoding: "utf8" });
  const stores = files.filter((name) => /[0-9a-f]{64}\.sqlite$/.test(name));
  const copy = mkdtempSync(join(tmpdir(), "ringback-store-"));
  cpSync(where, copy, { recursive: true });
  const full = stores.filter((name) => {
    const database = new DatabaseSync(join(copy, name));
    const { tables } = database.prepare("SELECT count(*) AS tables FROM sqlite_master").get() as {
      tables: number;
    };
    database.close();
    return tables > 0;
  });
  rmSync(copy, { recursive: true, force: true });
  return { full, empty: stores.filter((name) => !full.includes(name)) };
}
