import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Webhook } from "standardwebhooks";
import { startGateway, type Gateway } from "../../dev/gateway.ts";
import { startReceiver, type Receiver } from "../../dev/receiver.ts";
import { buildSelfHost } from "../../ops/self-host.ts";
import { freePort } from "../support/ports.ts";
import { eventually, FAST_SETTINGS, isTerminal, MODEL, OWN_KEY, type TaskBody } from "../support/stack.ts";

/*
 * The folder that `npm run self-host` makes, run as its systemd unit runs it: bare workerd and nothing else.
 *
 * scenario                                        requirement
 * a life, callback and all, across a kill         guarantee 1
 * an upstream and a receiver on this machine      connections go to public addresses only
 * creates without an end                          429 as on the platform
 * the static files                                the same answers as on the platform
 */

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

/** `ExecStart` of the unit, with its paths and its port replaced by ours. */
function command(port: number): string[] {
  const unit = readFileSync(join(folder, "ringback.service"), "utf8");
  const line = /^ExecStart=(.*)$/m.exec(unit)?.[1] ?? "";
  return line
    .replaceAll("/opt/ringback", folder)
    .replaceAll("/var/lib/ringback", store)
    .replace("127.0.0.1:8787", `127.0.0.1:${port}`)
    .split(" ");
}

async function start(settings: Record<string, string> = {}): Promise<void> {
  const port = await freePort();
  const [program = "", ...args] = command(port);
  const env = { ...FAST_SETTINGS, AIO_BASE_URL: gateway.baseUrl, ...settings };
  running = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "ignore", "inherit"] });
  url = `http://127.0.0.1:${port}`;
  await eventually(
    async () => fetch(`${url}/healthz`).catch(() => null),
    (response) => response?.ok === true,
  );
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

const auth = { authorization: `Bearer ${OWN_KEY}` };

async function create(): Promise<TaskBody> {
  const response = await fetch(`${url}/v1/videos`, {
    method: "POST",
    headers: { ...auth, "content-type": "application/json" },
    body: JSON.stringify({ model: MODEL, prompt: "p", callback_url: `${receiver.url}/hook` }),
  });
  expect(response.status).toBe(202);
  return (await response.json()) as TaskBody;
}

async function read(id: string): Promise<TaskBody> {
  return (await fetch(`${url}/v1/videos/${id}`, { headers: auth })).json() as Promise<TaskBody>;
}

describe("Ringback on one machine", () => {
  it("lives a task to its signed callback, across a kill", async () => {
    allowLocal(true);
    await start();
    const { task_id: id } = await create();
    await stop();
    await start();
    const task = await eventually(async () => read(id), isTerminal);
    expect(task).toMatchObject({ status: "succeeded", error: null });
    const [callback] = await eventually(
      async () => receiver.received,
      (all) => all.length > 0,
    );
    const secret = (await (await fetch(`${url}/v1/webhooks/secret`, { headers: auth })).json()) as {
      secret: string;
    };
    const headers = callback?.headers as Record<string, string>;
    expect(new Webhook(secret.secret).verify(callback?.body ?? "", headers)).toMatchObject({
      type: "video.succeeded",
      data: { task_id: id },
    });
  });

  it("as it is built connects to public addresses only", async () => {
    allowLocal(false);
    const before = { upstream: gateway.calls.length, callbacks: receiver.received.length };
    await start();
    // The connection is refused before it is made, so its outcome looks unknown, as any broken connection does.
    expect(await create()).toMatchObject({ status: "failed", error: { code: "submit_unknown" } });
    expect(gateway.calls).toHaveLength(before.upstream);
    expect(receiver.received).toHaveLength(before.callbacks);
  });

  it("names a setting that is missing, and does nothing without it", async () => {
    await start({ RINGBACK_SECRET: "" });
    const response = await fetch(`${url}/v1/videos`, { method: "POST", headers: auth });
    expect(response.status).toBe(503);
    const named = {
      error: { code: "misconfigured", message: expect.stringContaining("RINGBACK_SECRET") as string },
    };
    expect(await response.json()).toMatchObject(named);
    // What the unit writes into the journal.
    expect(JSON.parse(afterStart())).toMatchObject(named);
  });

  it("limits creates as the platform does", async () => {
    await start();
    const statuses = new Set<number>();
    for (let call = 0; call < 601; call++) {
      const headers = { ...auth, "content-type": "application/json" };
      const response = await fetch(`${url}/v1/videos`, { method: "POST", headers, body: "{}" });
      statuses.add(response.status);
      await response.body?.cancel();
    }
    expect([...statuses]).toEqual([400, 429]);
  });

  it.each([
    { path: "/robots.txt", status: 200, type: "text/plain; charset=utf-8" },
    { path: "/assets/", status: 404, type: "application/json" },
    { path: "/assets", status: 404, type: "application/json" },
    { path: "/assets/..%2f..%2fconfig.capnp", status: 404, type: "application/json" },
  ])("answers $path with $status", async ({ path, status, type }) => {
    await start();
    const response = await fetch(`${url}${path}`);
    expect([response.status, response.headers.get("content-type")]).toEqual([status, type]);
    expect(response.headers.get("x-request-id")).toMatch(/^req_/);
    await response.body?.cancel();
  });
});
