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
 * Whether an endpoint must be disabled now. `goneAt`: when it has answered 410 to a task; an answer from before its owner
 * enabled it again is over, however late or often it is reported. `health`: since it was enabled.
 */
export function disablingOf(
  { disabled, enabledAt }: Pick<Endpoint, "disabled" | "enabledAt">,
  { goneAt, health }: { goneAt: number | null; health: HostHealth },
  now: number,
): Disabling | null {
  if (disabled !== null) return null;
  if (goneAt !== null && goneAt > enabledAt) return { reason: "gone", since: goneAt };
  const since = failingSince(health);
  return since !== null && now - since >= FAILING_MAX_MS ? { reason: "failing", since } : null;
}
