import type { Context } from "hono";
import { issueAt, problem } from "../../contract/problems.ts";
import { OverloadedError } from "../../domain/errors/unavailable.ts";
import type { Settings } from "../../env.ts";
import { keyedName, newFileId, randomName, taskIdOf } from "../../keys/ids.ts";
import { createInObject, waitForEnd, type CreateAnswer, type CreateInput } from "../../task-object/client.ts";
import type { AppEnv } from "../app-env.ts";
import type { Caller } from "../caller.ts";
import { ApiError, invalidRequest, noSuchTask, upstreamSaid } from "../errors.ts";
import type { AskedCreate, JudgedCreate } from "./asked-create.ts";
import { requestDigestsOf } from "./request-digests.ts";
import { fingerprint } from "./fingerprint.ts";
import { createRules, misconfigured, ownHost } from "../guards.ts";
import { requireJsonOrForm, withBody } from "../body/body.ts";
import type { BodyType } from "../body/content-type.ts";
import { encodeJsonBody } from "../body/json-body.ts";
import { deduplicated } from "../issue.ts";
import { isKnownKey, requireKnownKey } from "../known-key.ts";
import { connectionOf } from "../named-task.ts";
import { parseIdempotencyKey, parsePrefer, preferenceApplied, type Preferences } from "./request-headers.ts";

interface Created {
  /** The task's object. */
  name: string;
  answer: CreateAnswer;
}

/** From the fields of a create to its task: judge, name, hand to the object. */
export async function createAsked(
  context: Context<AppEnv>,
  asked: AskedCreate,
  preferences: Preferences,
  keyHeader: string | undefined = context.req.header("idempotency-key"),
): Promise<Created> {
  const settings = context.get("settings");
  const caller = context.get("caller");
  // A test never leads to the upstream, so the upstream cannot judge the key by itself; and 401 comes before 400.
  if ((asked.test ?? null) !== null) await requireKnownKey(context);
  const { request, idempotencyKey } = readCreate(context, asked, keyHeader);
  const name = idempotencyKey === null ? randomName() : await keyedName(caller.account, idempotencyKey);
  const input = await createInput({
    settings,
    caller,
    asked,
    request,
    name,
    keyed: idempotencyKey !== null,
    isKnownKey: isKnownKey(context),
    origin: new URL(context.req.url).origin,
  });
  const answer = createInObject(context.env.TASKS, name, {
    ...input,
    ownHost: ownHost(context),
    respondAsync: preferences.respondAsync,
    waitMs: Math.max(waitsUntil(context, preferences) - Date.now(), 0),
  });
  // The submit goes on when the caller disconnects.
  context.executionCtx.waitUntil(answer.catch(() => undefined));
  return { name, answer: await answer };
}

/** Reads a create's body, has `create` start the task, and answers, after its wait if it asked for one. */
export async function answerCreate(
  context: Context<AppEnv>,
  create: (body: { bytes: Uint8Array; type: BodyType }, preferences: Preferences) => Promise<Created>,
): Promise<Response> {
  // Answered before the submit, so the upstream cannot judge the key by itself: 401 comes before the body is read.
  const preferences = parsePrefer(context.req.header("prefer"));
  if (preferences.respondAsync) await requireKnownKey(context);
  const type = requireJsonOrForm(context.req.raw);
  const { maxBodyBytes } = context.get("settings");
  const created = await withBody(context, maxBodyBytes, async (bytes) =>
    create({ bytes, type }, preferences),
  );
  // The request's bytes are free by now: a call that waits here holds only a connection.
  return answerCreated(context, created, preferences);
}

async function answerCreated(
  context: Context<AppEnv>,
  { name, answer }: Created,
  preferences: Preferences,
): Promise<Response> {
  const { taskId, body } = accepted(answer, context.get("requestId"));
  const waited = preferences.waitSeconds === null ? null : await afterWait(context, name, preferences);
  const applied = preferenceApplied({ ...preferences, waitSeconds: waited && preferences.waitSeconds });
  context.header("location", `/v1/videos/${taskId}`);
  if (answer.kind === "replayed") context.header("idempotent-replayed", "true");
  if (applied !== null) context.header("preference-applied", applied);
  return context.body(waited?.body ?? body, waited?.ended ? 200 : 202, {
    "content-type": "application/json",
  });
}

