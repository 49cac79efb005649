import type { OnTheWire } from "../domain/task/due-work.ts";

/** The steps on the wire in this process, those of every run included, by `stepKey`; and the run that waits for them. */
export class RunningSteps implements OnTheWire {
  readonly #steps = new Map<string, Promise<void>>();
  #wake: () => void = () => undefined;

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
    // For others that wait until the wire is quiet, whatever came of the step.
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

  /** Calls `run` each time that there may be something new to do. */
  onWake(run: () => void): void {
    this.#wake = run;
  }

  /** Ends the wait of a running alarm: there is something new to do. */
  wake(): void {
    this.#wake();
  }
}
