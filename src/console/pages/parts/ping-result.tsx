import type { PingResult as PingJson } from "../../../contract/shapes/delivery.ts";
import { isWorded } from "../../../contract/words.ts";
import type { PageContext } from "../../page-context.ts";
import { Code, Notice } from "./parts.tsx";
import { latency } from "../task/timeline.ts";

/** What the receiver said to a request that was sent by hand. */
export function PingResult({ page, answer }: { page: PageContext; answer: PingJson }) {
  const { text } = page;
  const {
    delivered,
    status_code: status,
    duration_ms: durationMs,
    reason,
    response_excerpt: excerpt,
  } = answer;
  const why =
    reason !== null && isWorded(reason) && status === null ? text.deliveries.reason[reason] : undefined;
  return (
    <div class="result">
      <Notice kind={delivered ? "good" : "bad"}>
        <strong>{delivered ? text.webhooks.pingDelivered : text.webhooks.pingFailed}</strong>
        {status !== null && ` · HTTP ${status}`}
        {durationMs !== null && ` · ${latency(durationMs, text)}`}
        {why !== undefined && ` · ${why}`}
      </Notice>
      {excerpt !== null && <Code label={text.deliveries.body}>{excerpt}</Code>}
      {/* Only an answer can lack a body. */}
      {excerpt === null && status !== null && <p class="hint">{text.webhooks.noBody}</p>}
    </div>
  );
}
