import { failingSince, type FailingEnd, type HealthTransition, type HostHealth } from "../account/hosts.ts";
import { receiverHost } from "../delivery/endpoint-policy.ts";
import type { Endpoint } from "./endpoint.ts";

/**
 * Whether a call ends that an endpoint is failing: no attempt can show any more that its receiver takes something, so an
 * alert of it would stay open for ever. `after`: undefined: it was deleted. `health`: of the endpoint as it was before.
 */
export function failingEndOf(
  before: Endpoint,
  after: Endpoint | undefined,
  health: HostHealth,
): HealthTransition | null {
  const since = failingSince(health);
  const reason = endOf(before, after);
  // One that is disabled already was told of as such, or was never told of.
  if (since === null || reason === null || before.disabled !== null) return null;
  return { kind: "recovered", endpoint: before.id, host: receiverHost(before.url), since, reason };
}

function endOf(before: Endpoint, after: Endpoint | undefined): FailingEnd | null {
  if (after === undefined) return "deleted";
  if (after.disabled !== null) return "disabled";
  return after.url === before.url ? null : "url_changed";
}
