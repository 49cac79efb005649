import type { FinishedAttempt } from "../domain/delivery/delivery.ts";
import type { Change, TaskDocument } from "./document.ts";
import type { TaskKv } from "./storage.ts";

/** What is left in an object after its task, or before one. Instants are epoch milliseconds. */
export interface Remains {
  /** A deleted task that had an idempotency key, so that a repeat is told and not paid again. */
  digest: { fingerprint: string; until: number } | null;
  /** A deleted task that its account has not forgotten yet. */
  tombstone: Tombstone | null;
  /** Creates that were given up: should one arrive late, it is refused. */
  refused: readonly { createId: string; at: number }[];
}

/** What the account has to hear of a task that was deleted. */
export interface Tombstone {
  name: string;
  account: string;
  createdAt: number;
}

export const NOTHING_REMAINS: Remains = { digest: null, tombstone: null, refused: [] };

const DOCUMENT = "document";
const REMAINS = "remains";
const MESSAGE = "message ";
const ATTEMPT = "attempt ";
const PART = "part ";

/** The keys of a task's storage and what stands under them. Knows neither the alarm nor the time. */
export class TaskRecords {
  readonly #kv: TaskKv;

  constructor(kv: TaskKv) {
    this.#kv = kv;
  }

  document(): TaskDocument | null {
    return this.#json(DOCUMENT) as TaskDocument | null;
  }

  remains(): Remains {
    return (this.#json(REMAINS) as Remains | null) ?? NOTHING_REMAINS;
  }

  writeRemains(remains: Remains): void {
    this.#kv.put(REMAINS, JSON.stringify(remains));
  }

  /** `document` with what else the change brought: one row each. */
  write(document: TaskDocument, { messages, attempts = [], parts }: Change): void {
    this.#kv.put(DOCUMENT, JSON.stringify(document));
    for (const [seq, body] of messages ?? []) this.#kv.put(messageKey(seq), body);
    for (const attempt of attempts) this.#kv.put(attemptKey(attempt), JSON.stringify(attempt));
    if (parts !== undefined) this.#writeParts(parts);
  }

  #writeParts(parts: readonly Uint8Array[] | null): void {
    for (const key of this.#keys(PART)) this.#kv.delete(key);
    for (const [index, sealed] of (parts ?? []).entries()) this.#kv.put(PART + padded(index), sealed);
  }

  parts(): Uint8Array[] {
    return Array.from(this.#kv.list({ prefix: PART }), ([, sealed]) => sealed as Uint8Array);
  }

  messageBody(seq: number): string {
    const body = this.#kv.get(messageKey(seq));
    if (typeof body !== "string") throw new Error("an event without its message");
    return body;
  }

  /** In the order in which they were made, one delivery after the other. */
  finishedAttempts(): FinishedAttempt[] {
    const all = this.#kv.list({ prefix: ATTEMPT });
    return Array.from(all, ([, text]) => JSON.parse(text as string) as FinishedAttempt);
  }

  deleteEverything(): void {
    for (const key of this.#keys("")) this.#kv.delete(key);
  }

  #keys(prefix: string): string[] {
    return Array.from(this.#kv.list({ prefix }), ([key]) => key);
  }

  #json(key: string): unknown {
    const text = this.#kv.get(key);
    return typeof text === "string" ? JSON.parse(text) : null;
  }
}

function messageKey(seq: number): string {
  return MESSAGE + padded(seq);
}

function attemptKey({ seq, number }: FinishedAttempt): string {
  return `${ATTEMPT}${padded(seq)} ${padded(number)}`;
}

/** Keys are listed as texts, so numbers have as many digits as any of them needs. */
function padded(count: number): string {
  return String(count).padStart(8, "0");
}
