import type { LeftFile } from "../../domain/task/keep.ts";
import type { Change, TaskDocument } from "./document.ts";
import type { TaskKv } from "./storage.ts";

/** What is left in an object after its task, or before one. Instants are epoch milliseconds. */
export interface Remains {
  /** A deleted task that had an idempotency key, so that a repeat is answered 409 and not paid again. */
  digest: { fingerprint: string; until: number } | null;
  /** A deleted task that its account has not forgotten yet. */
  tombstone: Tombstone | null;
  /** Copies of its result that are still in the bucket, or may yet be written. */
  leftFiles: readonly LeftFile[];
  /** Creates that the caller's Worker gave up: the object refuses one that arrives late. */
  refused: readonly { createId: string; at: number }[];
}

/** What the account has to hear of a task that was deleted. */
export interface Tombstone {
  name: string;
  account: string;
  createdAt: number;
}

export const NOTHING_REMAINS: Remains = { digest: null, tombstone: null, leftFiles: [], refused: [] };

/** What the task of a document lacks that was written before results could be kept. */
const NOTHING_KEPT = { sourceUrl: null, file: null, keep: null };

const DOCUMENT = "document";
const REMAINS = "remains";

/** The keys of a task's storage and what stands under them. Knows neither the alarm nor the time. */
export class TaskRecords {
  readonly #kv: TaskKv;

  constructor(kv: TaskKv) {
    this.#kv = kv;
  }

  document(): TaskDocument | null {
    const document = this.#json(DOCUMENT) as TaskDocument | null;
    return document && { ...document, task: { ...NOTHING_KEPT, ...document.task } };
  }

  remains(): Remains {
    // What an older version wrote may lack members.
    return { ...NOTHING_REMAINS, ...(this.#json(REMAINS) as Partial<Remains> | null) };
  }

  writeRemains(remains: Remains): void {
    this.#kv.put(REMAINS, JSON.stringify(remains));
  }

  /** `document` in one row, and the pieces of the request, if the change is about them. `before`: how many there are. */
  write(document: TaskDocument, { parts }: Change, before: number): void {
    this.#kv.put(DOCUMENT, JSON.stringify(document));
    if (parts === undefined) return;
    for (let index = 0; index < before; index++) this.#kv.delete(partKey(index));
    for (const [index, sealed] of (parts ?? []).entries()) this.#kv.put(partKey(index), sealed);
  }

  parts(count: number): Uint8Array[] {
    return Array.from({ length: count }, (_, index) => this.#kv.get(partKey(index)) as Uint8Array);
  }

  deleteEverything(): void {
    for (const key of Array.from(this.#kv.list(), ([name]) => name)) this.#kv.delete(key);
  }

  #json(key: string): unknown {
    const text = this.#kv.get(key);
    return typeof text === "string" ? JSON.parse(text) : null;
  }
}

function partKey(index: number): string {
  return `part ${index}`;
}