function waitsUntil(context: Context<AppEnv>, { waitSeconds }: Preferences): number {
  return context.get("arrivedAt") + (waitSeconds ?? 0) * 1000;
}

/**
 * Null: the object did not answer, or too many callers wait. The task is accepted all the same, and any answer but a
 * 2xx would say that nothing follows.
 * @throws ApiError 404 if it was deleted meanwhile: then nothing does
 */
async function afterWait(
  context: Context<AppEnv>,
  name: string,
  preferences: Preferences,
): Promise<{ body: string; ended: boolean } | null> {
  try {
    const until = waitsUntil(context, preferences);
    const answer = await waitForEnd(context.env.TASKS, name, { ...connectionOf(context), until });
    if (answer.kind === "none") throw noSuchTask();
    return answer.kind === "full" ? null : answer;
  } catch (error) {
    if (error instanceof OverloadedError) return null;
    throw error;
  }
}

function readCreate(
  context: Context<AppEnv>,
  { body, read }: AskedCreate,
  keyHeader: string | undefined,
): { request: JudgedCreate; idempotencyKey: string | null } {
  const { key, issue } = parseIdempotencyKey(keyHeader);
  const around = [...(issue ? [issue] : []), ...(body.issues ?? [])];
  if (!body.ok) throw invalidRequest([issueAt("", body.problem), ...around]);
  const result = read(body.value, createRules(context));
  const issues = deduplicated([...around, ...(result.ok ? [] : result.issues)]);
  if (issues.length > 0 || !result.ok) throw invalidRequest(issues);
  return { request: result.request, idempotencyKey: key };
}

async function createInput(from: {
  settings: Settings;
  caller: Caller;
  asked: AskedCreate;
  request: JudgedCreate;
  name: string;
  keyed: boolean;
  isKnownKey: boolean;
  origin: string;
}): Promise<Omit<CreateInput, "ownHost" | "respondAsync" | "waitMs">> {
  const { settings, caller, request, name, keyed } = from;
  const ids = await Promise.all(settings.roots.map(async (root) => taskIdOf(root, name, caller.account)));
  return {
    taskId: ids[0] ?? "",
    acceptedTaskIds: ids,
    account: caller.account,
    mode: caller.mode,
    upstreamName: from.asked.upstreamName,
    createPath: from.asked.createPath,
    apiKey: caller.mode === "own" ? caller.apiKey : null,
    createId: crypto.randomUUID(),
    fingerprint: keyed ? await fingerprint(request.meaning) : null,
    model: request.model,
    traits: request.traits,
    metadata: request.metadata,
    requestDigests: await requestDigestsOf(request),
    test: request.test,
    isKnownKey: from.isKnownKey,
    timeoutMs: request.timeoutMs ?? settings.taskTimeoutMs,
    repeatServerErrors: request.repeatServerErrors,
    callback: request.callback,
    endpoints: request.endpoints,
    keep: keepsResult(settings, request)
      ? { fileId: newFileId(), origin: from.origin, patienceMs: settings.keep.patienceMs }
      : null,
    body: encodeJsonBody(request.upstream),
  };
}

function keepsResult({ keep }: Settings, { keepResult, test }: JudgedCreate): boolean {
  // A test has no result of an upstream.
  return test === null && (keepResult ?? keep.mode === "on");
}

/** @throws ApiError for every create that leaves no task, or none of this request's */
export function accepted(
  answer: CreateAnswer,
  requestId: string,
): CreateAnswer & { kind: "created" | "replayed" } {
  switch (answer.kind) {
    case "created":
    case "replayed":
      return answer;
    case "mismatch":
      throw new ApiError("idempotency_mismatch");
    case "deleted":
      throw new ApiError("idempotency_deleted");
    case "in_progress":
      throw new ApiError("idempotency_in_progress");
    case "given_up":
      throw new ApiError("overloaded", {
        message: "The request was not carried out; nothing was submitted. Send it again.",
      });
    case "misconfigured":
      throw misconfigured(answer.settings.map((setting) => ({ setting, ...problem("setting_unparsed") })));
    case "refused": {
      const { status, code, message, upstream } = answer;
      if (upstream !== null) throw new ApiError(code, { message, status, upstream: upstreamSaid(upstream) });
      const advice = `The operator of this deployment has to act; the request is ${requestId}.`;
      throw new ApiError(code, { message: `${message} ${advice}`, status });
    }
    default:
      return answer satisfies never;
  }
}
