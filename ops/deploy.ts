import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bundleWorker, MAIN_MODULE, writeModules } from "../dev/bundle.ts";
import { deployedTable } from "../dev/wrangler-toml.ts";
import { missingFor, type Deployment } from "./missing.ts";

/**
 * `npm run deploy [-- --env staging] [-- --check]`: lists what a deployment would lack, and deploys when nothing is
 * missing. `--check` stops before the deployment; every other argument is wrangler's. It asks wrangler for the names of
 * the secrets; their values cannot be read.
 */

const root = fileURLToPath(new URL("..", import.meta.url));
const given = process.argv.slice(2);
const forWrangler = given.filter((argument) => argument !== "--check");
const environment = environmentIn(forWrangler) ?? process.env["CLOUDFLARE_ENV"] ?? "";
const deployed = deployedTable(environment);
/** Cloudflare's own builds set it. */
const inBuild = Boolean(process.env["WORKERS_CI"]);

/** The value of `--env`; empty: the top level. */
function environmentIn(args: readonly string[]): string | undefined {
  return /(?:^| )(?:--env|-e)[ =]([A-Za-z0-9_-]+)/.exec(args.join(" "))?.[1];
}

function wrangler(...args: string[]): { ok: boolean; output: string } {
  const { status, stdout, stderr } = spawnSync("wrangler", args, { cwd: root, encoding: "utf8" });
  return { ok: status === 0, output: `${stdout ?? ""}${stderr ?? ""}` };
}

function bucketBound(loggedIn: boolean): Deployment["bucket"] {
  const bound = deployed.buckets.find(({ binding }) => binding === "RESULTS");
  if (bound === undefined) return null;
  const name = bound.bucket_name ?? "";
  if (!loggedIn) return { name, exists: true };
  // A login that may not read buckets is no reason to stop: wrangler itself refuses a bucket that is not there.
  const { ok, output } = wrangler("r2", "bucket", "info", name);
  return { name, exists: ok || !/10006|does not exist/i.test(output) };
}

function look(): Deployment {
  const login = wrangler("whoami");
  const loggedIn = login.ok && !/not authenticated/i.test(login.output);
  const known = { loggedIn, vars: deployed.vars, bucket: bucketBound(loggedIn), inBuild, environment };
  if (!loggedIn) return { ...known, secrets: null };
  const list = wrangler("secret", "list", "--format", "json", ...(environment ? ["--env", environment] : []));
  if (list.ok) {
    const json = /\[[^]*\]/.exec(list.output)?.[0] ?? "[]";
    return { ...known, secrets: (JSON.parse(json) as { name: string }[]).map(({ name }) => name) };
  }
  // A Worker that was never deployed has no secrets; any other failure is printed unchanged.
  if (/10007|does not exist|not found/i.test(list.output)) return { ...known, secrets: [] };
  console.error(list.output);
  if (!inBuild) process.exit(1);
  return { ...known, secrets: null };
}

function listed(lines: readonly string[]): string {
  return lines.map((line) => `  - ${line}`).join("\n");
}

const found = look();
const { first, later } = missingFor(found);
if (first.length > 0) {
  console.error(`Not deployed. Missing:\n${listed(first)}`);
  process.exit(1);
}
if (later.length > 0) {
  console.log(`Until these are set, every call is answered 503 with the setting's name:\n${listed(later)}`);
} else console.log(found.secrets ? "Nothing is missing." : "What secrets are set is not known here.");
if (!given.includes("--check")) {
  // Wrangler's own bundler would put all modules into one, and an isolate would compile the console for each API call.
  writeModules(`${root}dist/worker`, await bundleWorker({ minify: true }));
  const deploy = ["deploy", `dist/worker/${MAIN_MODULE}`, "--no-bundle", ...forWrangler];
  const { status } = spawnSync("wrangler", deploy, { cwd: root, stdio: "inherit" });
  process.exit(status ?? 1);
}
