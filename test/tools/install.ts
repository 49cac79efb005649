import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environment } from "./program.ts";

const PATIENCE_MS = 1_800_000;

/**
 * A tool from npm in a folder outside the repository, kept for the next run. None of its packages runs a script of its
 * own but those in `rebuild`, whose native modules it cannot do without.
 */
export function installTool(name: string, version: string, rebuild: string[] = []): string {
  const folder = join(tmpdir(), "ringback-tools", `${name}-${version}-node${process.versions.modules}`);
  const done = join(folder, "installed");
  if (existsSync(done)) return folder;
  console.log(`installing ${name} ${version} into ${folder} …`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"private":true}');
  npm(folder, "install", `${name}@${version}`, "--ignore-scripts", "--no-audit", "--no-fund");
  if (rebuild.length > 0) npm(folder, "rebuild", ...rebuild);
  writeFileSync(done, "");
  return folder;
}

function npm(cwd: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync("npm", args, {
    cwd,
    env: environment(),
    encoding: "utf8",
    timeout: PATIENCE_MS,
    stdio: ["ignore", "ignore", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`npm ${args.join(" ")}: ${error?.message ?? stderr.slice(-4000)}`);
}
