import { readFileSync } from "node:fs";
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

/** A Worker as one ES module. */
export async function bundleWorker({
  entry = "src/index.ts",
  minify = false,
  instead = {},
}: BundleOptions = {}): Promise<string> {
  const result = await build({
    entryPoints: [`${root}${entry}`],
    bundle: true,
    minify,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker"],
    external: ["cloudflare:*", "node:*"],
    write: false,
    plugins: [standIns(instead)],
    logLevel: "silent",
  });
  const [output] = result.outputFiles;
  if (!output) throw new Error(`${entry} was not bundled`);
  return output.text;
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

/** The compatibility date and flags of `wrangler.toml`: what is deployed. */
export function compatibility(): { date: string; flags: string[] } {
  const toml = readFileSync(`${root}wrangler.toml`, "utf8");
  const date = /compatibility_date = "([^"]+)"/.exec(toml)?.[1] ?? "";
  const flags = JSON.parse(/compatibility_flags = (\[[^\]]*\])/.exec(toml)?.[1] ?? "[]") as string[];
  return { date, flags };
}
