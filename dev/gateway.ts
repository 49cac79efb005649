/**
 * The video API of `upstream-api.txt` as a real HTTP server on loopback: it queues, runs and ends tasks by the clock,
 * limits rates, and misbehaves on demand. In tests through `fault()`; from a shell:
 *
 *   node dev/gateway.ts --port 9100 [--profile max-api] [--queue-seconds 2] [--run-seconds 10] [--loop-seconds 15]
 *   curl -X POST localhost:9100/_control/faults -d '{"on":"submit","status":500,"process":true}'
 *   curl -X POST localhost:9100/_control/faults -d '{"on":"submit","refusal":"busy"}'
 *   curl -X POST localhost:9100/_control/faults -d '{"on":"poll","times":1e999,"status":429,"headers":{"retry-after":"3"}}'
 *   curl -X DELETE localhost:9100/_control/faults
 *   curl localhost:9100/_control/calls         every call so far: method, path, status
 *
 * (`1e999` is how JSON spells Infinity.) Calls of the control surface are not among the calls.
 *
 * A profile sets the form of its answers: `document` (as the document has them), `max-api`, `new-api`, `reseller`.
 * Under each of them a prompt asks for a situation by a mark anywhere in it:
 *
 *   [fail]      the video fails        [refuse]    the vendor refuses the create    [content]  the result needs the key
 *   [conflict]  409, and yet it runs   [lost]      accepted and then unknown
 */
import { parseArgs } from "node:util";
import { CLIP } from "./gateway/clip.ts";
import { createDocumentProfile } from "./gateway/document.ts";
import { distort, type Fault, takesEffect } from "./gateway/fault.ts";
import { MAX_API } from "./gateway/max-api.ts";
import { NEW_API } from "./gateway/new-api.ts";
import { type Profile, REFUSAL_MESSAGES, type RefusalReason } from "./gateway/profile.ts";
import { RESELLER } from "./gateway/reseller.ts";
import { type GatewayCall, type NewCall, printCall, serve } from "./gateway/serve.ts";
import type { GatewayTask, TaskPlan, TaskStatus } from "./gateway/task.ts";
import { hasMark, TaskBook } from "./gateway/task-book.ts";
import { createRateLimiter, findViolation, parseObject, readKey, refuse } from "./gateway/validation.ts";
import type { Answer } from "./listen.ts";

export type { Fault } from "./gateway/fault.ts";
export type { GatewayCall } from "./gateway/serve.ts";

/** As the gateways of the family have it. */
const LOOP_SECONDS = 15;

export const PROFILE_NAMES = ["document", "max-api", "new-api", "reseller"] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

export interface GatewayOptions {
  port?: number;
  /** "document" if left out. A function chooses by the caller's key, so that one gateway plays several. */
  profile?: ProfileName | ((key: string) => ProfileName);
  models?: string[];
  /** Known keys that cannot pay: the gateway refuses each create. */
  poorKeys?: string[];
  queueSeconds?: number;
  runSeconds?: number;
  /** How long the loop rests in which `max-api` and `new-api` ask their vendor; 15 if left out. */
  loopSeconds?: number;
  /** Per key. */
  limits?: { submitsPerSecond?: number; pollsPerSecond?: number };
  /** Status answers leave out the progress (`document` only). */
  withoutProgress?: boolean;
  /** Status words that replace the default ones (`document` only). */
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
  const profiles: Record<ProfileName, Profile> = {
    document: createDocumentProfile(options),
    "max-api": MAX_API,
    "new-api": NEW_API,
    reseller: RESELLER,
  };
  const limiters = {
    submit: createRateLimiter(options.limits?.submitsPerSecond),
    poll: createRateLimiter(options.limits?.pollsPerSecond),
  };
  const served = await serve({
    port: options.port,
    answer: planAnswer,
    refusals: Object.keys(REFUSAL_MESSAGES),
    onCall: options.onCall,
  });
  const { calls, faults } = served;
  const book = new TaskBook(served.origin, options.loopSeconds ?? LOOP_SECONDS);

  function planAnswer(call: NewCall): Answer {
    const key = readKey(call.authorization);
    const { profile: chosen = "document" } = options;
    const profile = profiles[typeof chosen === "function" ? chosen(key ?? "") : chosen];
    const route = findRoute(call, profile.paths);
    const fault = faults.take((each) => each.on === route.name && (each.key ?? key) === key);
    if (fault === undefined) return answerTruly(route, call, key, profile);
    const truth = takesEffect(fault) ? answerTruly(route, call, key, profile) : undefined;
    return distort(fault.refusal === undefined ? truth : refuseAs(profile, fault.refusal), fault);
  }

