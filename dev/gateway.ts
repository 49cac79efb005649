/**
 * The video API of `upstream-api.txt` as a real HTTP server on loopback: it queues, runs and ends tasks by the clock,
 * limits rates, and can be told to misbehave. In tests through `fault()`; from a shell:
 *
 *   node dev/gateway.ts --port 9100 [--queue-seconds 2] [--run-seconds 10]
 *   curl -X POST localhost:9100/_control/faults -d '{"on":"submit","status":500,"process":true}'
 *   curl -X POST localhost:9100/_control/faults -d '{"on":"poll","times":1e999,"status":429,"headers":{"retry-after":"3"}}'
 *   curl -X DELETE localhost:9100/_control/faults
 *   curl localhost:9100/_control/calls         every call so far: method, path, status
 *
 * (`1e999` is how JSON spells Infinity.) Calls of the control surface are not among the calls.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { parseArgs } from "node:util";
import { createRateLimiter, findViolation, parseObject, readKey, refuse } from "./gateway-validation.ts";
import { type Answer, AnswerPlan, type Drip, listen, readBody, sendAnswer } from "./listen.ts";

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const REFUSED_BY_REVIEW = "The prompt was refused by content review.";
/** Three seconds of H.264, 320 × 180, that a browser really plays; made with ffmpeg's `gradients` source. */
const CLIP_MP4 = readFileSync(new URL("clip.mp4", import.meta.url));
const ROUTES: readonly unknown[] = ["submit", "poll", "models"] satisfies Fault["on"][];

export interface Fault {
  on: "submit" | "poll" | "models";
  /** How many requests it meets, 1 if left out. */
  times?: number;
  status?: number;
  headers?: Record<string, string>;
  /** Replaces the body that would have been sent. */
  body?: string | Buffer | object;
  /** Waited after the request was processed and before it is answered. */
  delayMs?: number;
  drop?: "before" | "after" | "mid-body" | "mid-headers";
  drip?: Drip;
  /**
   * Whether the request takes effect. If left out: a drop says it itself (all but "before" do), else it does unless
   * `status` is given.
   */
  process?: boolean;
}

export interface GatewayCall {
  method: string;
  /** As sent, with its query. */
  path: string;
  authorization: string | undefined;
  headers: IncomingHttpHeaders;
  body: Buffer;
  at: number;
  /** As planned; null if no whole head is sent. A client that leaves during `delayMs` never sees it. */
  status: number | null;
}

export interface TaskPlan {
  queueSeconds: number;
  runSeconds: number;
  fails?: boolean;
}

export interface GatewayTask {
  id: string;
  key: string;
  model: string;
  request: Record<string, unknown>;
  createdAt: number;
  runsAt: number;
  /** As planned. Progress grows towards it, whatever `finish` does. */
  fullAt: number;
  endsAt: number;
  /** Null: it succeeds. */
  errorMessage: string | null;
  fileToken: string;
}

export type TaskStatus = "queued" | "running" | "succeeded" | "failed";

export interface GatewayOptions {
  port?: number;
  models?: string[];
  /** Keys that are known and cannot pay: each create is 403. */
  poorKeys?: string[];
  queueSeconds?: number;
  runSeconds?: number;
  /** Per key. */
  limits?: { submitsPerSecond?: number; pollsPerSecond?: number };
  /** Status answers say nothing of the progress. */
  withoutProgress?: boolean;
  /** The words to send in place of ours. */
  statusWords?: Partial<Record<TaskStatus, string>>;
  taskPlan?: (request: Record<string, unknown>) => TaskPlan;
  onCall?: (call: GatewayCall) => void;
}

export interface Gateway {
  baseUrl: string;
  /** Every request in the order in which they were complete. */
  calls: GatewayCall[];
  tasks: Map<string, GatewayTask>;
  fault(fault: Fault): void;
  clearFaults(): void;
  /** Ends the task now, also one that has ended otherwise. */
  finish(id: string, outcome: "succeeded" | "failed", errorMessage?: string): void;
  close(): Promise<void>;
}

