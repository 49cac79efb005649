import { listingOf, stageOf } from "../domain/listing.ts";
import type { TaskDeps } from "./deps.ts";

/**
 * Tells the account how far the task is. A report that fails throws: its step is repeated in a minute, for as long as
 * the task is kept, and nothing else waits for it.
 */
export async function reportStep(deps: TaskDeps): Promise<void> {
  const { retentionMs } = deps.settings;
  const before = deps.store.load();
  if (!before) return;
  const listing = listingOf(before, retentionMs);
  await deps.report(listing);
  const state = deps.store.load();
  // Erased meanwhile, and perhaps created anew under the same idempotency key.
  if (state?.task.createId !== before.task.createId) return;
  deps.store.apply({ told: stageOf(listing) }, { now: deps.now(), retentionMs });
}
