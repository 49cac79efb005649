import type { KeyVerdict } from "../domain/task/key-proof.ts";
import type { Task } from "../domain/task/task.ts";
import { AnswerMemory } from "../upstream/answer-memory.ts";
import type { Upstream } from "../upstream/provider.ts";
import type { TaskDocument } from "./document/document.ts";

/** How a task's upstream is reached with the task's key. */
export interface UpstreamCalls {
  /** The key that the document keeps; null: none. @throws SealError */
  openKey(document: TaskDocument): Promise<string | null>;
  /** @throws MissingKeyError, MissingUpstreamError */
  apiKey(task: Task, ownKey: string | null): string;
  /** @throws MissingKeyError, MissingUpstreamError */
  connect(task: Task, ownKey: string | null, memory: AnswerMemory): Upstream;
  /** The upstream's verdict on the key. @throws MissingKeyError, MissingUpstreamError */
  judgeKey(task: Task, ownKey: string | null): Promise<KeyVerdict>;
}

/** One task's state of its upstream in this process: the opened key, and the last answer. */
export class UpstreamSession {
  readonly #calls: UpstreamCalls;
  readonly #memory = new AnswerMemory();
  #ownKey: string | null = null;
  #lastAnswer: string | null = null;

  constructor(calls: UpstreamCalls) {
    this.#calls = calls;
  }

  /** The create brings the key along, so it need not be opened. */
  begin(ownKey: string | null): void {
    this.forget();
    this.#ownKey = ownKey;
  }

  /** The upstream as this task may use it. @throws SealError, MissingKeyError, MissingUpstreamError */
  async connect(document: TaskDocument): Promise<Upstream> {
    return this.#calls.connect(document.task, await this.#key(document), this.#memory);
  }

  /** The key that the task's upstream calls carry. @throws SealError, MissingKeyError, MissingUpstreamError */
  async apiKey(document: TaskDocument): Promise<string> {
    return this.#calls.apiKey(document.task, await this.#key(document));
  }

  /** The upstream's verdict on the task's own key. @throws SealError, MissingKeyError, MissingUpstreamError */
  async judgeKey(document: TaskDocument): Promise<KeyVerdict> {
    return this.#calls.judgeKey(document.task, await this.#key(document));
  }

  /** The upstream's newest JSON answer, ahead of the sealed one by unchanged polls; null: none in this process yet. */
  get lastAnswer(): string | null {
    return this.#lastAnswer;
  }

  answered(json: string): void {
    this.#lastAnswer = json;
  }

  /** The task has ended: there is nothing left to ask. */
  forgetKey(): void {
    this.#ownKey = null;
    this.#memory.forget();
  }

  /** The task is gone. */
  forget(): void {
    this.forgetKey();
    this.#lastAnswer = null;
  }

  async #key(document: TaskDocument): Promise<string | null> {
    const { mode, test } = document.task;
    if (mode === "operator" || test !== null) return null;
    this.#ownKey ??= await this.#calls.openKey(document);
    return this.#ownKey;
  }
}
