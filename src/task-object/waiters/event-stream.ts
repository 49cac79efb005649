import { encodeRetry, HEARTBEAT } from "../../domain/task/events/stream-event.ts";
import type { Task } from "../../domain/task/task.ts";
import type { STREAM_LIMITS } from "./stream-limits.ts";

/** A listener this many events behind does not read any more; its queue would fill the object's memory. */
const LAG_MAX = 16;

const encoder = new TextEncoder();

/** One listener: its bytes, its heartbeat, and its end. */
export class EventStream {
  readonly readable: ReadableStream<Uint8Array>;
  /** The task as the stream has sent it last; null: nothing yet. */
  lastSent: Task | null = null;
  readonly #gone: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  readonly #heartbeat: ReturnType<typeof setInterval>;
  readonly #length: ReturnType<typeof setTimeout>;

  /** `gone` is called once, however it ends. */
  constructor(limits: typeof STREAM_LIMITS, gone: () => void) {
    this.#gone = gone;
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => this.#stop(),
      },
      new CountQueuingStrategy({ highWaterMark: LAG_MAX }),
    );
    this.#heartbeat = setInterval(() => this.send(encoder.encode(HEARTBEAT)), limits.heartbeatMs);
    this.#length = setTimeout(() => {
      this.send(encoder.encode(encodeRetry(limits.retryMs)));
      this.end();
    }, limits.lengthMs);
  }

  send(bytes: Uint8Array): void {
    const controller = this.#controller;
    if (controller === null) return;
    if ((controller.desiredSize ?? 0) > 0) {
      controller.enqueue(bytes);
      return;
    }
    this.#stop();
    controller.error(new Error("the listener does not read"));
  }

  /** The bytes sent so far still arrive. */
  end(): void {
    const controller = this.#controller;
    this.#stop();
    controller?.close();
  }

  #stop(): void {
    if (this.#controller === null) return;
    this.#controller = null;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#length);
    this.#gone();
  }
}
