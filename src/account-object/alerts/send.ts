import { slackBody, standardBody } from "../../domain/alerts/message.ts";
import type { Alert } from "../../domain/alerts/alert.ts";
import { judgeEndpoint, type EndpointRules } from "../../domain/delivery/endpoint-policy.ts";
import { neverSent, type AttemptResult } from "../../domain/delivery/delivery.ts";
import type { AlertSettings } from "../../env.ts";
import { newMessageId } from "../../keys/ids.ts";
import { log } from "../../log.ts";
import { wait } from "../../net/wait.ts";
import { RINGBACK_VERSION } from "../../version.ts";
import { sendCallback } from "../../webhook/send.ts";

const TIMEOUT_MS = 10_000;
/** Waits between the three tries. */
const RETRY_MS = [1000, 5000] as const;

/** Where alerts go, by the present settings. */
export interface AlertTarget {
  alerts: AlertSettings;
  rules: EndpointRules;
}

/** Sends an alert, three times at most. It never throws: an alert that does not arrive is a line in the log. */
export async function sendAlert(alert: Alert, target: AlertTarget): Promise<void> {
  // As its owner knows it.
  const account = alert.account.replace(/^name:/, "");
  const message = { alert: { ...alert, account }, id: newMessageId(), at: Date.now() };
  const isSlack = target.alerts.format === "slack";
  const { secret } = target.alerts;
  const body = isSlack ? slackBody(message) : standardBody(message);
  const secrets = isSlack || secret === null ? [] : [secret];
  for (let attempt = 1; ; attempt += 1) {
    const result = await tryOnce({ target, messageId: message.id, body, attempt, secrets });
    const waitMs = RETRY_MS[attempt - 1];
    if (result.outcome === "delivered") return;
    if (waitMs === undefined) {
      const { reason, statusCode } = result;
      log("alert.failed", { account: alert.account, alert: alert.type, reason, status_code: statusCode });
      return;
    }
    await wait(waitMs);
  }
}

interface Try {
  target: AlertTarget;
  messageId: string;
  body: string;
  attempt: number;
  secrets: readonly string[];
}

async function tryOnce({ target, ...message }: Try): Promise<AttemptResult> {
  const verdict = judgeEndpoint(target.alerts.url, target.rules);
  if (!verdict.ok) return neverSent("url_rejected");
  const { url } = verdict;
  return sendCallback({ ...message, url, headers: [], timeoutMs: TIMEOUT_MS, version: RINGBACK_VERSION });
}
