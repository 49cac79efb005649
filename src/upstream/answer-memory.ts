import { echoDigest } from "../keys/echo.ts";
import { keySecrets } from "../domain/redact.ts";
import { parseAnswer, type ParsedAnswer } from "./answer-json.ts";
import type { JsonObject } from "./answer-parts.ts";
import { parseTask, type ParsedTask } from "./parse-task.ts";
import type { KnownTask, UpstreamAccess } from "./provider.ts";

/** An answer's text, and what it says of the task. */
export interface ReadAnswer {
  parsed: ParsedAnswer;
  /** Null: it is no JSON object. */
  task: ParsedTask | null;
}

/** Beside what a task keeps in memory anyway. */
const REMEMBER_MAX_LENGTH = 16_384;

/** While a task runs, its upstream says the same again and again, word for word: then it was read already. */
export class AnswerMemory {
  #last: (ReadAnswer & { text: string; apiKey: string }) | null = null;

  /** `known` must be of the one task that this memory is for. */
  async read(text: string, access: UpstreamAccess, known: KnownTask): Promise<ReadAnswer> {
    const { apiKey } = access;
    if (this.#last?.text === text && this.#last.apiKey === apiKey) return this.#last;
    const parsed = parseAnswer(text, keySecrets(apiKey));
    const task = parsed.object && (await parseWithoutEchoes(parsed.object, access, known));
    this.#last = text.length <= REMEMBER_MAX_LENGTH ? { text, apiKey, parsed, task } : null;
    return { parsed, task };
  }

  /** With the upstream key, once it is of no more use. */
  forget(): void {
    this.#last = null;
  }
}

/**
 * What the answer says of the task. A URL of the request is no result, so the search goes on without it; digesting is
 * asynchronous and a success comes once, so each found URL is compared, and not each URL of each answer.
 */
export async function parseWithoutEchoes(
  answer: JsonObject,
  { baseUrl, apiKey }: UpstreamAccess,
  { taskIds, echoes: digests }: KnownTask,
): Promise<ParsedTask> {
  const echoes = new Set<string>();
  for (;;) {
    const task = parseTask(answer, { taskIds, baseUrl, secrets: keySecrets(apiKey), echoes });
    const url = task.result?.url ?? null;
    if (digests.length === 0 || url === null || !digests.includes(await echoDigest(url))) return task;
    // Each turn takes one URL out of the search, and the search looks at a bounded number.
    echoes.add(url);
  }
}
