import type { HealthTransition } from "../domain/account/hosts.ts";
import { isoTime } from "../domain/text/time.ts";
import { log } from "../log.ts";

/** What becomes of a registered endpoint. */
const ENDPOINT_EVENTS = {
  failing: "endpoint.failing",
  recovered: "endpoint.recovered",
  disabled: "endpoint.disabled",
} as const;

/** Logs how receivers of an account have changed. */
export function logTransitions(account: string, transitions: readonly HealthTransition[]): void {
  for (const { kind, endpoint, host, since: sinceAt, reason } of transitions) {
    const since = isoTime(sinceAt);
    if (endpoint === null) {
      log(kind === "failing" ? "host.failing" : "host.recovered", { account, host, since, reason });
    } else log(ENDPOINT_EVENTS[kind], { account, endpoint, host, since, reason });
  }
}
