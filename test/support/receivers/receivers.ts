import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { root } from "../../../dev/bundle.ts";
import { freePort, listens } from "../programs/ports.ts";
import { PHP, PYTHON, RUBY } from "../programs/programs.ts";
import { eventually } from "../stack.ts";

/** The receivers of `docs/recipes/receivers`, each run as a user runs it. */

const FOLDER = `${root}docs/recipes/receivers`;

/** The line that a receiver prints for each callback that it accepts. */
export interface Accepted {
  accepted: string;
  type: string;
  task_id: string | null;
}

export interface RunningReceiver {
  url: string;
  /** In the order in which they were printed. */
  accepted: Accepted[];
  stop(): Promise<void>;
}

export interface ReceiverRecipe {
  name: string;
  /** Its behaviour without a usable secret. */
  withoutSecrets: "ends" | "answers 500";
  start(secrets: string, places: Places): Promise<RunningReceiver>;
}

export interface Places {
  /** A project that has the client installed. */
  consumer: string;
  /** For what a receiver keeps. */
  scratch: string;
}

interface Command {
  command: string[];
  cwd?: string;
  env?: Record<string, string>;
}

/** Too large for each run of the tests, so it is tested where it is. */
const GO = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin"]
  .map((folder) => join(folder, "go"))
  .find((path) => existsSync(path));

export const RECIPES: ReceiverRecipe[] = [
  inProcess("node.mjs", async () => ({ command: [process.execPath, `${FOLDER}/node.mjs`] })),
  inProcess("express.mjs", async (_port, { consumer }) => nodeCommand("express.mjs", consumer)),
  inProcess("hono.mjs", async (_port, { consumer }) => nodeCommand("hono.mjs", consumer)),
  inProcess("fastapi_receiver.py", async () => ({ command: [PYTHON, `${FOLDER}/fastapi_receiver.py`] })),
  {
    ...inProcess("receiver.php", async (port, { scratch }) => ({
      command: [PHP, "-S", `127.0.0.1:${port}`, `${FOLDER}/receiver.php`],
      env: { TMPDIR: scratch },
    })),
    withoutSecrets: "answers 500",
  },
  inProcess("receiver.rb", async () => ({ command: [RUBY, `${FOLDER}/receiver.rb`] })),
  { name: "worker.ts", withoutSecrets: "answers 500", start: startWorkerReceiver },
  ...(GO === undefined ? [] : [inProcess("receiver.go", async (_port, places) => goCommand(GO, places))]),
];

function inProcess(
  name: string,
  command: (port: number, places: Places) => Promise<Command>,
): ReceiverRecipe {
  const start = async (secrets: string, places: Places): Promise<RunningReceiver> => {
    const port = await freePort();
    return startProcess(await command(port, places), port, secrets);
  };
  return { name, withoutSecrets: "ends", start };
}

/** As a user has it: beside its own `node_modules`, in which the frameworks are too. */
async function nodeCommand(file: string, consumer: string): Promise<Command> {
  cpSync(join(FOLDER, file), join(consumer, file));
  for (const name of ["express", "hono", "@hono/node-server"]) {
    const link = join(consumer, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    if (!existsSync(link)) symlinkSync(`${root}node_modules/${name}`, link);
  }
  return { command: [process.execPath, file], cwd: consumer };
}

/** `go run` makes the same program, and would leave it running when it is ended itself. */
async function goCommand(go: string, { scratch }: Places): Promise<Command> {
  const program = join(scratch, "receiver");
  execFileSync(go, ["vet", "receiver.go"], { cwd: FOLDER });
  execFileSync(go, ["build", "-o", program, "receiver.go"], { cwd: FOLDER });
  return { command: [program] };
}

/** Rejects if it ends before it listens. */
async function startProcess(
  { command, cwd, env }: Command,
  port: number,
  secrets: string,
): Promise<RunningReceiver> {
  const [program = "", ...rest] = command;
  const child = spawn(program, rest, {
    cwd,
    env: { ...process.env, ...env, PORT: String(port), RINGBACK_WEBHOOK_SECRETS: secrets },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const accepted: Accepted[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => note(line, accepted));
  let complaints = "";
  child.stderr
    .setEncoding("utf8")
    .on("data", (text: string) => (complaints = (complaints + text).slice(-4000)));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await ended;
  };
  try {
    await eventually(async () => child.exitCode !== null || (await listens(port)), Boolean, 30_000);
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: ${complaints}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}/hook`, accepted, stop };
}

async function startWorkerReceiver(secrets: string, { consumer }: Places): Promise<RunningReceiver> {
  const bundle = await build({
    entryPoints: [`${FOLDER}/worker.ts`],
    bundle: true,
    format: "esm",
    target: "es2022",
    write: false,
    nodePaths: [join(consumer, "node_modules")],
    // The project's own has a path to the source; a user's project has the package.
    tsconfigRaw: {},
  });
  const accepted: Accepted[] = [];
  const worker = new Miniflare(
    convertV4MiniflareOptions({
      modules: [{ type: "ESModule", path: "worker.js", contents: bundle.outputFiles[0]?.text ?? "" }],
      compatibilityDate: "2026-10-20",
      bindings: { RINGBACK_WEBHOOK_SECRETS: secrets },
      host: "127.0.0.1",
      port: 0,
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: ({ message }) => note(message, accepted),
    }),
  );
  const { origin } = await worker.ready;
  return { url: `${origin}/hook`, accepted, stop: async () => worker.dispose() };
}

/** Frameworks print lines of their own. */
function note(line: string, accepted: Accepted[]): void {
  if (line.startsWith('{"accepted"')) accepted.push(JSON.parse(line) as Accepted);
}
