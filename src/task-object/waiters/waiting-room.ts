import { encodeEvent, streamEvent, streamEventId } from "../../domain/task/events/stream-event.ts";
import { isTerminal } from "../../domain/task/task.ts";
import type { TaskDocument } from "../document/document.ts";
import { EventStream } from "./event-stream.ts";
import { STREAM_LIMITS } from "./stream-limits.ts";

/** The most waiters and streams of one task: one object answers all of them with the whole task. */
export const PLACES_MAX = 1000;

interface WaitingRoomDeps {
  /** The task as a read answers it, JSON. */
  view(document: TaskDocument): Promise<string>;
  /** Settles when everything that was written cannot be lost any more. */
  durable(): Promise<void>;
}

/**
 * The connections that wait for news of this task. In memory only: a process that dies breaks them, and the clients ask
 * again. A connection never causes a poll.
 */
export class WaitingRoom {
  readonly #deps: WaitingRoomDeps;
  /** By ticket: what frees the place. */
  readonly #places = new Map<string, () => void>();
  readonly #waiters = new Set<() => void>();
  readonly #streams = new Set<EventStream>();
  #telling = Promise.resolve();
  #viewed: { document: TaskDocument; body: Promise<string> } | null = null;

  constructor(deps: WaitingRoomDeps) {
    this.#deps = deps;
  }

  get isFull(): boolean {
    return this.#places.size >= PLACES_MAX;
  }

  get isStreamed(): boolean {
    return this.#streams.size > 0;
  }

  /** The task as JSON, made once for all connections that wait for the same document. */
  async view(document: TaskDocument): Promise<string> {
    if (this.#viewed?.document !== document) this.#viewed = { document, body: this.#deps.view(document) };
    return this.#viewed.body;
  }

  /** Until the task has ended or is erased, the caller has disconnected, or the time is up. */
  async wait(ticket: string, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const stop = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(stop);
        this.#places.delete(ticket);
        resolve();
      };
      const timer = setTimeout(stop, waitMs);
      this.#waiters.add(stop);
      this.#places.set(ticket, stop);
    });
  }

  /** First the state as it is, then each change, until the end. */
  stream(ticket: string, document: TaskDocument): ReadableStream<Uint8Array> {
    const stream = new EventStream(STREAM_LIMITS, () => {
      this.#streams.delete(stream);
      this.#places.delete(ticket);
    });
    this.#streams.add(stream);
    this.#places.set(ticket, () => stream.end());
    this.#spread(document);
    return stream.readable;
  }

  /** Its caller has disconnected. */
  cancel(ticket: string): void {
    this.#places.get(ticket)?.();
  }

  /** The task was written, or erased (null). */
  changed(document: TaskDocument | null): void {
    if (document === null || isTerminal(document.task)) for (const stop of this.#waiters) stop();
    this.#spread(document);
  }

  /** One after the other, so that every stream hears the changes in their order. */
  #spread(document: TaskDocument | null): void {
    if (this.#streams.size === 0) return;
    this.#telling = this.#telling
      .then(async () => this.#tell(document))
      // The state cannot be read, or what was written may be lost: the clients connect again.
      .catch(() => this.#endStreams());
  }

  async #tell(document: TaskDocument | null): Promise<void> {
    if (document === null) return this.#endStreams();
    const { task } = document;
    const isNews = Array.from(this.#streams, ({ lastSent }) => streamEvent(lastSent, task)).some(Boolean);
    if (!isNews) return;
    await this.#deps.durable();
    const data = await this.view(document);
    const encoder = new TextEncoder();
    const encoded = new Map<string, Uint8Array>();
    for (const stream of this.#streams) {
      const type = streamEvent(stream.lastSent, task);
      if (type === null) continue;
      const bytes = encoded.get(type) ?? encoder.encode(encodeEvent({ type, id: streamEventId(task), data }));
      encoded.set(type, bytes);
      stream.lastSent = task;
      stream.send(bytes);
      if (isTerminal(task)) stream.end();
    }
  }

  #endStreams(): void {
    for (const stream of this.#streams) stream.end();
  }
}
