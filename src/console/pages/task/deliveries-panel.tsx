import type { AttemptJson, DeliveryJson } from "../../../contract/shapes/delivery.ts";
import { CallbackBadge, Code, Distance, Instant } from "../parts.tsx";
import { deliveryWord } from "./delivery-word.ts";
import { isOnTheWire, type TaskView } from "./task-view.ts";
import type { Text } from "../../text/en.ts";
import { isWorded } from "../../../contract/words.ts";
import { latency } from "./timeline.ts";
import type { PageContext } from "../../page-context.ts";

/** Every event with its attempts, and a button to try once more. */
export function DeliveriesPanel({ page, view }: { page: PageContext; view: TaskView }) {
  const text = page.text.deliveries;
  const { data } = view.deliveries;
  return (
    <section class="card panel" id="callbacks">
      <h2>{text.title}</h2>
      {view.task.callback === null && <p class="hint">{text.none}</p>}
      {view.task.callback !== null && data.length === 0 && <p class="hint">{text.noneYet}</p>}
      {data.map((delivery) => (
        <Delivery
          page={page}
          taskId={view.task.task_id}
          delivery={delivery}
          word={deliveryWord(delivery, data, page.text)}
        />
      ))}
    </section>
  );
}

interface DeliveryProps {
  page: PageContext;
  taskId: string;
  delivery: DeliveryJson;
  /** Its state. */
  word: string;
}

function Delivery({ page, taskId, delivery, word }: DeliveryProps) {
  const { text } = page;
  const { message_id: messageId, event, next_attempt_at: next, attempts } = delivery;
  return (
    <article class="delivery" id={messageId}>
      <div class="delivery-head">
        <h3>
          <code>{event}</code>
        </h3>
        <CallbackBadge page={page} status={delivery.status} word={word} />
        {next !== null && (
          <span class="hint">
            {text.deliveries.next} <Distance page={page} iso={next} />
          </span>
        )}
        <form method="post" action={`/tasks/${taskId}/redeliver`}>
          <input type="hidden" name="message_id" value={messageId} />
          <button type="submit">{text.deliveries.redeliver}</button>
        </form>
      </div>
      <ol class="attempts" aria-label={text.deliveries.attempts}>
        {attempts.toReversed().map((attempt) => (
          <Attempt page={page} messageId={messageId} attempt={attempt} />
        ))}
      </ol>
    </article>
  );
}

interface AttemptProps {
  page: PageContext;
  messageId: string;
  attempt: AttemptJson;
}

function Attempt({ page, messageId, attempt }: AttemptProps) {
  const { text } = page;
  const why = reasonOf(attempt, text);
  return (
    <li id={`${messageId}-${attempt.number}`}>
      <div class="attempt">
        <span class="attempt-number">{attempt.number}</span>
        <span class={`badge thin is-${isOnTheWire(attempt) ? "running" : attempt.outcome}`}>
          {isOnTheWire(attempt) ? text.deliveries.onTheWire : text.deliveries.outcome[attempt.outcome]}
        </span>
        {attempt.status_code !== null && <code>{attempt.status_code}</code>}
        {attempt.duration_ms !== null && <span>{latency(attempt.duration_ms, text)}</span>}
        <span class="hint">{text.deliveries.trigger[attempt.trigger]}</span>
        <span class="hint attempt-time">
          <Instant iso={attempt.started_at} />
        </span>
      </div>
      {why !== null && <p class="hint">{why}</p>}
      {attempt.response_excerpt !== null && (
        <details id={`${messageId}-${attempt.number}-answer`}>
          <summary>{text.deliveries.body}</summary>
          <Code label={text.deliveries.body}>{attempt.response_excerpt}</Code>
        </details>
      )}
    </li>
  );
}

/** In a sentence; a delivered attempt and one on its way need none. */
function reasonOf(attempt: AttemptJson, { deliveries: text }: Text): string | null {
  const { reason } = attempt;
  if (reason === null || isOnTheWire(attempt)) return null;
  return isWorded(reason) ? text.reason[reason] : text.reasonHttp(reason.slice("http_".length));
}
