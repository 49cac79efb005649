/**
 * The video APIs that Ringback has built-in profiles for, each as a real HTTP server on loopback, but for `aio`, which
 * `dev/gateway.ts` plays. They are written from the vendors' documents and packages, never from those profiles, so that
 * one checks the other. In tests through `startUpstream(name)`; from a shell:
 *
 *   node dev/upstreams.ts --name runway --port 9200 [--key KEY] [--queue-seconds 2] [--run-seconds 10]
 *
 * with the control surface of `dev/gateway.ts`. A fault that has a status alone is worded as the API words its errors.
 * A mark anywhere in a create's body asks for a situation:
 *
 *   [fail]    the video fails                [moderate]  the vendor's review holds it back
 *   [refuse]  the vendor refuses the create  [lost]      accepted and then unknown
 *   [content] (`new-api` alone, in `prompt`) the result needs the key
 *
 * Each server is strict: a path, a query or a method that its API does not have is 404; what only Ringback
 * understands, a wrong type of body, and a key where none belongs are 400.
 */
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { CLIP } from "./gateway/clip.ts";
import { distort, type Fault as GatewayFault, takesEffect } from "./gateway/fault.ts";
import { type GatewayCall, type NewCall, printCall, serve } from "./gateway/serve.ts";
import { TaskBook } from "./gateway/task-book.ts";
import { parseObject } from "./gateway/validation.ts";
import type { Answer } from "./listen.ts";
import type { Api } from "./upstreams/api.ts";
import { ARK } from "./upstreams/ark.ts";
import { DASHSCOPE } from "./upstreams/dashscope.ts";
import { NEW_API } from "./upstreams/new-api.ts";
import { OPENAI } from "./upstreams/openai.ts";
import { findRoute, findStrayHeader, findTrespass, type Route } from "./upstreams/request.ts";
import { RUNWAY } from "./upstreams/runway.ts";
import { SILICONFLOW } from "./upstreams/siliconflow.ts";
import { VEO } from "./upstreams/veo.ts";
import { XAI } from "./upstreams/xai.ts";

const APIS = {
  "new-api": NEW_API,
  openai: OPENAI,
  ark: ARK,
  runway: RUNWAY,
  xai: XAI,
  dashscope: DASHSCOPE,
  siliconflow: SILICONFLOW,
  veo: VEO,
} satisfies Record<string, Api>;
export type UpstreamName = keyof typeof APIS;
export const UPSTREAM_NAMES = Object.keys(APIS) as UpstreamName[];

const FAILED = "The model could not make this video.";
const HELD_BACK = "The video was held back by content review.";
const LIVE = { statusComesFrom: "live" } as const;

export type Fault = Omit<GatewayFault, "refusal">;

export interface UpstreamOptions {
  port?: number;
  /** The keys that it knows; every key if left out. */
  keys?: readonly string[];
  queueSeconds?: number;
  runSeconds?: number;
  onCall?: (call: GatewayCall) => void;
}

export interface Upstream {
  origin: string;
  /** Every request in the order in which they were complete. */
  calls: GatewayCall[];
  fault(fault: Fault): void;
  clearFaults(): void;
  close(): Promise<void>;
}

