import type { HealthTransition } from "../domain/account/hosts.ts";
import { isoTime } from "../domain/text/time.ts";
import { log } from "../log.ts";

/** Logs how receivers of an account have changed. */
export function logTransitions(account: string | undefined, transitions: readonly HealthTransition[]): void {
  for (const { kind, endpoint, host, since, reason } of transitions) {
    if (endpoint === null) {
      log(kind === "failing" ? "host.failing" : "host.recovered", {
        account,
        host,
        since: isoTime(since),
        reason,
      });
    } else {
      log(
        kind === "disabled"
          ? "endpoint.disabled"
          : kind === "failing"
            ? "endpoint.failing"
            : "endpoint.recovered",
        { account, endpoint, host, since: isoTime(since), reason },
      );
    }
  }
}