export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const models = options.models ?? ["doubao-seedance-2-0-260128", "doubao-seedance-2-0-fast-260128"];
  const calls: GatewayCall[] = [];
  const tasks = new Map<string, GatewayTask>();
  const faults = new AnswerPlan<Fault>();
  const limiters = {
    submit: createRateLimiter(options.limits?.submitsPerSecond),
    poll: createRateLimiter(options.limits?.pollsPerSecond),
  };
  const listening = await listen(answerRequest, options.port);

  async function answerRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = Date.now();
    const { method = "", url: path = "" } = request;
    const body = await readBody(request, MAX_BODY_BYTES);
    if (path.startsWith("/_control/"))
      return sendAnswer(response, answerControl(`${method} ${path}`, body.bytes));

    const { authorization } = request.headers;
    const call = { method, path, authorization, headers: request.headers, body: body.bytes, at };
    const answer =
      body.end === "complete"
        ? planAnswer(call)
        : body.end === "too-large"
          ? refuse(413, "request_too_large", "The request body is too large.")
          : null;
    const sendsStatus = answer !== null && answer.cut !== "before-headers" && answer.cut !== "mid-headers";
    const recorded = { ...call, status: sendsStatus ? answer.status : null };
    calls.push(recorded);
    options.onCall?.(recorded);
    if (answer !== null) await sendAnswer(response, answer);
  }

  function planAnswer(call: Omit<GatewayCall, "status">): Answer {
    const route = findRoute(call);
    const fault = faults.take(({ on }) => on === route);
    if (fault === undefined) return answerTruly(route, call);
    const takesEffect =
      fault.process ?? (fault.drop === undefined ? fault.status === undefined : fault.drop !== "before");
    return distort(takesEffect ? answerTruly(route, call) : undefined, fault);
  }

  function answerTruly(route: Route, call: Omit<GatewayCall, "status">): Answer {
    if (route === "file") return answerFile(call.path);
    if (route === "none") return refuse(404, "not_found", `No such path: ${call.method} ${call.path}`);
    const key = readKey(call.authorization);
    if (key === null) return refuse(401, "invalid_api_key", "The API key is missing or invalid.");
    if (route === "models") return { status: 200, body: { object: "list", data: models.map(describeModel) } };
    if (route === "submit" && options.poorKeys?.includes(key))
      return refuse(403, "insufficient_balance", "The account balance is insufficient.");
    if (!limiters[route](key, call.at))
      return {
        ...refuse(429, "rate_limit_exceeded", "Too many requests."),
        headers: { "retry-after": "1" },
      };
    return route === "submit" ? createTask(key, call.body) : readTask(key, call.path);
  }

  function createTask(key: string, body: Buffer): Answer {
    const request = parseObject(body);
    if (request === null) return refuse(400, "invalid_request", "The body must be a JSON object.");
    const violation = findViolation(request);
    if (violation !== null) return refuse(400, "invalid_request", violation);
    const model = String(request.model);
    if (!models.includes(model))
      return refuse(404, "model_not_found", `The model ${model} does not exist or is not available.`);

    const plan: TaskPlan = options.taskPlan?.(request) ?? {
      queueSeconds: options.queueSeconds ?? 0.3,
      runSeconds: options.runSeconds ?? 1.2,
    };
    const createdAt = Date.now();
    const runsAt = createdAt + plan.queueSeconds * 1000;
    const fullAt = runsAt + plan.runSeconds * 1000;
    const fails = plan.fails === true || String(request.prompt).includes("[fail]");
    const times = { createdAt, runsAt, fullAt, endsAt: fullAt };
    const errorMessage = fails ? REFUSED_BY_REVIEW : null;
    const id = `cgt-${randomUUID()}`;
    tasks.set(id, { id, key, model, request, ...times, errorMessage, fileToken: randomUUID() });
    return {
      status: 200,
      body: { task_id: id, status: wordFor("queued"), created_at: Math.floor(createdAt / 1000) },
    };
  }

  function readTask(key: string, path: string): Answer {
    const task = tasks.get(path.slice("/v1/videos/".length));
    if (task?.key !== key) return refuse(404, "task_not_found", "The task does not exist.");
    const now = Date.now();
    const status = taskStatus(task, now);
    const body = {
      task_id: task.id,
      status: wordFor(status),
      ...(!options.withoutProgress && {
        progress: status === "succeeded" ? 100 : partialProgress(task, now),
      }),
      model: task.model,
      created_at: Math.floor(task.createdAt / 1000),
      ...(status === "succeeded" && { video_url: listening.origin + filePath(task) }),
      ...(status === "failed" && { error_message: task.errorMessage }),
    };
    return { status: 200, body };
  }

  function answerFile(path: string): Answer {
    for (const task of tasks.values())
      if (path === filePath(task) && taskStatus(task, Date.now()) === "succeeded")
        return { status: 200, headers: { "content-type": "video/mp4" }, body: CLIP_MP4 };
    return refuse(404, "file_not_found", "The file does not exist, or the token is wrong.");
  }

  function answerControl(call: string, body: Buffer): Answer {
    switch (call) {
      case "POST /_control/faults": {
        const fault = parseObject(body);
        if (!ROUTES.includes(fault?.on))
          return refuse(400, "invalid_fault", 'A JSON object with "on": submit, poll or models.');
        faults.add(fault as unknown as Fault);
        return { status: 204 };
      }
      case "DELETE /_control/faults":
        faults.clear();
        return { status: 204 };
      case "GET /_control/calls":
        return { status: 200, body: calls.map(({ method, path, status }) => ({ method, path, status })) };
      default:
        return refuse(404, "not_found", `No such path: ${call}`);
    }
  }

  function wordFor(status: TaskStatus): string {
    return options.statusWords?.[status] ?? status;
  }

  return {
    baseUrl: `${listening.origin}/v1`,
    calls,
    tasks,
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    finish: (id, outcome, errorMessage = REFUSED_BY_REVIEW) => {
      const task = tasks.get(id);
      if (task === undefined) throw new Error(`The gateway has no task ${id}`);
      task.endsAt = Date.now();
      task.errorMessage = outcome === "failed" ? errorMessage : null;
    },
    close: async () => listening.close(),
  };
}

