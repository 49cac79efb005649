import { execFile, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { installClient } from "../../../support/programs/installed-client.ts";
import { freePort, listens } from "../../../support/programs/ports.ts";
import { PYTHON } from "../../../support/programs/programs.ts";
import {
  eventually,
  isTerminal,
  OWN_KEY,
  startStack,
  submitsTo,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";
import { FOLDER } from "./pages.ts";

/*
 * The recipes' own code, run as it stands there.
 *
 * scenario                                         requirement
 * migrate/: before, and after each step            the same video; one submit for a repeated order
 */

const folder = mkdtempSync(join(tmpdir(), "ringback-recipes-"));
const run = promisify(execFile);
let stack: Stack;
let consumer: string;
/** What becomes of the videos that are asked for. */
let fails = false;

beforeAll(async () => {
  ({ consumer } = await installClient(folder));
  stack = await startStack({ gateway: { taskPlan: () => ({ queueSeconds: 0.1, runSeconds: 0.2, fails }) } });
}, 60_000);
afterEach(() => {
  stack.gateway.calls.length = 0;
  fails = false;
});
afterAll(async () => {
  await stack?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("the way from a polling loop", () => {
  interface Program {
    file: string;
    env?: Record<string, string>;
  }

  function prepared({ file, env = {} }: Program) {
    cpSync(join(FOLDER, "migrate", file), join(consumer, file));
    const program = file.endsWith(".py") ? PYTHON : process.execPath;
    const all = { ...process.env, BASE_URL: `${stack.worker.url}/v1`, KEY: OWN_KEY, EVERY_MS: "50", ...env };
    return { program, file, options: { cwd: consumer, env: all, timeout: 20_000 } };
  }

  async function output(wanted: Program): Promise<string> {
    const { program, file, options } = prepared(wanted);
    return (await run(program, [file], options)).stdout.trim();
  }

  it("begins with a loop that gets its video from the upstream", async () => {
    const env = { BASE_URL: stack.gateway.baseUrl };
    expect(await output({ file: "before.mjs", env })).toMatch(/^http.*\.mp4/);
  });

  it("step 1: the same loop gets it from Ringback, which its reads do not pass through", async () => {
    expect(await output({ file: "before.mjs" })).toMatch(/^http.*\.mp4/);
    expect(submitsTo(stack.gateway)).toHaveLength(1);
  });

  it.each(["wait.mjs", "wait.py"])(
    "step 3b: %s waits, and a repeat of the order pays nothing",
    async (file) => {
      const env = { ORDER: `an order by ${file}`.replaceAll(" ", "-") };
      const first = await output({ file, env });
      expect(first).toMatch(/^http.*\.mp4/);
      expect(await output({ file, env })).toBe(first);
      expect(submitsTo(stack.gateway)).toHaveLength(1);
    },
  );

  it.each(["wait.mjs", "wait.py"])("step 3b: %s says why a video failed", async (file) => {
    fails = true;
    const failure = await output({ file, env: { ORDER: `a-failure-of-${file}` } }).catch(String);
    expect(failure).toContain("The prompt was refused by content review.");
  });

  it("step 3a: callback.mjs is called for its order, and takes no forged call", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const answer = (await (await stack.call("/v1/webhooks/secret")).json()) as { secret: string };
    const env = { SECRETS: answer.secret, PORT: String(port), PUBLIC_URL: url };
    const { program, file, options } = prepared({ file: "callback.mjs", env });
    const child = spawn(program, [file], { ...options, stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
    try {
      await eventually(async () => listens(port), Boolean);
      expect((await fetch(`${url}/hook`, { method: "POST", body: "{}" })).status).toBe(400);
      // Neither a body without an end nor a genuine event without an order ends the program.
      await fetch(url, { method: "POST", body: "x".repeat(1_000_000) }).catch(() => undefined);
      const body = JSON.stringify({ callback_url: `${url}/hook` });
      const ping = await stack.call("/v1/webhooks/ping", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      expect(await ping.json()).toMatchObject({ delivered: true, status_code: 204 });
      await eventually(
        async () => printed,
        (text) => text.includes("order 42: http"),
      );
      expect(printed.match(/order/g)).toHaveLength(1);
    } finally {
      child.kill();
    }
    const { data } = (await (await stack.call("/v1/videos?limit=1")).json()) as { data: TaskBody[] };
    const task = await stack.task(data[0]?.task_id ?? "", (one) => one.callback?.status === "delivered");
    expect(isTerminal(task)).toBe(true);
  });
});
