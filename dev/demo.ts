import { Webhook } from "standardwebhooks";
import { FRAMES_EXAMPLE, REFERENCE_EXAMPLE, TEXT_EXAMPLE } from "../src/openapi/upstream-examples.ts";
import { startGateway, type GatewayCall } from "./gateway.ts";
import { startReceiver, type Received } from "./receiver.ts";
import { packageVersion, startWorker } from "./worker.ts";

/**
 * `npm run demo`: five tasks from POST to a verified callback, against the simulated gateway, which answers like the
 * software that most likely runs behind the real service. Of one Ringback keeps the video, and a part of it is fetched. It
 * prints every exchange and ends by itself; the exit code is 0 only if each callback came, was signed, and had the right content.
 */

const API_KEY = "sk-demo-key-of-the-caller";
const GIVE_UP_MS = 35_000;

interface Example {
  name: string;
  request: Record<string, unknown>;
  expect: "video.succeeded" | "video.failed";
  runSeconds: number;
}

const EXAMPLES: Example[] = [
  { name: "text", request: TEXT_EXAMPLE, expect: "video.succeeded", runSeconds: 2.5 },
  { name: "frames", request: FRAMES_EXAMPLE, expect: "video.succeeded", runSeconds: 3.5 },
  { name: "reference", request: REFERENCE_EXAMPLE, expect: "video.succeeded", runSeconds: 4.5 },
  {
    name: "refused",
    request: { ...TEXT_EXAMPLE, prompt: "[fail] A prompt that the content review does not let through." },
    expect: "video.failed",
    runSeconds: 3,
  },
  {
    name: "kept",
    request: { ...TEXT_EXAMPLE, prompt: "A film that is still there next week.", keep_result: true },
    expect: "video.succeeded",
    runSeconds: 4,
  },
];

const startedAt = Date.now();
const names = new Map<string, string>();

function show(name: string, what: string): void {
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(2).padStart(6);
  console.log(`${seconds}s  ${name.padEnd(9)}  ${what}`);
}

function nameOf(id: string | undefined): string {
  return names.get(id ?? "") ?? "";
}

/** A poll as the gateway sees it: the work that the caller does not have to do. */
function showPoll({ method, path, status }: GatewayCall): void {
  const id = /\/videos\/([^/?]+)/.exec(path)?.[1];
  if (method === "GET" && id !== undefined) show(nameOf(id), `    Ringback polls the gateway → ${status}`);
}

/** The Worker's own log lines. */
function showLog(line: string): void {
  const entry = JSON.parse(line) as Record<string, unknown>;
  if (entry["event"] !== "task.status") return;
  const code = typeof entry["code"] === "string" ? ` (${entry["code"]})` : "";
  show(nameOf(String(entry["task_id"])), `    status: ${String(entry["status"])}${code}`);
}

interface Event {
  type: string;
  data: Record<string, unknown>;
}

/** The receiver's own check, as its owner would write it. */
function verify(
  secret: string,
  { body, headers }: Received,
): { type: string; data: Record<string, unknown> } {
  return new Webhook(secret).verify(body, headers as Record<string, string>) as {
    type: string;
    data: Record<string, unknown>;
  };
}

function showCallback({ path, headers }: Received, event: Event, refused: boolean): void {
  const name = path.split("/").at(-1) ?? "";
  const said = event.data["video_url"] ?? event.data["error_message"];
  show(name, `callback ${event.type}, signature verified, attempt ${String(headers["ringback-attempt"])}`);
  show(name, refused ? "    → 503, so it comes again" : `    → 200, ${String(said)}`);
}

/** Fetches the first bytes of a kept video, as a player does, without a key. Whether they came. */
async function fetchPart(name: string, { video_url: url, file }: Event["data"]): Promise<boolean> {
  show(name, `    file: ${JSON.stringify(file)}`);
  const response = await fetch(String(url), { headers: { range: "bytes=0-1023" } });
  const { byteLength } = await response.arrayBuffer();
  const [type, range] = ["content-type", "content-range"].map((header) => response.headers.get(header));
  show(name, `GET ${new URL(String(url)).pathname}, Range: bytes=0-1023`);
  show(name, `    → ${response.status}, ${type}, ${range}`);
  const { status, bytes } = file as { status: string; bytes: number };
  return status === "kept" && byteLength === 1024 && range === `bytes 0-1023/${bytes}`;
}

