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
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { bundleWorker, root, type WorkerModule } from "./bundle.ts";
import { buildPublic } from "./public.ts";

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
}

export interface LocalWorker {
  /** `http://127.0.0.1:PORT`, without a path. */
  url: string;
  miniflare: Miniflare;
  close(): Promise<void>;
}

/** A process that starts one Worker after another makes its files and its modules once. */
let built: Promise<WorkerModule[]> | null = null;

async function buildOnce(): Promise<WorkerModule[]> {
  if (built === null) {
    buildPublic();
    built = bundleWorker();
  }
  return built;
}

export async function startWorker(options: LocalWorkerOptions = {}): Promise<LocalWorker> {
  const ours = await buildOnce();
  // Wrangler reads its own file, so that what runs here is what is deployed: date, flags, objects, limits.
  const { workerOptions } = unstable_getMiniflareWorkerOptions(`${root}wrangler.toml`);
  const limits = workerOptions.ratelimits as Record<string, { simple: { limit: number } }> | undefined;
  const limit = limits?.["CREATE_LIMIT"];
  if (limit && options.createsPerMinute !== undefined) limit.simple.limit = options.createsPerMinute;
  const { modulesRules: _, ...worker } = workerOptions;
  const modules = options.instead ? await bundleWorker({ instead: options.instead }) : ours;
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...worker,
      modules: modules.map(({ name, text }) => ({ type: "ESModule" as const, path: name, contents: text })),
      bindings: { ...(workerOptions.bindings as Record<string, string>), ...options.settings },
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
