import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../support/programs/ports.ts";
import { installTool } from "./install.ts";
import { answers, environment, startProgram } from "./program.ts";

/** An n8n of its own: its CLI, its public API, and of its editor what that API cannot do. */

export const N8N_VERSION = "2.41.1";
const NATIVE_MODULES = ["sqlite3", "isolated-vm"];
const PATIENCE_MS = 180_000;
const SCOPES = ["read", "list", "update", "activate", "deactivate"].map((verb) => `workflow:${verb}`);
const OWNER = {
  email: "owner@example.com",
  firstName: "An",
  lastName: "Owner",
  password: "Password-of-1-test",
};

export interface WorkflowNode {
  name: string;
  type: string;
  parameters: Record<string, unknown>;
  credentials?: Record<string, { id: string; name: string }>;
  [more: string]: unknown;
}

export interface Workflow {
  id: string;
  name: string;
  nodes: WorkflowNode[];
  connections: unknown;
  settings: unknown;
}

interface Item {
  json: Record<string, unknown>;
  binary?: Record<string, { mimeType: string }>;
}

export interface Execution {
  id: string;
  status: string;
  workflowId: string;
  data: {
    resultData: {
      lastNodeExecuted?: string;
      error?: { message: string };
      runData: Record<string, { data?: { main: (Item[] | null)[] } }[]>;
    };
  };
}

export interface N8n {
  url: string;
  workflow(id: string): Promise<Workflow>;
  save(workflow: Workflow): Promise<void>;
  publish(id: string): Promise<void>;
  unpublish(id: string): Promise<void>;
  createCredential(credential: { name: string; type: string; data: Record<string, string> }): Promise<string>;
  /** As the editor's button does it; gives the execution's id. */
  execute(id: string, trigger: string): Promise<string>;
  execution(id: string): Promise<Execution>;
  /** Newest first. */
  executionsOf(workflowId: string): Promise<Execution[]>;
  output(): string;
  stop(): Promise<void>;
}

/** Installs it, imports the workflows of this folder by its CLI, and starts it. */
export async function startN8n(workflows: string): Promise<N8n> {
  const folder = installTool("n8n", N8N_VERSION, NATIVE_MODULES);
  const program = join(folder, "node_modules/.bin/n8n");
  const home = mkdtempSync(join(tmpdir(), "ringback-n8n-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { ...(await settings(home, port)), N8N_WEBHOOK_URL: `${url}/` };
  const run = promisify(execFile);
  const imported = await run(program, ["import:workflow", "--separate", `--input=${workflows}`], {
    cwd: home,
    env: environment(env),
    timeout: PATIENCE_MS,
  });
  // Its exit code is 0 even if it imported nothing.
  const said = /Successfully imported .*/.exec(imported.stdout)?.[0];
  if (said === undefined) throw new Error(`n8n import:workflow:\n${imported.stdout}${imported.stderr}`);
  console.log(`n8n ${N8N_VERSION}: ${said}`);

  const { output, stop } = await startProgram({
    command: [program, "start"],
    cwd: home,
    env,
    isUp: async () => answers(`${url}/healthz/readiness`),
    patienceMs: PATIENCE_MS,
  });
  const editor = await signIn(url);
  const key = await editor("POST", "/api-keys", {
    label: "test",
    expiresAt: null,
    scopes: [...SCOPES, "execution:read", "execution:list", "credential:create"],
  });
  const api = client(`${url}/api/v1`, { "x-n8n-api-key": String(key["rawApiKey"]) });
  return {
    url,
    workflow: async (id) => (await api("GET", `/workflows/${id}`)) as unknown as Workflow,
    save: async ({ id, name, nodes, connections, settings: own }) => {
      await api("PUT", `/workflows/${id}`, { name, nodes, connections, settings: own });
    },
    publish: async (id) => {
      await api("POST", `/workflows/${id}/activate`, {});
    },
    unpublish: async (id) => {
      await api("POST", `/workflows/${id}/deactivate`, {});
    },
    createCredential: async (credential) => String((await api("POST", "/credentials", credential))["id"]),
    execute: async (id, trigger) => {
      const started = await editor("POST", `/workflows/${id}/run`, { triggerToStartFrom: { name: trigger } });
      return String(started["executionId"]);
    },
    execution: async (id) => (await api("GET", `/executions/${id}?includeData=true`)) as unknown as Execution,
    executionsOf: async (workflowId) =>
      (await api("GET", `/executions?includeData=true&workflowId=${workflowId}`))["data"] as Execution[],
    output,
    stop: async () => {
      await stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function settings(home: string, port: number): Promise<Record<string, string>> {
  return {
    N8N_USER_FOLDER: home,
    N8N_LISTEN_ADDRESS: "127.0.0.1",
    N8N_HOST: "127.0.0.1",
    N8N_PORT: String(port),
    N8N_RUNNERS_BROKER_PORT: String(await freePort()),
    N8N_SECURE_COOKIE: "false",
    N8N_GRACEFUL_SHUTDOWN_TIMEOUT: "5",
    N8N_PYTHON_ENABLED: "false",
    // Nothing but loopback: each part that calls home is off, and what was overlooked finds a closed proxy.
    N8N_DIAGNOSTICS_ENABLED: "false",
    N8N_VERSION_NOTIFICATIONS_ENABLED: "false",
    N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED: "false",
    N8N_TEMPLATES_ENABLED: "false",
    N8N_PERSONALIZATION_ENABLED: "false",
    N8N_HIRING_BANNER_ENABLED: "false",
    N8N_DYNAMIC_BANNERS_ENABLED: "false",
    N8N_LICENSE_AUTO_RENEW_ENABLED: "false",
    N8N_DISABLED_MODULES: "mcp-registry,community-packages",
    HTTP_PROXY: "http://127.0.0.1:9",
    HTTPS_PROXY: "http://127.0.0.1:9",
    NO_PROXY: "127.0.0.1,localhost",
  };
}

type Call = (method: string, path: string, body?: unknown) => Promise<Record<string, unknown>>;

function client(base: string, headers: Record<string, string>): Call {
  return async (method, path, body) => {
    const response = await fetch(base + path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`n8n, ${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    return JSON.parse(text) as Record<string, unknown>;
  };
}

/** The editor's own calls, as the owner whom this makes. */
async function signIn(url: string): Promise<Call> {
  const response = await fetch(`${url}/rest/owner/setup`, {
    method: "POST",
    headers: { "content-type": "application/json", "browser-id": "test" },
    body: JSON.stringify(OWNER),
  });
  if (!response.ok) throw new Error(`n8n, its owner: ${response.status} ${await response.text()}`);
  const cookie = response.headers.getSetCookie().map((one) => one.split(";")[0]);
  const call = client(`${url}/rest`, { cookie: cookie.join("; "), "browser-id": "test" });
  return async (...args) => (await call(...args))["data"] as Record<string, unknown>;
}
