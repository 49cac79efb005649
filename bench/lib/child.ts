import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A program of the bench that answers questions in a process of its own, so that its work counts for no other. */
export interface Child {
  pid: number;
  ask<T>(question: object): Promise<T>;
  close(): Promise<void>;
}

interface Asked {
  id: number;
  question: unknown;
}

interface Answered {
  id: number;
  answer?: unknown;
  error?: string;
}

/** `program`: a module that calls `answerQuestions`, beside the one whose `import.meta.url` is `base`. */
export async function startChild(program: string, base: string, args: readonly string[]): Promise<Child> {
  const child = fork(fileURLToPath(new URL(program, base)), [...args], { serialization: "advanced" });
  const waiting = new Map<number, (answered: Answered) => void>();
  child.on("message", (message) => {
    const answered = message as Answered;
    waiting.get(answered.id)?.(answered);
    waiting.delete(answered.id);
  });
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => {
      for (const [id, settle] of waiting) settle({ id, error: `${program} is gone` });
      resolve();
    });
  });
  let asked = 0;
  return {
    pid: child.pid ?? 0,
    ask: async <T>(question: object) => {
      asked += 1;
      const id = asked;
      const answered = await new Promise<Answered>((resolve) => {
        waiting.set(id, resolve);
        child.send({ id, question } satisfies Asked);
      });
      if (answered.error !== undefined) throw new Error(answered.error);
      return answered.answer as T;
    },
    close: async () => {
      child.kill();
      await gone;
    },
  };
}

/** The child's side: each question gets one answer. */
export function answerQuestions(answer: (question: object) => unknown): void {
  // The asking process is gone.
  process.once("disconnect", () => process.exit(0));
  process.on("message", (message) => {
    const { id, question } = message as Asked;
    Promise.resolve()
      .then(() => answer(question as object))
      .then((given) => process.send?.({ id, answer: given } satisfies Answered))
      .catch((error: unknown) => process.send?.({ id, error: String(error) } satisfies Answered));
  });
}
