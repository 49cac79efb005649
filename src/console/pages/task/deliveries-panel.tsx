import type { AttemptJson, DeliveryJson } from "../../../contract/shapes/delivery.ts";
import type { PageContext } from "../../page-context.ts";
import { Badge, Code, Distance, Instant, Notice } from "../parts.tsx";
import { reasonText } from "./advice.ts";
import { AdvicePanel } from "./advice-panel.tsx";
import { deliveryStateOf, stateWord, stopReasonOf, toBeExplained } from "./delivery-state.ts";
import { isOnTheWire, type TaskView } from "./task-view.ts";
import { latency } from "./timeline.ts";

/** What a button's answer says, and at which event. */
export interface Saying {
  messageId: string | null;
  sentence: string;
}

interface PanelProps {
  page: PageContext;
  view: TaskView;
  saying: Saying | null;
}

/** Every event with its attempts, and a button to try once more. */
export function DeliveriesPanel({ page, view, saying }: PanelProps) {
  const text = page.text.deliveries;
  const { data } = view.deliveries;
  return (
    <section class="card panel" id="callbacks">
      <h2>{text.title}</h2>
      {view.task.callback === null && <p class="hint">{text.none}</p>}
      {view.task.callback !== null && data.length === 0 && <p class="hint">{text.noneYet}</p>}
      {data.map((delivery) => (
        <Delivery page={page} view={view} delivery={delivery} saying={saying} />
      ))}
    </section>
  );
}

function Delivery({ page, view, delivery, saying }: PanelProps & { delivery: DeliveryJson }) {
  const { text } = page;
  const { message_id: messageId, event, next_attempt_at: next, attempts } = delivery;
  const state = deliveryStateOf(delivery, view);
  const stop = stopReasonOf(delivery, view);
  const byHand = view.life.events.find(({ message_id: id }) => id === messageId)?.by_hand ?? 0;
  const told = toBeExplained(delivery);
  return (
    <article class="delivery" id={messageId}>
      <div class="delivery-head">
        <h3>
          <code>{event}</code>
        </h3>
        <Badge tone={state}>{stateWord(state, text)}</Badge>
        {next !== null && (
          <span class="hint">
            {text.deliveries.next} <Distance page={page} iso={next} />
          </span>
        )}
        <a class="soft" href={`/tasks/${view.task.task_id}/sent/${messageId}`}>
          {text.sent.title}
        </a>
        <form method="post" action={`/tasks/${view.task.task_id}/redeliver`}>
          <input type="hidden" name="message_id" value={messageId} />
          <button type="submit">{text.deliveries.redeliver}</button>
        </form>
      </div>
      {stop !== null && stop !== "superseded" && <p class="hint">{text.callbacks.stop[stop]}</p>}
      {saying?.messageId === messageId && <Notice kind="bad">{saying.sentence}</Notice>}
      {byHand > 0 && <Notice kind="good">{text.deliveries.queued}</Notice>}
      {attempts.length > 0 && (
        <ol class="attempts" aria-label={text.deliveries.attempts}>
          {attempts.toReversed().map((attempt) => (
            <Attempt page={page} messageId={messageId} attempt={attempt}>
              {told.has(attempt) ? (
                <AdvicePanel page={page} view={view} delivery={delivery} attempt={attempt} />
              ) : (
                <Answer page={page} messageId={messageId} attempt={attempt} />
              )}
            </Attempt>
          ))}
        </ol>
      )}
    </article>
  );
}

interface AttemptProps {
  page: PageContext;
  messageId: string;
  attempt: AttemptJson;
}

function Attempt({ page, messageId, attempt, children }: AttemptProps & { children: unknown }) {
  const { text } = page;
  const why = reasonText(attempt, text);
  return (
    <li id={`${messageId}-${attempt.number}`}>
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
function Answer({ page, messageId, attempt }: AttemptProps) {
  const label = page.text.deliveries.body;
  if (attempt.response_excerpt === null) return null;
  return (
    <details id={`${messageId}-${attempt.number}-answer`}>
      <summary>{label}</summary>
      <Code label={label}>{attempt.response_excerpt}</Code>
    </details>
  );
}
