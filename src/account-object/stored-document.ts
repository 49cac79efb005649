import type { AccountRows, DocumentName } from "./rows.ts";

/** One of an account's documents: read when it is first needed, and known from then on. */
export class StoredDocument<T> {
  readonly #rows: Pick<AccountRows, "document" | "writeDocument">;
  readonly #name: DocumentName;
  /** What an account has without the row. */
  readonly #initial: T;
  #known: { value: T } | null = null;

  constructor(rows: Pick<AccountRows, "document" | "writeDocument">, name: DocumentName, initial: T) {
    this.#rows = rows;
    this.#name = name;
    this.#initial = initial;
  }

  get(): T {
    this.#known ??= { value: (this.#rows.document(this.#name) as T | null) ?? this.#initial };
    return this.#known.value;
  }

  set(value: T): void {
    this.#rows.writeDocument(this.#name, value);
    this.#known = { value };
  }

  /** In memory alone: a process that starts knows what was set last. */
  keep(value: T): void {
    this.#known = { value };
  }

  /** Drops what memory holds: storage was emptied, or rolled back. */
  forget(): void {
    this.#known = null;
  }
}
