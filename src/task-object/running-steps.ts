import type { OnTheWire } from "../domain/task/startable.ts";

/** The steps in flight in this process, also those of other runs, by `stepKey`; and the run that waits for them. */
export class RunningSteps implements OnTheWire {
  readonly #steps = new Map<string, Promise<void>>();
  #wake: () => void = () => undefined;
  #deletion: AbortController | null = null;

  has(key: string): boolean {
    return this.#steps.has(key);
  }

  keys(): Iterable<string> {
    return this.#steps.keys();
  }

  /** Settles when the step has left the wire, however it ended. Undefined: it is not there. */
  ended(key: string): Promise<void> | undefined {
    return this.#steps.get(key);
  }

  /** Knows the step for as long as it is on the wire. */
  async track<T>(key: string, step: Promise<T>): Promise<T> {
    // Resolves also on failure, for callers that only wait for the end.
    const ended = step.then(
      () => undefined,
      () => undefined,
    );
    this.#steps.set(key, ended);
    try {
      return await step;
    } finally {
      this.#steps.delete(key);
    }
  }

  /** Aborts when the task is deleted, so that what may be on the wire for minutes ends. */
  get deletion(): AbortSignal {
    this.#deletion ??= new AbortController();
    return this.#deletion.signal;
  }

  /** The task is gone; another one may come under its id. */
  stop(): void {
    this.#deletion?.abort();
    this.#deletion = null;
  }

  /** Calls `run` each time that there may be something new to do. */
  onWake(run: () => void): void {
    this.#wake = run;
  }

  /** Ends the wait of a running alarm: there is something new to do. */
  wake(): void {
    this.#wake();
  }
}
