import { createCall, UpstreamClient, type CreateOptions } from "./creates.ts";
import { Endpoints } from "./endpoints.ts";
import { readEvents, type StreamedEvent } from "./events.ts";
import { exchange, pause, type Call, type ClientOptions } from "./exchange.ts";
import { filterQuery, type ListFilters } from "./filters.ts";
import type {
  Account,
  CreateRequest,
  Delivery,
  EndedTask,
  ListedTask,
  Page,
  Recovery,
  RecoveryPreview,
  RecoveryRequest,
  SentDelivery,
  SigningSecrets,
  Task,
  Upstream,
} from "./task.ts";

/** Ringback holds a request for so long. */
const WAIT_SECONDS = 60;
/** A stream ends by itself after ten minutes. */
const STREAM_SECONDS = 660;
/** An answer that came at once, from something in between, must not be asked for again at once. */
const WAIT_PAUSE_MS = 1000;

export interface CallOptions {
  signal?: AbortSignal;
}

export interface ListOptions extends CallOptions, ListFilters {
  /** 1 to 100; 20 if left out. */
  limit?: number;
  /** The `next_cursor` of the page before. */
  cursor?: string;
}

export interface DeliveryOptions extends CallOptions {
  /** The registered endpoint whose delivery is meant; the task's own callback if left out. */
  endpoint?: string;
}

export interface RedeliverOptions extends DeliveryOptions {
  /** Which event; the newest if left out. */
  messageId?: string;
  /** Send this one attempt there instead: whatever it comes to, the delivery stays as it is. */
  callbackUrl?: string;
  /** For `callbackUrl`; the stored headers do not go there. */
  callbackHeaders?: Record<string, string>;
}

/** Ringback's API. Every method throws a `RingbackError` when Ringback refuses. */
export class Ringback {
  /** The receivers that are registered once. */
  readonly endpoints: Endpoints;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.endpoints = new Endpoints(async (call) => this.#json(call));
  }

  /** Starts a task. After it has resolved, exactly one of `video.succeeded` and `video.failed` follows. */
  async create(request: CreateRequest, options: CreateOptions = {}): Promise<Task> {
    return this.#json<Task>(createCall("/videos", request, options));
  }

