import type { AttemptJson, DeliveryJson } from "../../../contract/shapes/delivery.ts";
import type { PageContext } from "../../page-context.ts";
import { Badge, Code, Instant } from "../parts/parts.tsx";
import { placeOf, reasonText } from "./advice.ts";
import { AdvicePanel } from "./advice-panel.tsx";
import { anchorOf } from "./delivery-groups.ts";
import { toBeExplained } from "./delivery-state.ts";
import { isOnTheWire, type TaskView } from "./task-view.ts";
import { latency } from "./timeline.ts";

interface AttemptsProps {
  page: PageContext;
  view: TaskView;
  delivery: DeliveryJson;
}

/** The attempts of one delivery, newest first, with help where it is wanted. */
export function Attempts({ page, view, delivery }: AttemptsProps) {
  const { attempts } = delivery;
  const told = toBeExplained(delivery);
  if (attempts.length === 0) return null;
  return (
    <ol class="attempts" aria-label={page.text.deliveries.attempts}>
      {attempts.toReversed().map((attempt) => (
        <Attempt page={page} delivery={delivery} attempt={attempt}>
          {told.has(attempt) ? (
            <AdvicePanel page={page} view={view} delivery={delivery} attempt={attempt} />
          ) : (
            <Answer page={page} delivery={delivery} attempt={attempt} />
          )}
        </Attempt>
      ))}
    </ol>
  );
}

type AttemptProps = Omit<AttemptsProps, "view"> & { attempt: AttemptJson };

function Attempt({ page, delivery, attempt, children }: AttemptProps & { children: unknown }) {
  const { text } = page;
  const why = reasonText(attempt.reason, placeOf(attempt, delivery), text);
  return (
    <li id={`${anchorOf(delivery)}-${attempt.number}`}>
      <div class="attempt">
        <span class="attempt-number">{attempt.number}</span>
        <Badge tone={isOnTheWire(attempt) ? "running" : attempt.outcome}>
          {isOnTheWire(attempt) ? text.deliveries.onTheWire : text.deliveries.outcome[attempt.outcome]}
        </Badge>
        {attempt.status_code !== null && <code>{attempt.status_code}</code>}
        {attempt.duration_ms !== null && <span>{latency(attempt.duration_ms, text)}</span>}
        <span class="soft">{text.deliveries.trigger[attempt.trigger]}</span>
        {attempt.host !== undefined && <span class="soft">{text.sent.to(attempt.host)}</span>}
        <span class="soft attempt-time">
          <Instant iso={attempt.started_at} />
        </span>
      </div>
      {why !== null && <p class="hint">{why}</p>}
      {children}
    </li>
  );
}

/** What the receiver said to an attempt; opened by hand. */
function Answer({ page, delivery, attempt }: AttemptProps) {
  const label = page.text.deliveries.body;
  if (attempt.response_excerpt === null) return null;
  return (
    <details id={`${anchorOf(delivery)}-${attempt.number}-answer`}>
      <summary>{label}</summary>
      <Code label={label}>{attempt.response_excerpt}</Code>
    </details>
  );
}
