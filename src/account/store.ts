import { lookAlarmAt, LOOK_EVERY_MS, OVERDUE_MS } from "../domain/look.ts";
import { stageRank, type Listing } from "../domain/listing.ts";
import { FIRST_VERSION, type SigningVersion } from "../domain/signing-versions.ts";
import { AccountRows } from "./rows.ts";

/** An account's rows and its alarm; the only place that arms it. */
export class AccountStore {
  readonly #storage: DurableObjectStorage;
  readonly #rows: AccountRows;
  /** Null: not known in this process, or none set. */
  #armedAt: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#rows = new AccountRows(storage.sql);
  }

  /** For reading; whatever is written goes through this class. */
  get rows(): Pick<AccountRows, "signingVersions" | "listings" | "stats"> {
    return this.#rows;
  }

  /** Replaces the versions, all or nothing. */
  writeSigningVersions(versions: readonly SigningVersion[]): void {
    this.#transact(() => this.#rows.writeSigningVersions(versions));
  }

  /** Writes what tasks said at `now`, unless something later is known already. */
  writeListings(listings: readonly Listing[], now: number): void {
    if (listings.length === 0) return;
    this.#transact(() => {
      for (const listing of listings) {
        const known = this.#rows.listing(listing);
        if (known === null || stageRank(known) <= stageRank(listing)) this.#rows.writeListing(listing, now);
        // Heard of all the same: a row that stayed due would be looked at again at once, for ever.
        else this.#rows.markLookedAt(listing, now);
      }
      const due = listings.map(({ expiresAt }) => ({ lookedAt: now, expiresAt }));
      this.#armBy(lookAlarmAt(due, now));
    });
  }

  deleteListing(task: Pick<Listing, "name" | "createdAt">): void {
    this.#rows.deleteListing(task);
  }

  markLookedAt(task: Listing, now: number): void {
    this.#rows.markLookedAt(task, now);
  }

  /** Tasks whose objects have emptied themselves. */
  deleteExpired(now: number): void {
    this.#rows.deleteExpired(now);
  }

  /** Tasks that the hourly look is due for, oldest first. */
  listingsToLookAt(now: number, limit: number): Listing[] {
    return this.#rows.listingsToLookAt(now - LOOK_EVERY_MS, limit);
  }

  alarmFired(): void {
    this.#armedAt = null;
  }

  /** After a look: arms for the next one, or empties an account that has neither tasks nor rotated secrets. */
  async settle(now: number): Promise<void> {
    const at = this.#nextAlarm(now);
    if (at !== null) this.#armBy(at);
    else if (this.#rows.signingVersions() === FIRST_VERSION) {
      this.#rows.forget();
      await this.#storage.deleteAll();
    }
  }

  /** The last resort when the rows cannot even be read. */
  armLater(now: number): void {
    this.#armedAt = null;
    this.#armBy(now + OVERDUE_MS);
  }

  /** Sets an alarm that is missing or overdue. */
  async watch(now: number): Promise<void> {
    if (this.#armedAt !== null && this.#armedAt > now - OVERDUE_MS) return;
    this.#armedAt = await this.#storage.getAlarm();
    if (this.#armedAt !== null && this.#armedAt > now - OVERDUE_MS) return;
    this.#armedAt = null;
    const at = this.#nextAlarm(now);
    if (at !== null) this.#armBy(at);
  }

  #nextAlarm(now: number): number | null {
    const { lookedAt, expiresAt } = this.#rows.earliest();
    const due = [
      ...(lookedAt === null ? [] : [{ lookedAt, expiresAt: null }]),
      ...(expiresAt === null ? [] : [{ lookedAt: now, expiresAt }]),
    ];
    return due.length === 0 ? null : lookAlarmAt(due, now);
  }

  /** Arms the alarm unless it is set for then or earlier. */
  #armBy(at: number): void {
    if (this.#armedAt !== null && this.#armedAt <= at) return;
    void this.#storage.setAlarm(at);
    this.#armedAt = at;
  }

  #transact(write: () => void): void {
    try {
      this.#storage.transactionSync(write);
    } catch (error) {
      // Rolled back: what memory holds may be ahead of the rows.
      this.#rows.forget();
      this.#armedAt = null;
      throw error;
    }
  }
}
