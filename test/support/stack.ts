import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { DeliveryJson } from "../../src/contract/shapes/delivery.ts";
import type { TaskJson } from "../../src/contract/shapes/task.ts";
import { startGateway, type Gateway, type GatewayCall, type GatewayOptions } from "../../dev/gateway.ts";
import { startReceiver, type Received, type Receiver } from "../../dev/receiver.ts";
import { startWorker, type LocalWorker } from "../../dev/worker.ts";
import { builtWorker } from "./programs/built-worker.ts";

/** A gateway, a receiver and the Worker between them, all real and on loopback. */
export interface Stack {
  gateway: Gateway;
  receiver: Receiver;
  worker: LocalWorker;
  /** Lines that the Worker logged. */
  logs: string[];
  /** Ids of the tasks that `create` was answered with. */
  accepted: string[];
  /** A request to the Worker with the caller's key; `path` from the root, `/v1/…`. */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** `POST /v1/videos` with a valid text task, overridden and extended by `fields`. */
  create(fields?: Record<string, unknown>, headers?: Record<string, string>): Promise<Response>;
  /** Reads the task again until `ready` says yes; fails after `timeoutMs` with what it saw last. */
  task(id: string, ready?: (task: TaskBody) => boolean, timeoutMs?: number): Promise<TaskBody>;
  deliveries(
    id: string,
    ready?: (data: DeliveryBody[]) => boolean,
    timeoutMs?: number,
  ): Promise<DeliveryBody[]>;
  /** Stops the Worker and starts it again with these settings on top; only a store in `persistTo` outlives that. */
  restart(settings?: Record<string, string>): Promise<void>;
  close(): Promise<void>;
}

export type TaskBody = TaskJson;
export type DeliveryBody = DeliveryJson;

/** The contract's settings, set so that nothing waits longer than it must. */
export const FAST_SETTINGS: Record<string, string> = {
  RINGBACK_SECRET: "a secret of the tests, long enough to count",
  ALLOW_PRIVATE_CALLBACKS: "true",
  POLL_FIRST_SECONDS: "0.1",
  POLL_MIN_SECONDS: "0.05",
  POLL_MAX_SECONDS: "0.1",
  CALLBACK_HOLD_SECONDS: "0",
  CALLBACK_RETRY_SECONDS: "0.1,0.1,0.1",
  CALLBACK_TIMEOUT_SECONDS: "1",
  UPSTREAM_TIMEOUT_SECONDS: "1",
  UPSTREAM_LOST_SECONDS: "0.5",
  UPSTREAM_UNAUTHORIZED_SECONDS: "0.5",
  RESULT_MISSING_SECONDS: "0.5",
};

export const OWN_KEY = "sk-the-callers-own-key";
export const MODEL = "doubao-seedance-2-0-260128";

const SECURE_ORIGIN = "https://upstream.example.com";

export interface StackOptions {
  settings?: Record<string, string>;
  gateway?: GatewayOptions;
  /** The caller's Bearer token. */
  token?: string;
  createsPerMinute?: number;
  /** Source that stands in for modules of `src`, by their path in it. */
  instead?: Record<string, string>;
  /** A folder for the objects' stores; absent: in memory. */
  persistTo?: string;
  /** With a bucket for kept files; absent: if the settings keep any. */
  bucket?: boolean;
}

