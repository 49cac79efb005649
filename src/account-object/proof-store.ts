import { provesKey, type TaskSummary } from "../domain/account/summary.ts";
import { isOwnKeyAccount } from "../keys/ids.ts";
import type { AccountRows } from "./rows.ts";

/**
 * Whether an upstream has accepted a create with the account's own key. Some upstreams have no other way to tell whether
 * they know a key.
 */
export class ProofStore {
  readonly #rows: Pick<AccountRows, "document" | "writeDocument">;
  #isProved: boolean | null = null;

  constructor(rows: Pick<AccountRows, "document" | "writeDocument">) {
    this.#rows = rows;
  }

  /** Drops what memory holds: storage was emptied, or rolled back. */
  forget(): void {
    this.#isProved = null;
  }

  get isProved(): boolean {
    this.#isProved ??= this.#rows.document("proof") !== null;
    return this.#isProved;
  }

  /** Written once, with the task's row. */
  observe(summary: TaskSummary): void {
    if (!provesKey(summary) || !isOwnKeyAccount(summary.account) || this.isProved) return;
    this.#rows.writeDocument("proof", { at: summary.submittedAt });
    this.#isProved = true;
  }
}
