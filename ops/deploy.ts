import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { missingFor, type Deployment } from "./missing.ts";

/**
 * `npm run deploy`: says what a deployment would lack, and deploys when nothing is missing. `--check` stops before the
 * deployment. What the Worker has is asked of wrangler; no value of a secret is ever read, because nobody can.
 */

const root = fileURLToPath(new URL("..", import.meta.url));

function wrangler(...args: string[]): { ok: boolean; output: string } {
  const { status, stdout, stderr } = spawnSync("wrangler", args, { cwd: root, encoding: "utf8" });
  return { ok: status === 0, output: `${stdout ?? ""}${stderr ?? ""}` };
}

/** The names under `[vars]`. Wrangler's own parser would start a whole bundler for it. */
function vars(): string[] {
  const toml = readFileSync(`${root}wrangler.toml`, "utf8");
  const table = /^\[vars\]\n([^]*?)(?=^\[|(?![^]))/m.exec(toml)?.[1] ?? "";
  return Array.from(table.matchAll(/^([A-Z0-9_]+) *=/gm), ([, name = ""]) => name);
}

function look(): Deployment {
  const login = wrangler("whoami");
  const loggedIn = login.ok && !/not authenticated/i.test(login.output);
  if (!loggedIn) return { loggedIn, secrets: null, vars: vars() };
  const list = wrangler("secret", "list", "--format", "json");
  const json = /\[[^]*\]/.exec(list.output)?.[0];
  // A Worker that was never deployed has no secrets; any other failure is told as it is.
  if (!list.ok && !/10007|does not exist|not found/i.test(list.output)) {
    console.error(list.output);
    process.exit(1);
  }
  const secrets = list.ok && json ? (JSON.parse(json) as { name: string }[]).map(({ name }) => name) : [];
  return { loggedIn, secrets, vars: vars() };
}

const missing = missingFor(look());
if (missing.length > 0) {
  console.error(`Not deployed. Missing:\n${missing.map((line) => `  - ${line}`).join("\n")}`);
  process.exit(1);
}
console.log("Nothing is missing.");
if (!process.argv.includes("--check")) {
  const { status } = spawnSync("wrangler", ["deploy"], { cwd: root, stdio: "inherit" });
  process.exit(status ?? 1);
}