  /** The creates of the upstream of this name, in its own words. What follows is the same as for every task. */
  upstream(name: string): UpstreamClient {
    return new UpstreamClient(name, async (call) => this.#json(call));
  }

  /** What this deployment sends tasks to, and by which paths. */
  async upstreams({ signal }: CallOptions = {}): Promise<Upstream[]> {
    return (await this.#get<{ data: Upstream[] }>("/upstreams", {}, { signal })).data;
  }

  /** The task as it is, or with `waitSeconds` (1 to 60) as soon as it has ended within them. */
  async get(
    taskId: string,
    { waitSeconds, signal }: CallOptions & { waitSeconds?: number } = {},
  ): Promise<Task> {
    return this.#get<Task>(pathOf(taskId), { wait: waitSeconds }, { waitSeconds, signal });
  }

  /** The task when it has ended, however long that takes: a task has a deadline. `signal` ends the wait sooner. */
  async wait(taskId: string, { signal }: CallOptions = {}): Promise<EndedTask> {
    for (;;) {
      const task = await this.get(taskId, { waitSeconds: WAIT_SECONDS, ...(signal && { signal }) });
      if (task.status === "succeeded" || task.status === "failed") return task;
      await pause(WAIT_PAUSE_MS, signal);
    }
  }

  /** The task's state, then each change until its end. */
  async *events(taskId: string, { signal }: CallOptions = {}): AsyncGenerator<StreamedEvent, void> {
    const call = { path: `${pathOf(taskId)}/events`, signal, waitSeconds: STREAM_SECONDS };
    for (;;) {
      const stream = await exchange(this.#options, call, async ({ body }) => body);
      for await (const event of stream ? readEvents(stream) : []) {
        yield event;
        if (event.task.finished_at !== null) return;
      }
      // It lasts ten minutes, or as long as its connection: what it has missed, the next one starts with.
      await pause(WAIT_PAUSE_MS, signal);
    }
  }

  /** One page of tasks, newest first. With filters it may be short, even empty, while there are more. */
  async list({ signal, limit, cursor, ...filters }: ListOptions = {}): Promise<Page<ListedTask>> {
    return this.#get<Page<ListedTask>>("/videos", { ...filterQuery(filters), limit, cursor }, { signal });
  }

  /** All of them, page after page. */
  async *listAll(options: ListOptions = {}): AsyncGenerator<ListedTask, void> {
    let cursor = options.cursor;
    do {
      const page = await this.list({ limit: 100, ...options, ...(cursor && { cursor }) });
      yield* page.data;
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
  }

  /** What was sent to the task's `callback_url` and to registered endpoints, attempt by attempt. */
  async deliveries(taskId: string, { signal }: CallOptions = {}): Promise<Delivery[]> {
    return (await this.#get<{ data: Delivery[] }>(`${pathOf(taskId)}/deliveries`, {}, { signal })).data;
  }

  /** One of them with its request: URL, headers and the exact body, signed for this moment. */
  async delivery(
    taskId: string,
    messageId: string,
    { endpoint, signal }: DeliveryOptions = {},
  ): Promise<SentDelivery> {
    const path = `${pathOf(taskId)}/deliveries/${encodeURIComponent(messageId)}`;
    return this.#get<SentDelivery>(path, { endpoint }, { signal });
  }

  /** One more attempt of the newest event, or of the one with this `messageId`. */
  async redeliver(
    taskId: string,
    { messageId, endpoint, callbackUrl, callbackHeaders, signal }: RedeliverOptions = {},
  ): Promise<Delivery> {
    const body = {
      message_id: messageId,
      endpoint,
      callback_url: callbackUrl,
      callback_headers: callbackHeaders,
    };
    return this.#post<Delivery>(`${pathOf(taskId)}/redeliver`, body, { signal });
  }

  /** How much a recovery would deliver again. */
  async previewRecovery(
    request: RecoveryRequest = {},
    { signal }: CallOptions = {},
  ): Promise<RecoveryPreview> {
    return this.#post<RecoveryPreview>(RECOVERIES, { ...request, dry_run: true }, { signal });
  }

  /** Delivers again what was not delivered. It goes on after the answer: read it again until it has ended. */
  async recover(request: RecoveryRequest = {}, { signal }: CallOptions = {}): Promise<Recovery> {
    return this.#post<Recovery>(RECOVERIES, request, { signal });
  }

  /** One recovery as it stands. */
  async recovery(recoveryId: string, { signal }: CallOptions = {}): Promise<Recovery> {
    return this.#get<Recovery>(recoveryPath(recoveryId), {}, { signal });
  }

  /** The last 20, newest first. */
  async recoveries({ signal }: CallOptions = {}): Promise<Recovery[]> {
    return (await this.#get<{ data: Recovery[] }>(RECOVERIES, {}, { signal })).data;
  }

  /** Ends it early. What is on its way arrives and counts. */
  async cancelRecovery(recoveryId: string, { signal }: CallOptions = {}): Promise<Recovery> {
    const path = recoveryPath(recoveryId);
    // Cancelled twice is cancelled.
    return this.#json<Recovery>({ method: "DELETE", path, signal, repeatable: true });
  }

  /** Stops polling and calling back, and erases the task. The upstream goes on: it has no cancel. */
  async delete(taskId: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#json<void>({ method: "DELETE", path: pathOf(taskId), signal });
  }

  /** Whose key this is: a label for a connection. */
  async me({ signal }: CallOptions = {}): Promise<Account> {
    return this.#get<Account>("/me", {}, { signal });
  }

  /** What signs this account's callbacks. */
  async secrets({ signal }: CallOptions = {}): Promise<SigningSecrets> {
    return this.#get<SigningSecrets>("/webhooks/secret", {}, { signal });
  }

  async #get<Answer>(path: string, query: Call["query"], rest: Partial<Call>): Promise<Answer> {
    return this.#json<Answer>({ ...rest, path, query: query ?? {} });
  }

  async #post<Answer>(path: string, body: unknown, rest: Partial<Call>): Promise<Answer> {
    return this.#json<Answer>({ ...rest, method: "POST", path, body });
  }

  /** Undefined for an answer without content. */
  async #json<Answer>(call: Call): Promise<Answer> {
    return exchange(this.#options, call, async (response) =>
      response.status === 204 ? (undefined as Answer) : (response.json() as Promise<Answer>),
    );
  }
}

const RECOVERIES = "/webhooks/recoveries";

function recoveryPath(recoveryId: string): string {
  return `${RECOVERIES}/${encodeURIComponent(recoveryId)}`;
}

function pathOf(taskId: string): string {
  return `/videos/${encodeURIComponent(taskId)}`;
}
