import type { HealthTransition } from "../account/hosts.ts";
import { receiversOf } from "../account/receivers.ts";
import type { TaskSummary } from "../account/summary.ts";
import { alertCause, type AlertCause } from "./alert.ts";

/** What a newer report of a task gives to alert about. Null: it is the first one. The end of a test wakes no operator. */
export function causesOfReport(before: TaskSummary | null, after: TaskSummary): AlertCause[] {
  if (after.test) return [];
  return [...exhausted(before, after), ...submitUnknown(before, after)];
}

function exhausted(before: TaskSummary | null, after: TaskSummary): AlertCause[] {
  const known = before ? receiversOf(before) : [];
  return receiversOf(after)
    .filter(({ endpoint, terminalDelivery }) => {
      const was = known.find((one) => one.endpoint === endpoint)?.terminalDelivery;
      return terminalDelivery === "exhausted" && was !== "exhausted";
    })
    .map(({ endpoint, host, attempts }) => {
      const reason = attempts.lastFailure?.reason ?? null;
      return alertCause("delivery.exhausted", after.account, { endpoint, host, reason });
    });
}

function submitUnknown(
  before: TaskSummary | null,
  { account, upstreamName, error }: TaskSummary,
): AlertCause[] {
  if (error?.code !== "submit_unknown" || before?.error?.code === "submit_unknown") return [];
  return [alertCause("submit.unknown", account, { upstream: upstreamName })];
}

/** A host, or a registered endpoint, that began to fail, takes attempts again, or is disabled. */
export function causeOfTransition(account: string, { kind, ...details }: HealthTransition): AlertCause {
  return alertCause(`endpoint.${kind}`, account, details);
}
