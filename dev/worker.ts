import { readFileSync } from "node:fs";
import {
  convertV4MiniflareOptions,
  fetch,
  Log,
  LogLevel,
  Miniflare,
  type Request,
  type Response,
} from "miniflare";
import type { unstable_getMiniflareWorkerOptions as ReadOptions } from "wrangler";
import { root, type WorkerModule } from "./bundle.ts";

/** Ringback itself on this machine: the Worker of `wrangler.toml`, bundled and run by workerd on a loopback port. */

export interface LocalWorkerOptions {
  /** 0 or absent: any free port. */
  port?: number;
  /** The contract's settings. */
  settings?: Record<string, string>;
  /** Where the objects' stores are kept; absent: in memory, gone with the process. */
  persistTo?: string;
  /** Absent: with a bucket for kept files, as simulated as the rest; false: without one. */
  bucket?: boolean;
  /** Calls a minute that lead to others, creates above all; absent: as in `wrangler.toml`. */
  createsPerMinute?: number;
  /** Source of modules that replace those of `src`, by their path in it: for times that a test cannot wait for. */
  instead?: Record<string, string>;
  /** An `https` origin whose requests go to another one: production's settings take no upstream on loopback. */
  redirectOrigin?: { from: string; to: string };
  /** Each line that the Worker writes to its console. */
  onLog?: (line: string) => void;
  /** Made by another process; absent: made here. */
  built?: BuiltWorker;
}

/** What every Worker of this machine is made of. JSON, so that another process can be given it. */
export interface BuiltWorker {
  modules: WorkerModule[];
  /** Those of `wrangler.toml`, as miniflare takes them. */
  options: WorkerOptions;
}

type WorkerOptions = Omit<ReturnType<typeof ReadOptions>["workerOptions"], "modulesRules">;

export interface LocalWorker {
  /** `http://127.0.0.1:PORT`, without a path. */
  url: string;
  miniflare: Miniflare;
  close(): Promise<void>;
}

let building: Promise<BuiltWorker> | null = null;

/** Makes the static files, the modules and the options once for this process, with programs that take a second to load. */
export async function buildWorker(): Promise<BuiltWorker> {
  building ??= build();
  return building;
}

async function build(): Promise<BuiltWorker> {
  const [{ unstable_getMiniflareWorkerOptions: readOptions }, { bundleWorker }, { buildPublic }] =
    await Promise.all([import("wrangler"), import("./bundle.ts"), import("./public.ts")]);
  buildPublic();
  // Wrangler reads its own file, so that what runs here is what is deployed: date, flags, objects, limits.
  const { modulesRules: _, ...options } = readOptions(`${root}wrangler.toml`).workerOptions;
  return { modules: await bundleWorker(), options };
}

export async function startWorker(options: LocalWorkerOptions = {}): Promise<LocalWorker> {
  const built = options.built ?? (await buildWorker());
  const worker = structuredClone(built.options);
  const limits = worker.ratelimits as Record<string, { simple: { limit: number } }> | undefined;
  const limit = limits?.["CREATE_LIMIT"];
  if (limit && options.createsPerMinute !== undefined) limit.simple.limit = options.createsPerMinute;
  const modules = options.instead ? await bundleInstead(options.instead) : built.modules;
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...worker,
      modules: modules.map(({ name, text }) => ({ type: "ESModule" as const, path: name, contents: text })),
      bindings: { ...(worker.bindings as Record<string, string>), ...options.settings },
      r2Buckets: options.bucket === false ? [] : ["RESULTS"],
      host: "127.0.0.1",
      port: options.port ?? 0,
      log: new Log(LogLevel.ERROR),
      ...(options.redirectOrigin === undefined
        ? {}
        : { outboundService: redirected(options.redirectOrigin) }),
      handleStructuredLogs: ({ message }) => options.onLog?.(message),
      ...(options.persistTo === undefined ? {} : { resourcePersistencePath: options.persistTo }),
    }),
  );
  const url = await miniflare.ready;
  return { url: url.origin, miniflare, close: async () => miniflare.dispose() };
}

async function bundleInstead(instead: Record<string, string>): Promise<WorkerModule[]> {
  const { bundleWorker } = await import("./bundle.ts");
  return bundleWorker({ instead });
}

function redirected({ from, to }: { from: string; to: string }) {
  return async (request: Request): Promise<Response> => {
    const url = request.url.startsWith(`${from}/`) ? to + request.url.slice(from.length) : request.url;
    const { method, headers, body } = request;
    return fetch(url, { method, headers, body, redirect: "manual", ...(body ? { duplex: "half" } : {}) });
  };
}

/** The package's own version, for the demo's heading. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { version: string }).version;
}
