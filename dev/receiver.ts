/**
 * A webhook receiver on loopback that keeps its requests and answers as planned, well or badly. From a shell it prints
 * each callback as one line, with --secret whether its signature is valid:
 *
 *   node dev/receiver.ts --port 9200 [--secret whsec_…]
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { parseArgs } from "node:util";
import { AnswerPlan, type Drip, listen, readBody, sendAnswer } from "./listen.ts";

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const OK: Reply = { status: 200, body: "ok" };

export interface Reply {
  /** How many requests it answers, 1 if left out. */
  times?: number;
  /** 200 if left out. */
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer | object;
  delayMs?: number;
  /** "before": without reading the body. "before-headers": the request was read, nothing is answered. */
  drop?: "before" | "before-headers" | "mid-body";
  drip?: Drip;
}

export interface Received {
  method: string;
  /** As sent, with its query. */
  path: string;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  /** Empty if the plan was not to read it. */
  body: string;
  at: number;
  /** As planned; null if no status line is sent. A caller that disconnects during `delayMs` never sees it. */
  status: number | null;
}

export interface ReceiverOptions {
  port?: number;
  onRequest?: (received: Received) => void;
}

export interface Receiver {
  /** Any other path is received as well. */
  url: string;
  /** In the order in which they were complete. */
  received: Received[];
  /** Planned replies are used first in, first out; then the default one, which is 200 unless set. */
  reply(reply: Reply): void;
  defaultReply(reply: Reply): void;
  /**
   * Everything received so far, once it is that many or satisfies the predicate; at once if it already does. Rejects
   * after the timeout, and when the receiver is closed.
   */
  waitFor(
    condition: number | ((received: readonly Received[]) => boolean),
    timeoutMs?: number,
  ): Promise<Received[]>;
  close(): Promise<void>;
}

interface Waiter {
  check(): void;
  fail(cause: string): void;
}

export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const received: Received[] = [];
  const plan = new AnswerPlan<Reply>();
  const waiters = new Set<Waiter>();
  let fallback = OK;
  const listening = await listen(answerRequest, options.port);

  async function answerRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = Date.now();
    const { method = "", url: path = "", headers, rawHeaders } = request;
    const reply = plan.take() ?? fallback;
    const read = reply.drop === "before" ? null : await readBody(request, MAX_BODY_BYTES);
    const body = read?.bytes.toString() ?? "";
    const isAnswered = read !== null && read.end !== "aborted" && reply.drop !== "before-headers";
    const planned = reply.status ?? 200;
    record({ method, path, headers, rawHeaders, body, at, status: isAnswered ? planned : null });
    const cut = reply.drop === "before" ? "before-headers" : reply.drop;
    const { headers: replyHeaders, body: replyBody, delayMs, drip } = reply;
    await sendAnswer(response, {
      status: planned,
      headers: replyHeaders,
      body: replyBody,
      delayMs,
      drip,
      cut,
    });
  }

  function record(entry: Received): void {
    received.push(entry);
    options.onRequest?.(entry);
    for (const waiter of waiters) waiter.check();
  }

  function waitFor(
    condition: number | ((received: readonly Received[]) => boolean),
    timeoutMs = 10_000,
  ): Promise<Received[]> {
    const isMet = () => (typeof condition === "number" ? received.length >= condition : condition(received));
    const wanted = typeof condition === "number" ? `${condition} request(s)` : String(condition);
    return new Promise((resolve, reject) => {
      if (isMet()) return resolve([...received]);
      const timer = setTimeout(() => waiter.fail(`Timed out after ${timeoutMs} ms`), timeoutMs);
      const settle = () => {
        clearTimeout(timer);
        waiters.delete(waiter);
      };
      const waiter: Waiter = {
        check: () => {
          try {
            if (!isMet()) return;
            resolve([...received]);
          } catch (error) {
            // A predicate that throws is the fault of the waiting test, not of the request being answered.
            reject(error);
          }
          settle();
        },
        fail: (cause) => {
          settle();
          reject(new Error(`${cause}, waiting for ${wanted}. ${summarize(received)}`));
        },
      };
      waiters.add(waiter);
    });
  }

  return {
    url: `${listening.origin}/hook`,
    received,
    reply: (reply) => plan.add(reply),
    defaultReply: (reply) => {
      fallback = reply;
    },
    waitFor,
    close: async () => {
      for (const waiter of waiters) waiter.fail("The receiver was closed");
      await listening.close();
    },
  };
}

function summarize(received: Received[]): string {
  if (received.length === 0) return "Nothing was received.";
  return [`Received ${received.length}:`, ...received.map((entry) => `  ${describe(entry)}`)].join("\n");
}

function describe({ at, method, path, headers, body, status }: Received): string {
  const time = new Date(at).toISOString().slice(11, 23);
  const words = [time, method, path, status ?? "dropped", headers["webhook-id"], eventOf(body)];
  const attempt = headers["ringback-attempt"];
  if (attempt !== undefined) words.push(`attempt ${String(attempt)}`);
  return words.filter((word) => word !== undefined).join(" ");
}

/** `type` of the standard format, `event` of the flat one, else the start of the body. */
function eventOf(body: string): string | undefined {
  try {
    const { type, event } = JSON.parse(body) as { type?: unknown; event?: unknown };
    const name = type ?? event;
    return typeof name === "string" ? name : body.slice(0, 80);
  } catch {
    // Not JSON, or JSON null: the text itself is the best description.
    return body === "" ? undefined : JSON.stringify(body.slice(0, 80));
  }
}

async function createSignatureJudge(secret: string): Promise<(received: Received) => string> {
  // Only here: a dev dependency, and the tests' receivers do without it.
  const { Webhook } = await import("standardwebhooks");
  const webhook = new Webhook(secret);
  return ({ body, headers }) => {
    try {
      webhook.verify(body, headers as Record<string, string>, { jsonParse: false });
      return "signature valid";
    } catch (error) {
      return `signature INVALID: ${(error as Error).message}`;
    }
  };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: "string" }, secret: { type: "string" } } });
  const judge = values.secret === undefined ? undefined : await createSignatureJudge(values.secret);
  const receiver = await startReceiver({
    port: Number(values.port ?? 0),
    onRequest: (entry) => console.log([describe(entry), judge?.(entry)].filter(Boolean).join(" ")),
  });
  console.log(`receiver at ${receiver.url}`);
}
