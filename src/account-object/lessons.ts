import type { Lesson } from "../domain/task/cadence.ts";
import { errorFields, log } from "../log.ts";
import { wait } from "../net/wait.ts";

/** Calls to one cadence begin so far apart, except the first. */
const GAP_MS = 1_000;
/** More than this is not kept: the oldest go. */
const WAITING_MAX = 1_000;

/**
 * Passes the finish times of an account's tasks on to the cadence of their upstream key: one call at a time, which takes
 * along those that came meanwhile. No task waits for it. With the process, or with a call that fails, lessons are lost.
 */
export class Lessons {
  readonly #waiting = new Map<string, Lesson[]>();
  readonly #sending = new Set<string>();
  readonly #calledAt = new Map<string, number>();
  readonly #tell: (cadence: string, lessons: readonly Lesson[]) => Promise<void>;

  constructor(tell: (cadence: string, lessons: readonly Lesson[]) => Promise<void>) {
    this.#tell = tell;
  }

  add(lessons: readonly Lesson[]): void {
    for (const lesson of lessons) {
      const waiting = this.#waiting.get(lesson.cadence) ?? [];
      this.#waiting.set(lesson.cadence, waiting);
      waiting.push(lesson);
      if (waiting.length > WAITING_MAX) waiting.shift();
    }
    for (const cadence of this.#waiting.keys()) void this.#send(cadence);
  }

  async #send(cadence: string): Promise<void> {
    if (this.#sending.has(cadence)) return;
    this.#sending.add(cadence);
    while (this.#waiting.has(cadence)) {
      const waitMs = (this.#calledAt.get(cadence) ?? -Infinity) + GAP_MS - Date.now();
      if (waitMs > 0 && waitMs <= GAP_MS) await wait(waitMs);
      this.#calledAt.set(cadence, Date.now());
      const lessons = this.#take(cadence);
      try {
        await this.#tell(cadence, lessons);
      } catch (error) {
        log("lessons.lost", { cadence, count: lessons.length, ...errorFields(error) });
      }
    }
    this.#sending.delete(cadence);
  }

  #take(cadence: string): Lesson[] {
    const lessons = this.#waiting.get(cadence) ?? [];
    this.#waiting.delete(cadence);
    return lessons;
  }
}
