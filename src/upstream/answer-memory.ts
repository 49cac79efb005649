import type { TaskReading } from "../domain/upstream-answer.ts";
import { parseAnswer, type ParsedAnswer } from "./answer-json.ts";
import { readTask } from "./reading.ts";

/** An answer's text, and what it says of the task. */
export interface ReadAnswer {
  parsed: ParsedAnswer;
  /** Null: it is no JSON object. */
  reading: TaskReading | null;
}

/** Beside what a task keeps in memory anyway. */
const REMEMBER_MAX_LENGTH = 16_384;

/** While a task runs, its upstream says the same again and again, word for word: then it was read already. */
export class AnswerMemory {
  #last: (ReadAnswer & { text: string; apiKey: string }) | null = null;

  read(text: string, apiKey: string): ReadAnswer {
    if (this.#last?.text === text && this.#last.apiKey === apiKey) return this.#last;
    const parsed = parseAnswer(text, apiKey);
    const reading = parsed.object && readTask(parsed.object);
    this.#last = text.length <= REMEMBER_MAX_LENGTH ? { text, apiKey, parsed, reading } : null;
    return { parsed, reading };
  }

  /** With the upstream key, once it is of no more use. */
  forget(): void {
    this.#last = null;
  }
}
