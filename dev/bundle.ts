import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

export const root = fileURLToPath(new URL("..", import.meta.url));

export interface BundleOptions {
  /** A path in the project. */
  entry?: string;
  minify?: boolean;
  /** Source of modules that stand in for those of `src`, by their path in it. */
  instead?: Record<string, string>;
}

/** An ES module, under the name by which the others import it. */
export interface WorkerModule {
  name: string;
  text: string;
}

/** The module that the runtime starts with. */
export const MAIN_MODULE = "index.js";

/** A Worker as ES modules: the main one first, then those that it shares and those that are loaded on demand. */
export async function bundleWorker({
  entry = "src/index.ts",
  minify = false,
  instead = {},
}: BundleOptions = {}): Promise<WorkerModule[]> {
  const result = await build({
    entryPoints: [`${root}${entry}`],
    bundle: true,
    splitting: true,
    outdir: root,
    entryNames: basename(MAIN_MODULE, ".js"),
    minify,
    // Else each Chinese character of the console is an escape of six bytes, not three.
    charset: "utf8",
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker"],
    external: ["cloudflare:*", "node:*"],
    write: false,
    plugins: [standIns(instead)],
    logLevel: "silent",
  });
  const modules = result.outputFiles.map(({ path, text }) => ({ name: basename(path), text }));
  return modules.toSorted((a, b) => Number(b.name === MAIN_MODULE) - Number(a.name === MAIN_MODULE));
}

/** Writes a Worker's modules into a folder that holds nothing else. */
export function writeModules(folder: string, modules: readonly WorkerModule[]): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { name, text } of modules) writeFileSync(join(folder, name), text);
}

function standIns(instead: Record<string, string>): Plugin {
  const sources = new Map(Object.entries(instead).map(([path, source]) => [`${root}src/${path}`, source]));
  return {
    name: "instead",
    setup: (builder) => {
      builder.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = sources.get(path);
        sources.delete(path);
        return contents === undefined ? undefined : { contents, loader: "ts" };
      });
      // Otherwise a module that has moved would silently keep its own source.
      builder.onEnd(() => {
        if (sources.size > 0) throw new Error(`not in the Worker: ${[...sources.keys()].join(" ")}`);
      });
    },
  };
}
