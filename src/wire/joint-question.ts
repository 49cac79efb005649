/** How often a request that waits for another's answer looks for it: asking is rare, and takes longer than that. */
const LOOK_MS = 20;

/** The first asker's call, and what came of it. */
interface Question<Answer> {
  /** An asker that has said nothing by then is gone: its client has hung up, or its object died. */
  endsAt: number;
  answer: { value: Answer } | null;
}

/**
 * Equal questions of one isolate at one time are one call. Who comes while it is on its way looks for its answer from
 * time to time, as a plain value: a promise of one request must not be awaited by another, because it is never settled
 * once the first one's client has hung up.
 */
export class JointQuestion<Answer> {
  readonly #open = new Map<string, Question<Answer>>();
  readonly #patienceMs: number;

  /** `patienceMs`: no call takes longer. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** `ask` must not throw: its answer is everybody's. */
  async ask(name: string, ask: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      const open = this.#open.get(name);
      if (!open || !isUnderWay(open, this.#patienceMs)) return this.#askFirst(name, ask);
      while (open.answer === null && isUnderWay(open, this.#patienceMs)) await wait(LOOK_MS);
      if (open.answer !== null) return open.answer.value;
    }
  }

  async #askFirst(name: string, ask: () => Promise<Answer>): Promise<Answer> {
    const question: Question<Answer> = { endsAt: Date.now() + this.#patienceMs, answer: null };
    this.#open.set(name, question);
    const value = await ask();
    question.answer = { value };
    if (this.#open.get(name) === question) this.#open.delete(name);
    return value;
  }
}

/** Not on a clock that was ahead either. */
function isUnderWay({ endsAt }: Question<unknown>, patienceMs: number): boolean {
  const leftMs = endsAt - Date.now();
  return leftMs > 0 && leftMs <= patienceMs;
}

async function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