async function run(): Promise<boolean> {
  const gateway = await startGateway({
    profile: "max-api",
    loopSeconds: 0.5,
    taskPlan: (request) => {
      const example = EXAMPLES.find(({ request: { prompt } }) => prompt === request["prompt"]);
      return {
        queueSeconds: 1,
        runSeconds: example?.runSeconds ?? 2,
        fails: example?.expect === "video.failed",
      };
    },
    onCall: showPoll,
  });
  let secret = "";
  let first = true;
  const receiver = await startReceiver({
    onRequest: (callback) => {
      showCallback(callback, verify(secret, callback), first);
      first = false;
    },
  });
  const worker = await startWorker({
    settings: {
      AIO_BASE_URL: gateway.baseUrl,
      RINGBACK_SECRET: "the demo's secret: 32 characters or more",
      ALLOW_PRIVATE_CALLBACKS: "true",
      POLL_FIRST_SECONDS: "1",
      POLL_MIN_SECONDS: "0.5",
      POLL_MAX_SECONDS: "1",
      CALLBACK_HOLD_SECONDS: "0.5",
      CALLBACK_RETRY_SECONDS: "1,2,4",
      KEEP_RESULTS: "ask",
    },
    onLog: showLog,
  });
  const headers = { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" };
  try {
    console.log(
      `Ringback ${packageVersion()} at ${worker.url}, gateway at ${gateway.baseUrl}, receiver at ${receiver.url}\n`,
    );
    const answer = await fetch(`${worker.url}/v1/webhooks/secret`, { headers });
    ({ secret } = (await answer.json()) as { secret: string });

    // The receiver answers the first callback with a 503, to show that a receiver that restarts loses nothing.
    receiver.reply({ status: 503, body: "starting up" });
    for (const { name, request } of EXAMPLES) {
      const response = await fetch(`${worker.url}/v1/videos`, {
        method: "POST",
        headers,
        body: JSON.stringify({
          ...request,
          callback_url: `${receiver.url}/${name}`,
          metadata: { example: name },
        }),
      });
      const task = (await response.json()) as { task_id: string; upstream_task_id: string };
      names.set(task.task_id, name).set(task.upstream_task_id, name);
      show(name, `POST /v1/videos → ${response.status} ${task.task_id}`);
    }

    const good = new Set<string>();
    const callbacks = await receiver.waitFor(
      (received) => {
        const accepted = received.filter(({ status }, index) => index > 0 && status !== 503);
        return accepted.length >= EXAMPLES.length;
      },
      GIVE_UP_MS - (Date.now() - startedAt),
    );
    for (const callback of callbacks) {
      const name = callback.path.split("/").at(-1) ?? "";
      const expected = EXAMPLES.find((example) => example.name === name)?.expect;
      const { type, data } = verify(secret, callback);
      if (callback === callbacks[0] || type !== expected) continue;
      if (name !== "kept" || (await fetchPart(name, data))) good.add(name);
    }

    const polls = gateway.calls.filter(
      ({ method, path }) => method === "GET" && path.includes("/videos/"),
    ).length;
    const submits = gateway.calls.filter(({ method }) => method === "POST").length;
    console.log(
      `\n${EXAMPLES.length} tasks, ${submits} submits, ${polls} polls, ${callbacks.length} callbacks, all signatures verified.`,
    );
    return submits === EXAMPLES.length && good.size === EXAMPLES.length;
  } finally {
    await worker.close();
    await Promise.all([gateway.close(), receiver.close()]);
  }
}

// A demo that hangs is a demo that failed.
const watchdog = setTimeout(() => {
  console.error("The demo did not end in time.");
  process.exit(1);
}, GIVE_UP_MS + 3000);
try {
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  clearTimeout(watchdog);
}
