import { FIRST_VERSION, type SigningVersion } from "../domain/account/signing-versions.ts";
import type { AccountRows } from "./rows.ts";

/** The versions of an account's signing secret: one document, which a rotation writes. */
export class SigningStore {
  readonly #rows: Pick<AccountRows, "document" | "writeDocument">;
  #versions: readonly SigningVersion[] | null = null;

  constructor(rows: Pick<AccountRows, "document" | "writeDocument">) {
    this.#rows = rows;
  }

  /** Drops what memory holds: storage was emptied, or rolled back. */
  forget(): void {
    this.#versions = null;
  }

  /** Every version that is kept, newest first; expired ones may be among them. */
  versions(): readonly SigningVersion[] {
    this.#versions ??= (this.#rows.document("signing") as SigningVersion[] | null) ?? FIRST_VERSION;
    return this.#versions;
  }

  write(versions: readonly SigningVersion[]): void {
    this.#rows.writeDocument("signing", versions);
    this.#versions = versions;
  }

  /** Nothing was rotated: an account without anything else need not be kept. */
  get isFirst(): boolean {
    return this.versions() === FIRST_VERSION;
  }
}
