import { wait } from "./wait.ts";

/** How often a waiting request looks for the answer: rarely asked, and slower than this. */
const LOOK_MS = 20;

/** The first asker's call and its result. */
interface Question<Answer> {
  /** An asker without a result by then is gone: its client has disconnected, or its object died. */
  endsAt: number;
  answer: { value: Answer } | null;
}

/**
 * Joins equal questions of one isolate at one time into one call. A request that asks during the call checks for its
 * answer from time to time, as a plain value: a request must not await another request's promise, because that never
 * settles once the other's client has disconnected.
 */
export class JointQuestion<Answer> {
  readonly #open = new Map<string, Question<Answer>>();

  /** `ask` must not throw, because all askers share its answer. It takes no longer than `patienceMs`. */
  async ask(name: string, patienceMs: number, ask: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      const open = this.#open.get(name);
      if (!open) return this.#askFirst(name, patienceMs, ask);
      if (await isAnswered(open, patienceMs)) return (open.answer as { value: Answer }).value;
      // Its asker is gone. The first request to notice asks again, and the others wait for that.
      if (this.#open.get(name) === open) this.#open.delete(name);
    }
  }

  async #askFirst(name: string, patienceMs: number, ask: () => Promise<Answer>): Promise<Answer> {
    const question: Question<Answer> = { endsAt: Date.now() + patienceMs, answer: null };
    this.#open.set(name, question);
    const value = await ask();
    question.answer = { value };
    if (this.#open.get(name) === question) this.#open.delete(name);
    return value;
  }
}

/** Waits for the answer, by the clock and by its own patience, because a clock may stand still. */
async function isAnswered(question: Question<unknown>, patienceMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += LOOK_MS) {
    if (question.answer !== null) return true;
    const leftMs = question.endsAt - Date.now();
    // A clock that jumped back ends the wait as well.
    if (leftMs <= 0 || leftMs > patienceMs) return false;
    await wait(LOOK_MS);
  }
  return question.answer !== null;
}
