import { provesKey, type TaskSummary } from "../domain/account/summary.ts";
import { isOwnKeyAccount } from "../keys/ids.ts";
import type { AccountRows } from "./rows.ts";
import { StoredDocument } from "./stored-document.ts";

/**
 * Whether an upstream has accepted a create with the account's own key. Some upstreams have no other way to tell whether
 * they know a key.
 */
export class ProofStore {
  readonly #proof: StoredDocument<{ at: number | null } | null>;

  constructor(rows: Pick<AccountRows, "document" | "writeDocument">) {
    this.#proof = new StoredDocument<{ at: number | null } | null>(rows, "proof", null);
  }

  /** Drops what memory holds: storage was emptied, or rolled back. */
  forget(): void {
    this.#proof.forget();
  }

  get isProved(): boolean {
    return this.#proof.get() !== null;
  }

  /** Written once, with the task's row. */
  observe(summary: TaskSummary): void {
    if (!provesKey(summary) || !isOwnKeyAccount(summary.account) || this.isProved) return;
    this.#proof.set({ at: summary.submittedAt });
  }
}
