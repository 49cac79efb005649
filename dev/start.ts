import { createHash, randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { startGateway, type Gateway } from "./gateway.ts";
import { takenOf } from "./listen.ts";
import { startReceiver, type Received } from "./receiver.ts";
import { problemText } from "../src/contract/problems.ts";
import { AIO } from "../src/contract/words.ts";
import { readSettings, SETTING_NAMES, type Settings } from "../src/env.ts";
import { isKeySetting } from "../src/env/upstreams.ts";
import { packageVersion, startWorker } from "./worker.ts";

/**
 * `npm start`: Ringback on this machine for curl, with the simulated gateway behind it and a receiver that prints each
 * callback. The environment may hold every setting of docs/settings.md. With `AIO_BASE_URL`, or with one of `UPSTREAMS`,
 * Ringback calls that upstream with each caller's own key; with `AIO_API_KEY` it uses that key and prints a token to call
 * with.
 */

/** Ringback's; the simulated gateway and the receiver have the next two. */
const PORT = Number(process.env["PORT"] ?? "8787");
const OWN_URL = `http://127.0.0.1:${PORT}`;

/** Why Ringback cannot start on these ports. */
async function portObstacle(): Promise<string | null> {
  if (!(Number.isInteger(PORT) && PORT > 0 && PORT < 65_534)) return "PORT must be a number from 1 to 65533.";
  const taken = await takenOf([PORT, PORT + 1, PORT + 2]);
  if (taken.length === 0) return null;
  const example = PORT < 60_000 ? PORT + 100 : 8787;
  return (
    `Another program uses ${taken.length === 1 ? "port" : "ports"} ${taken.join(", ")}. ` +
    `Name the first of three free ports in PORT, for example: PORT=${example} npm start`
  );
}

/** Settings taken over from the environment, and the defaults that a local run needs. */
function settingsFromEnvironment(): Record<string, string> {
  const given = Object.entries(process.env).filter(
    ([name, value]) => value && (SETTING_NAMES.includes(name) || isKeySetting(name)),
  );
  return {
    RINGBACK_SECRET: "for local use only, not a secret at all",
    ALLOW_PRIVATE_CALLBACKS: "true",
    KEEP_RESULTS: "ask",
    ...Object.fromEntries(given),
  };
}

/** The user's shell may have Ringback's own address in `AIO_BASE_URL`, for curl: that is no upstream. */
function isOwnUrl(baseUrl: string): boolean {
  return (
    URL.canParse(baseUrl) &&
    new URL(baseUrl).port === String(PORT) &&
    /^(127\.|localhost)/.test(new URL(baseUrl).hostname)
  );
}

/** An operator's deployment needs a token for its callers: made here, unless the environment lists some. */
function withToken(settings: Record<string, string>): string | null {
  if (settings["AIO_API_KEY"] === undefined || settings["RINGBACK_KEYS"] !== undefined) return null;
  const token = `rbk_${randomBytes(24).toString("base64url")}`;
  settings["RINGBACK_KEYS"] = `local:${createHash("sha256").update(token).digest("hex")}`;
  return token;
}

/** The settings as Ringback reads them, or the problems that each call would be refused with. */
function readHere(settings: Record<string, string>): Settings | string[] {
  // The bucket is made with the Worker.
  const read = readSettings({ ...settings, RESULTS: {} });
  return read.ok ? read.settings : read.problems.map((found) => `${found.setting} ${problemText(found)}.`);
}

/** One line for each upstream. */
function linesOf({ upstreams }: Settings, gateway: Gateway | null): string {
  const simulated = "  (simulated, as MAX API answers: any key that starts with sk-, 15 s a video)";
  const lines = upstreams.map(
    ({ name, baseUrl }) => `${name}, ${gateway ? gateway.baseUrl + simulated : baseUrl}`,
  );
  return lines.map((line) => `upstream          ${line}`).join("\n");
}

/** A create at the deployment's first upstream. */
function exampleOf({ upstreams: [{ name, profile }] }: Settings, callbackUrl: string): string {
  if (name === AIO)
    return `curl "$AIO_BASE_URL/videos" -H "Authorization: Bearer $AIO_API_KEY" -H "Content-Type: application/json" \\
    -d '{"model": "doubao-seedance-2-0-260128", "prompt": "A lighthouse at dusk.", "callback_url": "${callbackUrl}"}'`;
  return `curl "$AIO_BASE_URL/upstreams/${name}${profile.create.paths[0]}" -H "Authorization: Bearer $AIO_API_KEY" \\
    -d '{…, "ringback": {"callback_url": "${callbackUrl}"}}'    # … is the request that ${name} takes`;
}

async function secretOf(bearer: string): Promise<string | null> {
  const response = await fetch(`${OWN_URL}/v1/webhooks/secret`, { headers: { authorization: bearer } });
  return response.ok ? ((await response.json()) as { secret: string }).secret : null;
}

/** The callback on one line, and whether one of the known callers' secrets signed it. */
async function show(callback: Received, bearers: ReadonlySet<string>): Promise<void> {
  const headers = callback.headers as Record<string, string>;
  const secrets = await Promise.all(Array.from(bearers, secretOf));
  const verified = secrets.some((secret) => {
    if (secret === null) return false;
    try {
      new Webhook(secret).verify(callback.body, headers);
      return true;
    } catch {
      // Another caller's secret.
      return false;
    }
  });
  console.log(
    `\ncallback ${callback.method} ${callback.path}  signature ${verified ? "verified" : "not checked (unknown caller)"}`,
  );
  console.log(`  ${callback.body}`);
}

const settings = settingsFromEnvironment();
const bearers = new Set<string>();
if (settings["AIO_BASE_URL"] !== undefined && isOwnUrl(settings["AIO_BASE_URL"])) {
  console.log(
    "AIO_BASE_URL points at Ringback itself; it and AIO_API_KEY are taken for the caller's, not for the upstream.",
  );
  delete settings["AIO_BASE_URL"];
  delete settings["AIO_API_KEY"];
}
const token = withToken(settings);
if (token !== null) bearers.add(`Bearer ${token}`);
const read = readHere(settings);
const obstacle = Array.isArray(read) ? read.join("\n") : await portObstacle();
if (Array.isArray(read) || obstacle !== null) {
  console.error(obstacle);
  process.exit(1);
}
let gateway: Gateway | null = null;
const isAio = read.upstreams[0].name === AIO;
if (isAio && settings["AIO_BASE_URL"] === undefined && settings["AIO_API_KEY"] === undefined) {
  gateway = await startGateway({
    port: PORT + 1,
    profile: "max-api",
    loopSeconds: 2,
    queueSeconds: 3,
    runSeconds: 12,
    onCall: ({ authorization }) => authorization !== undefined && bearers.add(authorization),
  });
  settings["AIO_BASE_URL"] = gateway.baseUrl;
  settings["POLL_FIRST_SECONDS"] ??= "5";
  // Its videos take seconds, those of the forecast's prior minutes.
  settings["POLL_MAX_SECONDS"] ??= "2";
}
const receiver = await startReceiver({
  port: PORT + 2,
  onRequest: (callback) => {
    show(callback, bearers).catch((error: unknown) => console.error(error));
  },
});
const worker = await startWorker({
  port: PORT,
  settings,
  onLog: (line) => console.log(line),
});

console.log(`
Ringback ${packageVersion()}   ${worker.url}/v1
console           ${worker.url}/
${linesOf(read, gateway)}
receiver          ${receiver.url}  (prints each callback)

In another terminal:

  export AIO_BASE_URL="${worker.url}/v1"
  export AIO_API_KEY="${token ?? (settings["RINGBACK_KEYS"] === undefined ? "sk-your-api-key" : "one of your tokens")}"

  ${exampleOf(read, receiver.url)}

Ctrl-C ends it; the tasks of a local run are gone with it.
`);

let closing = false;
async function close(): Promise<void> {
  if (closing) return;
  closing = true;
  await worker.close();
  await Promise.all([gateway?.close(), receiver.close()]);
}
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}