type Route = Fault["on"] | "file" | "none";

function findRoute({ method, path }: Pick<GatewayCall, "method" | "path">): Route {
  if (method === "POST" && path === "/v1/videos") return "submit";
  if (method === "GET" && path === "/v1/models") return "models";
  if (method === "GET" && /^\/v1\/videos\/[^/?]+$/.test(path)) return "poll";
  if (method === "GET" && path.startsWith("/files/")) return "file";
  return "none";
}

/** The answer that the fault makes of the true one, or of none if the request takes no effect. */
function distort(truth: Answer | undefined, fault: Fault): Answer {
  const status = fault.status ?? truth?.status ?? 200;
  const substitute =
    status < 300 ? (truth?.body ?? {}) : refuse(status, `planned_${status}`, "A planned fault.").body;
  const body = fault.body ?? (fault.status === undefined ? truth?.body : substitute);
  const { delayMs, drip, drop } = fault;
  const cut = drop === "before" || drop === "after" ? "before-headers" : drop;
  return { status, headers: { ...truth?.headers, ...fault.headers }, body, delayMs, drip, cut };
}

export function taskStatus(task: GatewayTask, now: number): TaskStatus {
  if (now >= task.endsAt) return task.errorMessage === null ? "succeeded" : "failed";
  return now >= task.runsAt ? "running" : "queued";
}

function partialProgress({ runsAt, fullAt, endsAt }: GatewayTask, now: number): number {
  const reached = (Math.min(now, endsAt) - runsAt) / Math.max(1, fullAt - runsAt);
  return Math.min(99, Math.max(0, Math.floor(reached * 100)));
}

function filePath(task: GatewayTask): string {
  return `/files/${task.id}.mp4?token=${task.fileToken}`;
}

function describeModel(id: string): object {
  return { id, object: "model", created: 1_767_225_600, owned_by: "bytedance" };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      "queue-seconds": { type: "string" },
      "run-seconds": { type: "string" },
    },
  });
  const gateway = await startGateway({
    port: Number(values.port ?? 0),
    queueSeconds: Number(values["queue-seconds"] ?? 2),
    runSeconds: Number(values["run-seconds"] ?? 10),
    onCall: ({ at, method, path, status }) =>
      console.log(`${new Date(at).toISOString()} ${method} ${path} ${status ?? "dropped"}`),
  });
  console.log(`gateway at ${gateway.baseUrl}`);
}
