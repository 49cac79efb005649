import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { bundleWorker, writeModules, type WorkerModule } from "../../dev/bundle.ts";
import { compatibility } from "../../dev/wrangler-toml.ts";

/** Bare workerd, without wrangler or miniflare around it, with its store on a memory file system. */

const require = createRequire(import.meta.url);

/** With these V8 tells perf the names of what it compiles and interprets. */
const PROFILED = ["--perf-basic-prof", "--interpreted-frames-native-stack"];
/** An awake object holds three files open. Where the limit cannot be raised, as much as is allowed. */
const RAISE_LIMIT = 'ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"';
/** What it says when it breaks; the rest is repetition. */
const ERROR_LINES_MAX = 20;

// Otherwise a signal would end the process without its `exit`.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

export interface BenchWorker {
  url: string;
  pid: number;
  /** What it runs. */
  modules: readonly WorkerModule[];
  /** Ends it and removes its store. */
  close(): Promise<void>;
}

export interface BenchWorkerOptions {
  /** In `bench/workers`. */
  entry: string;
  settings: Record<string, string>;
  /** Binding → class of each kind of object. */
  objects: Record<string, string>;
  /** Compatibility flags beside those that are deployed. */
  flags?: readonly string[];
  /** To be looked at by perf, with names that a reader knows: its figures compare with each other only. */
  isProfiled?: boolean;
}

function configOf(
  port: number,
  modules: readonly WorkerModule[],
  { settings, objects, flags: more = [], isProfiled = false }: BenchWorkerOptions,
): string {
  const { date, flags: deployed } = compatibility();
  const flags = JSON.stringify([...deployed, ...more]);
  const text = JSON.stringify;
  const embedded = modules.map(
    ({ name }) => `(name = ${text(name)}, esModule = embed ${text(`worker/${name}`)})`,
  );
  const bindings = [
    ...Object.entries(settings).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ...Object.entries(objects).map(
      ([name, className]) => `(name = ${text(name)}, durableObjectNamespace = ${text(className)})`,
    ),
  ];
  const classes = Object.values(objects).map(
    (className) => `(className = ${text(className)}, uniqueKey = ${text(className)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = ${JSON.stringify(isProfiled ? PROFILED : [])},
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["local", "private", "public"])),
    (name = "store", disk = (path = "store", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [${embedded.join(", ")}],
  compatibilityDate = "${date}",
  compatibilityFlags = ${flags},
  bindings = [${bindings.join(", ")}],
  durableObjectNamespaces = [${classes.join(", ")}],
  durableObjectStorage = (localDisk = "store"),
);
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

export async function startBenchWorker(options: BenchWorkerOptions): Promise<BenchWorker> {
  const folder = mkdtempSync("/dev/shm/ringback-bench-");
  const port = await freePort();
  mkdirSync(join(folder, "store"));
  const { entry, isProfiled = false } = options;
  const modules = await bundleWorker({ entry: `bench/workers/${entry}`, minify: !isProfiled });
  writeModules(join(folder, "worker"), modules);
  writeFileSync(join(folder, "config.capnp"), configOf(port, modules, options));
  // The package's program is a script around the binary: the process to measure is the binary itself.
  const binary = join(require.resolve("@cloudflare/workerd-linux-64/package.json"), "../bin/workerd");
  const serve = [binary, "serve", "config.capnp", "--experimental", "--directory-path=store=store"];
  const child = spawn("/bin/sh", ["-c", RAISE_LIMIT, "sh", ...serve], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  printFirst(child.stderr);
  // Should the bench itself break, its Worker must not stay behind and take CPU from the next one.
  const abandon = (): void => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", abandon);
  const url = `http://127.0.0.1:${port}`;
  await answers(url);
  return {
    url,
    pid: child.pid ?? 0,
    modules,
    close: async () => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      process.off("exit", abandon);
      child.kill();
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function printFirst(output: Readable): void {
  let left = ERROR_LINES_MAX;
  createInterface({ input: output }).on("line", (line) => {
    if (left > 0) console.error(`workerd: ${line.slice(0, 300)}`);
    left -= 1;
  });
}

async function answers(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1000) });
      return;
    } catch {
      // Not listening yet.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`nothing listens at ${url}`);
}
