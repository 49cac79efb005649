import { root } from "../../dev/bundle.ts";
import { freePort, listens } from "../support/programs/ports.ts";
import { answers, startProgram, until, type Program } from "./program.ts";

/** `npm start`, with the simulated upstream and the receiver that come with it. */
export interface LocalRingback {
  url: string;
  key: string;
  /** Plans one bad answer of the upstream: see `dev/gateway.ts`. */
  fault(fault: Record<string, unknown>): Promise<void>;
  /** How many videos the upstream has been asked for so far. */
  submits(): Promise<number>;
  /** `POST` if there is a body, else `GET`; or another method. */
  call(path: string, body?: unknown, method?: string): Promise<Response>;
  stop(): Promise<void>;
}

const KEY = "sk-of-a-no-code-tool";
const PATIENCE_MS = 120_000;
const PORT_ATTEMPTS = 20;
const ATTEMPT_PATIENCE_MS = 120_000;

export async function startRingback(): Promise<LocalRingback> {
  const port = await threePorts();
  const url = `http://127.0.0.1:${port}`;
  const gateway = `http://127.0.0.1:${port + 1}`;
  const program: Program = await startProgram({
    command: ["npm", "start"],
    cwd: root,
    env: { PORT: String(port), AIO_BASE_URL: "", AIO_API_KEY: "", ALLOW_PRIVATE_CALLBACKS: "true" },
    isUp: async () => answers(`${url}/healthz`),
    patienceMs: PATIENCE_MS,
  });
  const control = async (path: string, init?: RequestInit): Promise<Response> => {
    const response = await fetch(`${gateway}/_control/${path}`, init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  return {
    url,
    key: KEY,
    fault: async (fault) => {
      await control("faults", { method: "POST", body: JSON.stringify(fault) });
    },
    submits: async () => {
      const calls = (await (await control("calls")).json()) as { method: string }[];
      return calls.filter(({ method }) => method === "POST").length;
    },
    call: async (path, body, method = body === undefined ? "GET" : "POST") =>
      fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    stop: program.stop,
  };
}

/** The newest of so many attempts, once it has an outcome. */
export async function attempted(ringback: LocalRingback, id: string, count: number): Promise<string> {
  let newest = "";
  await until(async () => {
    const answer = await ringback.call(`/v1/videos/${id}/deliveries`);
    const { data } = (await answer.json()) as {
      data: { attempts: { outcome: string; status_code: number | null }[] }[];
    };
    const attempts = data[0]?.attempts ?? [];
    newest = `${attempts.at(-1)?.outcome}, ${attempts.at(-1)?.status_code}`;
    // One that is on its way is `unknown` and has no code.
    return attempts.length === count && !newest.startsWith("unknown");
  }, ATTEMPT_PATIENCE_MS);
  return newest;
}

/** `npm start` takes three in a row: Ringback's, the upstream's and the receiver's. */
async function threePorts(): Promise<number> {
  for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
    const port = await freePort();
    const others = await Promise.all([listens(port + 1), listens(port + 2)]);
    if (port <= 65_533 && !others.includes(true)) return port;
  }
  throw new Error("no three free ports in a row");
}
