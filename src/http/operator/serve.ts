import type { Context, Next } from "hono";
import { issue } from "../../contract/problems.ts";
import { parseJson } from "../../domain/text/json.ts";
import { isUnavailable } from "../../domain/errors/unavailable.ts";
import { openTaskId } from "../../keys/ids.ts";
import { log } from "../../log.ts";
import { listEndpoints } from "../../account-object/endpoints/client.ts";
import { askTask } from "../../task-object/client.ts";
import type { AppEnv } from "../app-env.ts";
import { readSmallObject } from "../body/small-body.ts";
import { callerNamed } from "../caller.ts";
import { ApiError, invalidRequest } from "../errors.ts";
import { requireOperatorCall, routeOf } from "./calls.ts";
import { addressOf, holdsExcerpt, maskAnswer, maskEvents, type Receivers } from "./mask.ts";
import { ACCOUNT_HEADER } from "./open-calls.ts";

/** Runs a call that the operator's token of that name makes for an account, and masks its answer. */
export async function serveOperator(context: Context<AppEnv>, token: string, next: Next): Promise<void> {
  await logged(context, token, async () => {
    context.set("operatorCall", requireOperatorCall(context));
    const name = context.req.header(ACCOUNT_HEADER)?.trim() ?? "";
    if (name === "") throw await withoutAccount(context);
    const caller = callerNamed(name, context.get("settings"));
    if (caller === null)
      throw new ApiError("not_found", { message: `${ACCOUNT_HEADER} names no account of RINGBACK_KEYS.` });
    context.set("caller", caller);
    context.set("operator", token);
    await next();
    context.res = await maskedResponse(context);
  });
}

/** Logs the call with its status, whatever becomes of it. */
export async function logged(context: Context<AppEnv>, token: string, run: Next): Promise<void> {
  let status = 500;
  try {
    await run();
    ({ status } = context.res);
  } catch (error) {
    if (error instanceof ApiError) ({ status } = error);
    else if (isUnavailable(error)) status = 503;
    throw error;
  } finally {
    const { method, path } = routeOf(context);
    const account = (context.get("caller") as AppEnv["Variables"]["caller"] | undefined)?.account;
    log("operator.called", {
      request_id: context.get("requestId"),
      token,
      account,
      method,
      route: path,
      status,
    });
  }
}

/** 400 is the last check, so the body is read first, as if there were an account. */
async function withoutAccount(context: Context<AppEnv>): Promise<ApiError> {
  const required = issue(ACCOUNT_HEADER, "required");
  if (!/^(?:POST|PATCH)$/.test(context.req.method)) return invalidRequest([required]);
  try {
    const { issues } = await readSmallObject(context);
    return invalidRequest([required, ...issues]);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "invalid_request") throw error;
    return invalidRequest([required, ...(error.options.issues ?? [])]);
  }
}

async function maskedResponse(context: Context<AppEnv>): Promise<Response> {
  const response = context.res;
  if (response.body === null) return response;
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("text/event-stream"))
    return new Response(response.body.pipeThrough(maskEvents(NO_RECEIVERS)), response);
  if (!type.startsWith("application/json")) throw new Error("an answer that has no mask");
  const body = await response.text();
  const receivers = holdsExcerpt(body) ? await receiversOf(context) : NO_RECEIVERS;
  return new Response(JSON.stringify(maskAnswer(parseJson(body), receivers)), response);
}

/**
 * What an object says of the request's task, masked if an operator asks: a mask changes no member's type. Digits of the
 * upstream's and the caller's numbers stay as they came. `Answer`: what the object has written as `body`.
 */
export async function shownTo<Answer extends object>(
  context: Context<AppEnv>,
  body: string,
): Promise<Answer> {
  const value = parseJson(body);
  const isMasked = context.get("operator") !== undefined;
  return (isMasked ? maskAnswer(value, await receiversOf(context)) : value) as Answer;
}

const NO_RECEIVERS: Receivers = { own: null, endpoints: new Map() };

/** The receivers of the task that the request is about. */
async function receiversOf(context: Context<AppEnv>): Promise<Receivers> {
  const { account } = context.get("caller");
  const name = await openTaskId(context.get("settings").roots, context.req.param("id") ?? "", account);
  if (name === null) return NO_RECEIVERS;
  const [body, endpoints] = await Promise.all([
    askTask(context.env.TASKS, name, async (stub) => stub.read(account)),
    listEndpoints(context.env.ACCOUNTS, account),
  ]);
  const { callback } = JSON.parse(body ?? "{}") as { callback?: { url: string } | null };
  return {
    own: callback?.url ?? null,
    endpoints: new Map(endpoints.map(({ endpoint }) => [endpoint.id, addressOf(endpoint)])),
  };
}
