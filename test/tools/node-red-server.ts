import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../support/programs/ports.ts";
import { installTool } from "./install.ts";
import { answers, fetchOnceThere, startProgram, until } from "./program.ts";

/** A Node-RED of its own: its admin API, which the editor uses, and what its debug nodes say. */

export const NODE_RED_VERSION = "5.0.7";
const PATIENCE_MS = 60_000;

export interface FlowNode {
  id: string;
  type: string;
  name?: string;
  url?: string;
  authType?: string;
  func?: string;
  credentials?: Record<string, string>;
  [more: string]: unknown;
}

/** What a debug node shows: objects as JSON, buffers as hexadecimal digits. */
export interface Shown {
  name: string;
  format: string;
  text: string;
}

export interface NodeRed {
  url: string;
  /** In place of the flows that are there. */
  deploy(flow: FlowNode[]): Promise<void>;
  /** Presses the button of this inject node. */
  inject(id: string): Promise<void>;
  /** Everything shown since the last deploy, once it is that much; whatever there is when the time is over. */
  shown(count: number, patienceMs: number): Promise<Shown[]>;
  output(): string;
  stop(): Promise<void>;
}

export async function startNodeRed(): Promise<NodeRed> {
  const folder = installTool("node-red", NODE_RED_VERSION);
  const home = mkdtempSync(join(tmpdir(), "ringback-node-red-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  // Nothing but loopback: no telemetry, no look for updates, no catalogue of nodes.
  const settings = {
    uiPort: port,
    uiHost: "127.0.0.1",
    flowFile: "flows.json",
    credentialSecret: "of this run",
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { palette: { catalogues: [] }, tours: false },
    externalModules: { palette: { allowInstall: false } },
  };
  writeFileSync(join(home, "settings.js"), `module.exports = ${JSON.stringify(settings)};`);
  const { output, stop } = await startProgram({
    command: [
      join(folder, "node_modules/.bin/node-red"),
      "--userDir",
      home,
      "--settings",
      join(home, "settings.js"),
    ],
    cwd: home,
    isUp: async () => answers(`${url}/flows`),
    patienceMs: PATIENCE_MS,
  });
  let shown: Shown[] = [];
  const socket = await watchDebug(url, (one) => shown.push(one));
  console.log(`Node-RED ${NODE_RED_VERSION} runs`);
  return {
    url,
    deploy: async (flow) => {
      await post(`${url}/flows`, flow);
      shown = [];
    },
    inject: async (id) => post(`${url}/inject/${id}`, {}),
    shown: async (count, patienceMs) => {
      await until(async () => shown.length >= count, patienceMs);
      return [...shown];
    },
    output,
    stop: async () => {
      socket.close();
      await stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function post(url: string, body: unknown): Promise<void> {
  const init = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await fetchOnceThere(url, init, PATIENCE_MS);
  if (!response.ok) throw new Error(`Node-RED, ${url}: ${response.status} ${await response.text()}`);
}

/** The editor's own socket, as its debug panel uses it. */
async function watchDebug(url: string, show: (shown: Shown) => void): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/comms`);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("Node-RED's socket does not open")));
  });
  socket.addEventListener("message", ({ data }) => {
    const messages = JSON.parse(String(data)) as { topic: string; data: Record<string, unknown> }[];
    for (const { topic, data: one } of messages)
      if (topic === "debug")
        show({ name: String(one["name"]), format: String(one["format"]), text: String(one["msg"]) });
  });
  socket.send('{"subscribe":"debug"}');
  return socket;
}
