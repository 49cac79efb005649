import type { HealthTransition } from "../../domain/account/hosts.ts";
import type { Alert, AlertCause } from "../../domain/alerts/alert.ts";
import { causeOfTransition, causesOfReport } from "../../domain/alerts/causes.ts";
import {
  causeOfRecovery,
  causeOfTrouble,
  showsRecovery,
  withTrouble,
  type Refusing,
  type UpstreamTrouble,
} from "../../domain/alerts/upstream.ts";
import { errorFields, log } from "../../log.ts";
import { sendAlert, type AlertTarget } from "./send.ts";
import type { AlertStore, SummaryChange } from "./store.ts";

/** What has happened in an account. */
interface AccountNews {
  changes?: readonly SummaryChange[];
  transitions?: readonly HealthTransition[];
  troubles?: readonly UpstreamTrouble[];
}

interface AlertParts {
  /** Whose alerts these are. */
  account: () => string;
  store: Pick<AlertStore, "refusing" | "admit" | "isHeldDue">;
  /** Null: no alerts are sent. */
  target: () => AlertTarget | null;
  /** Lets work go on after the call. */
  background: (work: Promise<void>) => void;
}

/** Alerts on their way at one time: the others wait, because a receiver may take ten seconds for each. */
const AT_ONCE = 3;

/** Tells the operator what needs attention in an account, beside all else: nothing waits for it, nor fails with it. */
export class AccountAlerts {
  readonly #parts: AlertParts;
  readonly #waiting: Alert[] = [];
  #sending = 0;

  constructor(parts: AlertParts) {
    this.#parts = parts;
  }

  tell(news: AccountNews): void {
    const target = this.#parts.target();
    // An alert names its account.
    if (target === null || this.#parts.account() === "") return;
    try {
      this.#waiting.push(...this.#admitted(news));
    } catch (error) {
      // The store refused to remember them; then none is sent, or each process would send it again.
      log("alert.failed", { account: this.#parts.account(), ...errorFields(error) });
    }
    while (this.#sending < Math.min(AT_ONCE, this.#waiting.length)) {
      this.#sending += 1;
      this.#parts.background(this.#send(target));
    }
  }

  #admitted({ changes = [], transitions = [], troubles = [] }: AccountNews): Alert[] {
    const { store } = this.#parts;
    const account = this.#parts.account();
    const causes: AlertCause[] = transitions.map((transition) => causeOfTransition(account, transition));
    let refusing = store.refusing();
    for (const { before, after } of changes) {
      causes.push(...causesOfReport(before, after));
      if (!showsRecovery(refusing, after)) continue;
      causes.push(causeOfRecovery(account, after.upstreamName, refusing));
      refusing = without(refusing, after.upstreamName);
    }
    for (const trouble of troubles) {
      refusing = withTrouble(refusing, trouble);
      causes.push(causeOfTrouble(trouble, refusing));
    }
    const now = Date.now();
    return causes.length > 0 || store.isHeldDue(now) ? store.admit(causes, refusing, now) : [];
  }

  async #send(target: AlertTarget): Promise<void> {
    try {
      for (let alert = this.#waiting.shift(); alert; alert = this.#waiting.shift()) {
        await sendAlert(alert, target);
      }
    } finally {
      this.#sending -= 1;
    }
  }
}

function without(refusing: Refusing, upstream: string): Refusing {
  return Object.fromEntries(Object.entries(refusing).filter(([name]) => name !== upstream));
}
