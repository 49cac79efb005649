import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { bundleWorker, root, writeModules, type WorkerModule } from "../dev/bundle.ts";
import { buildPublic, PUBLIC_FOLDER } from "../dev/public.ts";
import { compatibility } from "../dev/wrangler-toml.ts";
import { SETTING_NAMES } from "../src/env.ts";
import { isUpstreamName, keySettingOf } from "../src/env/upstreams.ts";
import { BUILT_IN } from "../src/profiles/built-in.ts";

/**
 * `npm run self-host`: everything that one machine needs, in `dist/self-host`: workerd, its configuration, the Worker,
 * the static files, a systemd unit and the licences. The folder can be copied anywhere; it needs neither Node nor this
 * project. Arguments are the names of upstreams of the operator's own making.
 */

export interface SelfHostOptions {
  folder: string;
  /** Addresses that the Worker may connect to, in workerd's words. */
  allow?: readonly string[];
  /** Names of upstreams that are no built-in profile's: workerd takes only variables that its configuration names. */
  upstreams?: readonly string[];
}

const OBJECTS = { TASKS: "TaskObject", ACCOUNTS: "AccountObject", CADENCES: "CadenceObject" };

function configText(
  { allow = ["public"], upstreams = [] }: SelfHostOptions,
  modules: readonly WorkerModule[],
): string {
  const { date, flags } = compatibility();
  const keys = new Set([...BUILT_IN.keys(), ...upstreams].map(keySettingOf));
  const settings = [...SETTING_NAMES, ...keys].map(
    (name) => `    (name = "${name}", fromEnvironment = "${name}"),`,
  );
  const embedded = modules.map(({ name }) => `    (name = "${name}", esModule = embed "worker/${name}"),`);
  const namespaces = Object.entries(OBJECTS).map(
    ([name, className]) => `    (name = "${name}", durableObjectNamespace = "${className}"),`,
  );
  // The key is where an object's rows are found: another one would be another, empty store.
  const classes = Object.values(OBJECTS).map(
    (className) => `    (className = "${className}", uniqueKey = "ringback-${className}", enableSql = true),`,
  );
  return `# Made by \`npm run self-host\`. Settings come from the environment.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .ringback),
    # Whatever a name resolves to, connections go to these addresses only.
    (name = "internet", network = (allow = ${JSON.stringify(allow)}, tlsOptions = (trustBrowserCas = true))),
    (name = "store", disk = (path = "store", writable = true)),
    (name = "files", disk = (path = "store/files", writable = true)),
    (name = "public", disk = (path = "public")),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "main")],
);

const ringback :Workerd.Worker = (
  modules = [
${embedded.join("\n")}
  ],
  compatibilityDate = "${date}",
  compatibilityFlags = ${JSON.stringify(flags)},
  globalOutbound = "internet",
  bindings = [
    (name = "PUBLIC", service = "public"),
    (name = "FILES", service = "files"),
${[...namespaces, ...settings].join("\n")}
  ],
  durableObjectNamespaces = [
${classes.join("\n")}
  ],
  durableObjectStorage = (localDisk = "store"),
);
`;
}

/** Where this platform's workerd is: the package's main module names its binary. */
function workerdBinary(): string {
  const require = createRequire(import.meta.url);
  return (require("workerd") as { default: string }).default;
}

/** The licences that must accompany a copy of the folder: of the bundled packages, of the runtime, and of Ringback. */
function writeLicenses(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
    dependencies: Record<string, string>;
  };
  copyFileSync(`${root}LICENSE`, join(folder, "ringback.txt"));
  for (const name of Object.keys(dependencies)) {
    copyFileSync(`${root}node_modules/${name}/LICENSE`, join(folder, `${name}.txt`));
  }
  // The package of workerd brings none along.
  copyFileSync(`${root}ops/licenses/workerd.txt`, join(folder, "workerd.txt"));
}

export async function buildSelfHost(options: SelfHostOptions): Promise<void> {
  const { folder } = options;
  buildPublic();
  // Built anew over an older one: `store` holds tasks, and stays as it is.
  mkdirSync(join(folder, "store/files"), { recursive: true });
  rmSync(join(folder, "public"), { recursive: true, force: true });
  const modules = await bundleWorker({ entry: "ops/worker/self-host.ts", minify: true });
  writeModules(join(folder, "worker"), modules);
  writeFileSync(join(folder, "config.capnp"), configText(options, modules));
  cpSync(PUBLIC_FOLDER, join(folder, "public"), { recursive: true });
  for (const name of ["ringback.service", "sweep-empty-stores.sh"]) {
    copyFileSync(`${root}ops/${name}`, join(folder, name));
  }
  writeLicenses(join(folder, "licenses"));
  // Not written over: a file that runs cannot be.
  rmSync(join(folder, "workerd"), { force: true });
  copyFileSync(workerdBinary(), join(folder, "workerd"));
  chmodSync(join(folder, "workerd"), 0o755);
}

if (import.meta.main) {
  const folder = join(root, "dist/self-host");
  const upstreams = process.argv.slice(2);
  const wrong = upstreams.find((name) => !isUpstreamName(name));
  if (wrong !== undefined) {
    console.error(
      `Not built: ${JSON.stringify(wrong)} is no name of an upstream. docs/upstreams.md has the rule.`,
    );
    process.exit(1);
  }
  await buildSelfHost({ folder, upstreams });
  console.log(`Built ${folder}. docs/self-host.md says how to run it.`);
}