/** Starts the three; close it in `afterAll`. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const token = options.token ?? OWN_KEY;
  const gateway = await startGateway({ queueSeconds: 0.1, runSeconds: 0.2, ...options.gateway });
  const receiver = await startReceiver();
  const logs: string[] = [];
  const accepted: string[] = [];
  /** Reads a task with the key that created it. */
  const creators = new Map<string, string>();
  const start = async (settings: Record<string, string> = {}): Promise<LocalWorker> => {
    const all: Record<string, string> = {
      ...FAST_SETTINGS,
      AIO_BASE_URL: gateway.baseUrl,
      ...options.settings,
      ...settings,
    };
    // Production takes an upstream with TLS only.
    const isProduction = all["ALLOW_PRIVATE_CALLBACKS"] !== "true" && all["AIO_BASE_URL"] === gateway.baseUrl;
    const { origin: to, pathname } = new URL(gateway.baseUrl);
    if (isProduction) all["AIO_BASE_URL"] = SECURE_ORIGIN + pathname;
    const built = builtWorker();
    return startWorker({
      settings: all,
      // A bucket is a seventh of the time of a start.
      bucket: options.bucket ?? "KEEP_RESULTS" in all,
      ...(built === undefined ? {} : { built }),
      ...(isProduction ? { redirectOrigin: { from: SECURE_ORIGIN, to } } : {}),
      createsPerMinute: options.createsPerMinute ?? 100_000,
      onLog: (line) => logs.push(line),
      ...(options.instead === undefined ? {} : { instead: options.instead }),
      ...(options.persistTo === undefined ? {} : { persistTo: options.persistTo }),
    });
  };
  let worker = await start();
  const call: Stack["call"] = async (path, init = {}) => {
    const headers = new Headers(init.headers);
    if (!headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
    return fetch(worker.url + path, { redirect: "manual", ...init, headers });
  };
  const get = async <T>(id: string, rest = ""): Promise<T> => {
    const path = `/v1/videos/${id}${rest}`;
    const authorization = creators.get(id);
    const response = await call(path, authorization === undefined ? {} : { headers: { authorization } });
    if (response.status !== 200)
      throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  return {
    gateway,
    receiver,
    get worker() {
      return worker;
    },
    logs,
    accepted,
    call,
    create: async (fields = {}, headers = {}) => {
      const response = await call("/v1/videos", {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ model: MODEL, prompt: "A lighthouse at dusk.", ...fields }),
      });
      if (response.ok) {
        const { task_id: id } = (await response.clone().json()) as TaskBody;
        accepted.push(id);
        if (headers["authorization"] !== undefined) creators.set(id, headers["authorization"]);
      }
      return response;
    },
    task: async (id, ready = () => true, timeoutMs = 10_000) =>
      eventually(async () => get<TaskBody>(id), ready, timeoutMs),
    deliveries: async (id, ready = () => true, timeoutMs = 10_000) =>
      eventually(async () => (await get<{ data: DeliveryBody[] }>(id, "/deliveries")).data, ready, timeoutMs),
    restart: async (settings) => {
      await worker.close();
      worker = await start(settings);
    },
    close: async () => {
      await worker.close();
      await Promise.all([gateway.close(), receiver.close()]);
    },
  };
}

/** Each question is work for the cores that the awaited thing needs, too: a quarter of what was waited so far. */
const PAUSE_MS = { least: 50, most: 250 };

function pauseAfter(waitedMs: number): number {
  return Math.min(Math.max(waitedMs / 4, PAUSE_MS.least), PAUSE_MS.most);
}

/** Asks until the answer satisfies; a bounded loop that names the last answer when it gives up. */
export async function eventually<T>(
  ask: () => Promise<T>,
  ready: (value: T) => boolean,
  timeoutMs = 10_000,
  everyMs?: number,
): Promise<T> {
  const startedAt = Date.now();
  for (;;) {
    const value = await ask();
    if (ready(value)) return value;
    const waitedMs = Date.now() - startedAt;
    if (waitedMs > timeoutMs)
      throw new Error(`not reached in ${timeoutMs} ms; last: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs ?? pauseAfter(waitedMs)));
  }
}

export function isTerminal(task: TaskBody): boolean {
  return task.status === "succeeded" || task.status === "failed";
}

/** The paid calls that reached the gateway. */
export function submitsTo({ calls }: Gateway): GatewayCall[] {
  return calls.filter(({ method, path }) => method === "POST" && path === "/v1/videos");
}

/** A callback URL of its own, so that late callbacks of another test are not taken for this one's. */
export interface Hook {
  url: string;
  /** Its requests so far. */
  received(): Received[];
  waitFor(count: number, timeoutMs?: number): Promise<Received[]>;
}

let hooks = 0;

export function newHook({ receiver }: Pick<Stack, "receiver">): Hook {
  hooks += 1;
  const url = `${receiver.url}/${hooks}`;
  const { pathname } = new URL(url);
  const mine = (all: readonly Received[]): Received[] =>
    all.filter(({ path }) => path === pathname || path.startsWith(`${pathname}?`));
  return {
    url,
    received: () => mine(receiver.received),
    waitFor: async (count, timeoutMs) =>
      mine(await receiver.waitFor((all) => mine(all).length >= count, timeoutMs)),
  };
}

export interface RawRequest {
  method?: string;
  headers?: Record<string, string>;
  /** Sent one after the other: without a `content-length` among the headers, as a body of unsaid length. */
  chunks?: readonly (string | Uint8Array)[];
}

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What `fetch` will not send: any method, any path, any header, a body whose length is not said. */
export async function sendRaw(
  url: string,
  { method = "GET", headers = {}, chunks = [] }: RawRequest = {},
): Promise<RawAnswer> {
  const { origin } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(origin, { method, headers, path: url.slice(origin.length), agent: false });
    let answered = false;
    outgoing.on("response", (response) => {
      answered = true;
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(pieces).toString(),
        }),
      );
    });
    // An answer may come, and the connection go, while the body is still on its way.
    outgoing.on("error", (error) => answered || reject(error));
    outgoing.setTimeout(10_000, () => outgoing.destroy(new Error("no answer in 10 s")));
    for (const chunk of chunks) outgoing.write(chunk);
    outgoing.end();
  });
}
