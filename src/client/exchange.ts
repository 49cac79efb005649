/** One call of Ringback's API: sent, repeated where a repeat costs nothing, read, or thrown. */

export interface ClientOptions {
  /** Ringback's address, `/v1` included: what a client of the upstream calls its base URL. */
  baseUrl: string;
  /** What the deployment asks for: your upstream key, or a token of the operator. */
  apiKey: string;
  /** Tries after the first, where they cannot pay twice; 2 if left out. */
  maxRetries?: number;
  /** For one try, without what it was asked to wait for; 60,000 if left out. */
  timeoutMs?: number;
  /** In place of the runtime's own. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

export interface Call {
  /** `GET` if left out. */
  method?: "POST" | "PATCH" | "DELETE";
  /** After the base URL. */
  path: string;
  query?: Readonly<Record<string, string | number | undefined>>;
  headers?: Record<string, string>;
  body?: unknown;
  /** What the call was asked to wait for. */
  waitSeconds?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Whether the same call may be sent again when its outcome is unknown; if left out, only a `GET`. */
  repeatable?: boolean;
}

/** Ringback said no. `code` is one of the contract's; `http_<status>` if something in between answered. */
export class RingbackError extends Error {
  override name = "RingbackError";
  readonly status: number;
  readonly code: string;
  /** For a report to the operator. */
  readonly requestId: string | null;
  /** 0 if the answer does not say. */
  readonly retryAfterMs: number;
  /** The answer's `error`: `issues`, `upstream`, `task_id` and the rest. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(response: Response, details: Readonly<Record<string, unknown>>) {
    const code = typeof details["code"] === "string" ? details["code"] : `http_${response.status}`;
    super(typeof details["message"] === "string" ? details["message"] : `Ringback answered ${code}.`);
    this.status = response.status;
    this.code = code;
    this.requestId = response.headers.get("x-request-id");
    this.retryAfterMs = Number(response.headers.get("retry-after")) * 1000 || 0;
    this.details = details;
  }
}

/** The longest `Retry-After` that the client follows by itself. */
const RETRY_AFTER_MAX_MS = 60_000;
const BACKOFF_MS = 500;
/** A create under the same key is on its way: until it must be known what became of it. */
const IN_PROGRESS_MAX_MS = 60_000;

/**
 * What `read` makes of the answer to a call.
 * @throws RingbackError if Ringback refuses; what `fetch` throws if it cannot be reached or `signal` is aborted
 */
export async function exchange<Answer>(
  options: ClientOptions,
  call: Call,
  read: (response: Response) => Promise<Answer>,
): Promise<Answer> {
  const url = urlOf(options, call);
  const startedAt = Date.now();
  for (let retries = options.maxRetries ?? 2; ;) {
    let failure: unknown;
    try {
      const response = await send(url, options, call);
      // A body that breaks off is as good as no answer.
      if (response.ok) return await read(response);
      failure = new RingbackError(response, await detailsOf(response));
    } catch (error) {
      failure = error;
    }
    call.signal?.throwIfAborted();
    const isInProgress = failure instanceof RingbackError && failure.code === "idempotency_in_progress";
    if (!isInProgress || Date.now() - startedAt > IN_PROGRESS_MAX_MS) retries--;
    const isRepeatable = call.repeatable ?? call.method === undefined;
    const waitMs = retries >= 0 && isRepeatable ? waitBefore(failure) : null;
    if (waitMs === null) throw failure;
    await pause(waitMs, call.signal);
  }
}

function urlOf({ baseUrl }: ClientOptions, { path, query = {} }: Call): string {
  const url = new URL(`${baseUrl.replace(/\/+$/, "")}${path}`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url.href;
}

async function send(url: string, options: ClientOptions, call: Call): Promise<Response> {
  const { apiKey, timeoutMs = 60_000, fetch = globalThis.fetch } = options;
  const { method = "GET", body, waitSeconds = 0, signal } = call;
  const limit = AbortSignal.timeout(timeoutMs + waitSeconds * 1000);
  return fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...call.headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    // A host that a redirect names must not get the key.
    redirect: "manual",
    signal: signal ? AbortSignal.any([limit, signal]) : limit,
  });
}

async function detailsOf(response: Response): Promise<Record<string, unknown>> {
  const body = (await response.json().catch(() => null)) as { error?: Record<string, unknown> } | null;
  return body?.error ?? {};
}

/** Milliseconds, or null: it would be the same again. */
function waitBefore(failure: unknown): number | null {
  const backoffMs = BACKOFF_MS * (1 + Math.random());
  if (!(failure instanceof RingbackError)) return backoffMs;
  const { status, code, details, retryAfterMs } = failure;
  const isForeign = code.startsWith("http_") && (status === 429 || status >= 500);
  const isPassing = isForeign || code === "internal" || details["retryable"] === true;
  if (!isPassing || code === "misconfigured" || retryAfterMs > RETRY_AFTER_MAX_MS) return null;
  return Math.max(retryAfterMs, backoffMs);
}

/** Rejects as soon as `signal` is aborted. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
  });
  signal?.throwIfAborted();
}
