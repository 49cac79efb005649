import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { type Answer, AnswerPlan, type Listening, listen, readBody, sendAnswer } from "../listen.ts";
import type { Fault } from "./fault.ts";
import { parseObject, refuse } from "./validation.ts";

/** What all simulated upstreams have in common: each call is recorded, and faults are planned by code or over HTTP. */

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const FAULTY_ROUTES: readonly unknown[] = ["submit", "poll", "models"] satisfies Fault["on"][];

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

export type NewCall = Omit<GatewayCall, "status">;

export interface ServeOptions {
  port?: number | undefined;
  /** Made when the request is whole. */
  answer: (call: NewCall) => Answer;
  /** Those that a fault may name. */
  refusals: readonly string[];
  onCall?: ((call: GatewayCall) => void) | undefined;
}

export interface Served extends Listening {
  /** Every request in the order in which they were complete. */
  calls: GatewayCall[];
  faults: AnswerPlan<Fault>;
}

/** Below `/_control/` it answers for itself; those calls are not among the calls. */
export async function serve({ port, answer, refusals, onCall }: ServeOptions): Promise<Served> {
  const calls: GatewayCall[] = [];
  const faults = new AnswerPlan<Fault>();

  async function answerRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = Date.now();
    const { method = "", url: path = "" } = request;
    const body = await readBody(request, MAX_BODY_BYTES);
    if (path.startsWith("/_control/"))
      return sendAnswer(response, answerControl(`${method} ${path}`, body.bytes));

    const { authorization } = request.headers;
    const call = { method, path, authorization, headers: request.headers, body: body.bytes, at };
    const planned =
      body.end === "complete"
        ? answer(call)
        : body.end === "too-large"
          ? refuse(413, "request_too_large", "The request body is too large.")
          : null;
    const sendsStatus = planned !== null && planned.cut !== "before-headers" && planned.cut !== "mid-headers";
    const recorded = { ...call, status: sendsStatus ? planned.status : null };
    calls.push(recorded);
    onCall?.(recorded);
    if (planned !== null) await sendAnswer(response, planned);
  }

  function answerControl(call: string, body: Buffer): Answer {
    switch (call) {
      case "POST /_control/faults": {
        const fault = parseObject(body);
        if (!FAULTY_ROUTES.includes(fault?.on))
          return refuse(400, "invalid_fault", 'A JSON object with "on": submit, poll or models.');
        if (fault?.refusal !== undefined && !refusals.some((each) => each === fault.refusal))
          return refuse(400, "invalid_fault", `"refusal": ${refusals.join(", ") || "none"}.`);
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

  return { ...(await listen(answerRequest, port)), calls, faults };
}

/** One line of a program's output for each call. */
export function printCall({ at, method, path, status }: GatewayCall): void {
  console.log(`${new Date(at).toISOString()} ${method} ${path} ${status ?? "dropped"}`);
}
