import { keySecrets } from "../domain/text/redact.ts";
import { parseAnswer, type ParsedAnswer } from "./read/answer-json.ts";
import type { ParsedTask } from "./read/parse-task.ts";
import { readTask } from "./read/read-task.ts";
import type { AskedTask, UpstreamAccess } from "./provider.ts";

/** An answer's text, and what it says of the task. */
export interface ReadAnswer {
  parsed: ParsedAnswer;
  /** Null: it is no JSON object. */
  task: ParsedTask | null;
}

/** In addition to the state that a task keeps in memory anyway. */
const REMEMBER_MAX_LENGTH = 16_384;

/** While a task runs, its upstream repeats the same answer word for word: then its reading is known already. */
export class AnswerMemory {
  #last: (ReadAnswer & { text: string; apiKey: string }) | null = null;

  /** `known` must be of the one task that this memory is for. */
  async read(text: string, access: UpstreamAccess, known: AskedTask): Promise<ReadAnswer> {
    const { apiKey } = access;
    if (this.#last?.text === text && this.#last.apiKey === apiKey) return this.#last;
    const parsed = parseAnswer(text, keySecrets(apiKey));
    const task = parsed.object && (await readTask(parsed.object, access, known));
    this.#last = text.length <= REMEMBER_MAX_LENGTH ? { text, apiKey, parsed, task } : null;
    return { parsed, task };
  }

  /** Called when the task has ended and its key is erased. */
  forget(): void {
    this.#last = null;
  }
}