export async function startUpstream(name: UpstreamName, options: UpstreamOptions = {}): Promise<Upstream> {
  const api: Api = APIS[name];
  const { port, onCall } = options;
  const served = await serve({ port, onCall, answer: planAnswer, refusals: [] });
  const { origin, calls, faults } = served;
  const book = new TaskBook(origin, 0);

  function planAnswer(call: NewCall): Answer {
    const route = findRoute(api, call, book.tasks.values());
    const fault = faults.take((each) => each.on === route.name && (each.key ?? route.key) === route.key);
    if (fault === undefined) return answerTruly(call, route);
    const { status = 200, body } = fault;
    const worded =
      status < 300 || body !== undefined
        ? fault
        : { ...fault, body: api.refuse(status, "A planned fault.").body ?? {} };
    return distort(takesEffect(fault) ? answerTruly(call, route) : undefined, worded);
  }

  function answerTruly(call: NewCall, route: Route): Answer {
    const { key } = route;
    if (route.name === "none") return api.refuse(404, `No such path: ${call.method} ${call.path}`);
    if (route.name === "file") return serveFile(call);
    if (key === null || options.keys?.includes(key) === false)
      return api.refuse(401, "The API key is missing or invalid.");
    const trespass = findTrespass(api, call, route.name);
    if (trespass !== null) return api.refuse(400, trespass);
    switch (route.name) {
      case "submit":
        return createTask(call, key, route.model);
      case "poll":
        return showTask(route.id, key);
      case "download":
        return download(call.path, key);
      case "models":
    }
    return { status: 200, body: api.models?.answer ?? {} };
  }

  function serveFile({ path, headers }: NewCall): Answer {
    const stray = findStrayHeader(headers);
    if (stray !== null) return api.refuse(400, stray);
    // As a store of objects answers beside a signed URL. It may be another company's, which must not see the key.
    if (headers.authorization !== undefined || headers["x-goog-api-key"] !== undefined)
      return api.refuse(400, "Only one way to authorize is allowed.");
    return book.findByFilePath(path) === undefined ? api.refuse(404, "No such file.") : CLIP;
  }

  function createTask({ path, body }: NewCall, key: string, modelInPath: string | null): Answer {
    const request = parseObject(body) ?? {};
    const violation = api.findViolation(request, path);
    if (violation !== null) return api.refuse(400, violation);
    const text = body.toString();
    if (text.includes("[refuse]"))
      return api.refuse(400, "The input text may contain sensitive information.");

    const model = modelInPath ?? String(request.model);
    const plan = { queueSeconds: options.queueSeconds ?? 0.3, runSeconds: options.runSeconds ?? 1.2 };
    const makeIds = () => ({ id: api.makeId(randomUUID(), model), otherId: null });
    const task = book.add({ key, model, request, plan }, { ...LIVE, makeIds });
    task.errorMessage = text.includes("[moderate]") ? HELD_BACK : text.includes("[fail]") ? FAILED : null;
    if (text.includes("[lost]")) book.tasks.delete(task.id);
    return api.accepted(task);
  }

  function showTask(id: string, key: string): Answer {
    const task = book.find(id, key);
    if (task === undefined) return api.unknownTask?.(id) ?? api.refuse(404, "The task does not exist.");
    task.polls += 1;
    const view = book.view(task, LIVE);
    const isModerated = view.status === "failed" && task.errorMessage === HELD_BACK;
    const path = view.status === "succeeded" ? api.keyedPaths?.(task)[0] : undefined;
    return api.task({ ...view, isModerated, keyedUrl: path === undefined ? null : origin + path });
  }

  function download(path: string, key: string): Answer {
    for (const task of book.tasks.values()) {
      const paths = api.keyedPaths?.(task) ?? [];
      if (!paths.includes(path) || task.key !== key || book.view(task, LIVE).status !== "succeeded") continue;
      const next = paths[paths.indexOf(path) + 1];
      return next === undefined ? CLIP : { status: 302, headers: { location: origin + next } };
    }
    return api.refuse(404, "No such file.");
  }

  return {
    origin,
    calls,
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    close: () => served.close(),
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      name: { type: "string" },
      port: { type: "string" },
      key: { type: "string", multiple: true },
      "queue-seconds": { type: "string" },
      "run-seconds": { type: "string" },
    },
  });
  const name = UPSTREAM_NAMES.find((each) => each === values.name);
  if (name === undefined) {
    console.error(`--name must be one of ${UPSTREAM_NAMES.join(", ")}`);
    process.exit(1);
  }
  const upstream = await startUpstream(name, {
    port: Number(values.port ?? 0),
    ...(values.key !== undefined && { keys: values.key }),
    queueSeconds: Number(values["queue-seconds"] ?? 2),
    runSeconds: Number(values["run-seconds"] ?? 10),
    onCall: printCall,
  });
  console.log(`${name} at ${upstream.origin}`);
}
