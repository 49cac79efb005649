import type { CallOptions } from "./client.ts";
import type { Call } from "./exchange.ts";
import type { OwnFields, Task } from "./task.ts";

/** Creates: the call, and those in the words of another upstream. */

export interface CreateOptions extends CallOptions {
  /**
   * The same key and request again find the same task. Made up for you if left out, so that a retry never pays twice.
   */
  idempotencyKey?: string;
  /** Hold the answer for up to so many seconds, 1 to 60, until the task has ended. */
  waitSeconds?: number;
  /** Answer before the request goes upstream; a refusal is then the task's error. */
  respondAsync?: boolean;
}

/** Ringback's own fields stand beside the upstream's request, not in it. */
export interface UpstreamCreateOptions extends CreateOptions, OwnFields {}

/** An option that is undefined is left out. */
type Given<Options> = { [Name in keyof Options]: Options[Name] | undefined };

export function createCall(
  path: string,
  body: object,
  { idempotencyKey = crypto.randomUUID(), waitSeconds, respondAsync, signal }: Given<CreateOptions>,
): Call {
  const prefer = [respondAsync && "respond-async", waitSeconds && `wait=${waitSeconds}`].filter(Boolean);
  return {
    method: "POST",
    path,
    headers: { "idempotency-key": idempotencyKey, ...(prefer.length > 0 && { prefer: prefer.join(", ") }) },
    body,
    waitSeconds,
    signal,
    // Under its key it cannot be paid twice.
    repeatable: true,
  };
}

/** One upstream of the deployment. */
export class UpstreamClient {
  readonly #name: string;
  readonly #exchange: (call: Call) => Promise<Task>;

  constructor(name: string, exchange: (call: Call) => Promise<Task>) {
    this.#name = name;
    this.#exchange = exchange;
  }

  /**
   * Starts a task by the upstream's own request at its own path, which begins with `/`. Ringback's own
   * fields are options; the member `ringback` is theirs, too.
   * @throws TypeError if a URL cannot hold the path as it is: the call would be another one
   */
  async create(
    path: string,
    body: object,
    { idempotencyKey, waitSeconds, respondAsync, signal, ...fields }: UpstreamCreateOptions = {},
  ): Promise<Task> {
    if (new URL(path, "https://ringback.example").pathname !== path)
      throw new TypeError(`Not a path: ${path}`);
    const own = Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name.replaceAll(/[A-Z]/g, "_$&").toLowerCase(), value]),
    );
    const { ringback } = body as { ringback?: object };
    return this.#exchange(
      createCall(
        `/upstreams/${encodeURIComponent(this.#name)}${path}`,
        { ...body, ringback: { ...ringback, ...own } },
        { idempotencyKey, waitSeconds, respondAsync, signal },
      ),
    );
  }
}
