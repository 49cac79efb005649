import { admitAlerts, heldUntil, keptUntil, NO_ALERTS, type AlertBook } from "../../domain/alerts/book.ts";
import { alertKey, type Alert, type AlertCause } from "../../domain/alerts/alert.ts";
import type { Refusing } from "../../domain/alerts/upstream.ts";
import type { TaskSummary } from "../../domain/account/summary.ts";
import type { AccountRows } from "../rows.ts";
import { StoredDocument } from "../stored-document.ts";

/** A task as it was known, and as it is now. */
export interface SummaryChange {
  before: TaskSummary | null;
  after: TaskSummary;
}

/** What an account remembers of its alerts. */
interface AlertDocument {
  book: AlertBook;
  refusing: Refusing;
}

interface StoreParts {
  rows: Pick<AccountRows, "document" | "writeDocument">;
  /** Sets the alarm for then, or leaves it at an earlier time: what is held must be told, and an account that has nothing else be emptied. */
  arm: (at: number) => void;
  /** False: no alerts are sent, so that no change is needed. */
  collects: boolean;
}

/** While nothing is sent, what is left out is written once in so long. */
const WRITE_EVERY_MS = 60_000;

/**
 * One document, written with each alert, so that a process that starts sends none twice: twenty rows an hour at most, and
 * one a minute while alerts are left out or held. What a process that dies has left out since is not counted.
 */
export class AlertStore {
  readonly #parts: StoreParts;
  readonly #known: StoredDocument<AlertDocument>;
  /** Since they were taken last. */
  #changes: SummaryChange[] = [];
  #writtenAt = 0;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#known = new StoredDocument(parts.rows, "alerts", { book: NO_ALERTS, refusing: {} });
  }

  /** Drops what memory holds: storage was emptied, or rolled back. */
  forget(): void {
    this.#known.forget();
    this.#changes = [];
  }

  /** A report or an answer of a task. `before`: what was known until then. */
  observe(before: TaskSummary | null, after: TaskSummary): void {
    if (this.#parts.collects) this.#changes.push({ before, after });
  }

  /** What was observed since the last call. */
  takeChanges(): SummaryChange[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  /** The upstreams that do not work, as far as the account knows. */
  refusing(): Refusing {
    return this.#known.get().refusing;
  }

  /** Which alerts to send now. `refusing`: the upstreams that do not work from now on. */
  admit(causes: readonly AlertCause[], refusing: Refusing, now: number): Alert[] {
    const { book, alerts } = admitAlerts(this.#known.get().book, causes, now);
    const next: AlertDocument = { book, refusing };
    const isHeldNew = keysOf(book) !== keysOf(this.#known.get().book);
    if (alerts.length > 0 || isHeldNew || now - this.#writtenAt >= WRITE_EVERY_MS) {
      // What could not be written was not sent either.
      this.#known.set(next);
      this.#writtenAt = now;
      this.#parts.arm(keptUntil(book));
    } else this.#known.keep(next);
    const heldAt = heldUntil(book);
    if (heldAt !== null) this.#parts.arm(heldAt);
    return alerts;
  }

  /** Whether an alert that was held may be sent. */
  isHeldDue(now: number): boolean {
    return (heldUntil(this.#known.get().book) ?? Infinity) <= now;
  }

  /** Until when the account must not forget its alerts, epoch milliseconds. */
  keptUntil(): number {
    return this.#parts.collects ? keptUntil(this.#known.get().book) : 0;
  }
}

function keysOf({ held }: AlertBook): string {
  return held.map(alertKey).join();
}
