import type { DisabledReason } from "../../contract/words.ts";
import { failingSince, type HostHealth } from "../account/hosts.ts";
import type { Endpoint } from "./endpoint.ts";

/** A receiver that has taken nothing for so long is not coming back by itself. */
const FAILING_MAX_MS = 5 * 86_400_000;

/** Why Ringback disables an endpoint, and since when that is so. */
export interface Disabling {
  reason: Exclude<DisabledReason, "manual">;
  since: number;
}

/**
 * Whether an endpoint must be disabled now. `goneAt`: when the attempt began that it answered with 410. From before its
 * owner enabled it again or changed its URL that is over, however late or often it is reported. `health`: since then, too.
 */
export function disablingOf(
  { disabled, countsFrom }: Pick<Endpoint, "disabled" | "countsFrom">,
  { goneAt, health }: { goneAt: number | null; health: HostHealth },
  now: number,
): Disabling | null {
  if (disabled !== null) return null;
  if (goneAt !== null && goneAt > countsFrom) return { reason: "gone", since: goneAt };
  const since = failingSince(health);
  return since !== null && now - since >= FAILING_MAX_MS ? { reason: "failing", since } : null;
}