  function answerTruly(
    { name, id }: Route,
    { method, path, body, at }: NewCall,
    key: string | null,
    profile: Profile,
  ): Answer {
    if (name === "file")
      return book.findByFilePath(path) === undefined
        ? refuse(404, "file_not_found", "The file does not exist, or the token is wrong.")
        : CLIP;
    if (name === "none") return refuse(404, "not_found", `No such path: ${method} ${path}`);
    if (key === null) return refuseAs(profile, "unauthorized");
    if (name === "models") return profile.models(models.map(describeModel));
    if (name === "submit" && options.poorKeys?.includes(key)) return refuseAs(profile, "noQuota");
    if (name !== "content" && !limiters[name](key, at)) return refuseAs(profile, "busy");
    if (name === "submit") return createTask(profile, key, body);

    const task = book.find(id, key);
    if (task === undefined) return refuseAs(profile, "unknownTask");
    if (name === "content")
      return book.view(task, profile).videoUrl === null ? refuseAs(profile, "notReady") : CLIP;
    task.polls += 1;
    return profile.task(book.view(task, profile));
  }

  function createTask(profile: Profile, key: string, body: Buffer): Answer {
    const request = parseObject(body);
    if (request === null) return profile.refuse("invalidRequest", "The body must be a JSON object.");
    const violation = findViolation(request);
    if (violation !== null) return profile.refuse("invalidRequest", violation);
    const model = String(request.model);
    if (!models.includes(model))
      return profile.refuse("unknownModel", `The model ${model} does not exist or is not available.`);
    if (hasMark(request, "[refuse]")) return refuseAs(profile, "refusedByVendor");

    const plan: TaskPlan = options.taskPlan?.(request) ?? {
      queueSeconds: options.queueSeconds ?? 0.3,
      runSeconds: options.runSeconds ?? 1.2,
    };
    const task = book.add({ key, model, request, plan }, profile);
    return hasMark(request, "[conflict]") ? profile.conflict(task) : profile.accepted(task);
  }

  return {
    baseUrl: `${served.origin}/v1`,
    calls,
    tasks: book.tasks,
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    finish: (id, outcome, errorMessage) => book.finish(id, outcome, errorMessage),
    close: async () => {
      book.close();
      await served.close();
    },
  };
}

interface Route {
  name: Fault["on"] | "content" | "file" | "none";
  /** Of the task that the path names, else empty. */
  id: string;
}

function findRoute(
  { method, path }: Pick<GatewayCall, "method" | "path">,
  creates: readonly string[],
): Route {
  if (method === "POST" && creates.includes(path)) return { name: "submit", id: "" };
  if (method !== "GET") return { name: "none", id: "" };
  if (path === "/v1/models") return { name: "models", id: "" };
  if (path.startsWith("/files/")) return { name: "file", id: "" };
  const place = creates.find((each) => path.startsWith(`${each}/`));
  const [, id, content] = /^([^/?]+)(\/content)?$/.exec(path.slice(place?.length).slice(1)) ?? [];
  if (place === undefined || id === undefined) return { name: "none", id: "" };
  return { name: content === undefined ? "poll" : "content", id };
}

function refuseAs(profile: Profile, reason: RefusalReason): Answer {
  return profile.refuse(reason, REFUSAL_MESSAGES[reason]);
}

function describeModel(id: string): object {
  return { id, object: "model", created: 1_767_225_600, owned_by: "bytedance" };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      profile: { type: "string", default: "document" },
      "queue-seconds": { type: "string" },
      "run-seconds": { type: "string" },
      "loop-seconds": { type: "string" },
    },
  });
  const profile = PROFILE_NAMES.find((name) => name === values.profile);
  if (profile === undefined) throw new Error(`--profile must be one of ${PROFILE_NAMES.join(", ")}`);
  const gateway = await startGateway({
    port: Number(values.port ?? 0),
    profile,
    queueSeconds: Number(values["queue-seconds"] ?? 2),
    runSeconds: Number(values["run-seconds"] ?? 10),
    loopSeconds: Number(values["loop-seconds"] ?? LOOP_SECONDS),
    onCall: printCall,
  });
  console.log(`gateway at ${gateway.baseUrl}`);
}
