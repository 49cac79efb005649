import type { DeliveryJson } from "../../../contract/shapes/delivery.ts";
import type { TaskJson } from "../../../contract/shapes/task.ts";
import { isTerminal } from "../../../domain/task/task.ts";
import type { PageContext } from "../../page-context.ts";
import type { Text } from "../../text/en.ts";
import { Badge, Distance, Notice } from "../parts/parts.tsx";
import { Attempts } from "./attempts.tsx";
import { anchorOf, eventsIn } from "./delivery-groups.ts";
import { deliveryStateOf, stateWord, stopReasonOf } from "./delivery-state.ts";
import type { TaskView } from "./task-view.ts";

/** What a button's answer says, and at which delivery. */
export interface Saying {
  at: string | null;
  sentence: string;
}

interface PanelProps {
  page: PageContext;
  view: TaskView;
  saying: Saying | null;
}

/** Every event with its receivers; of each its attempts, and a button to try once more. */
export function DeliveriesPanel({ page, view, saying }: PanelProps) {
  const text = page.text.deliveries;
  const { data } = view.deliveries;
  return (
    <section class="card panel" id="callbacks">
      <h2>{text.title}</h2>
      {data.length === 0 && <p class="hint">{nothingOf(view.task, text)}</p>}
      {eventsIn(data).map((deliveries) => (
        <Event page={page} view={view} deliveries={deliveries} saying={saying} />
      ))}
    </section>
  );
}

/** Which endpoints a task has taken along is not known before there is an event. */
function nothingOf(task: TaskJson, { none, noneOwn, noneYet }: Text["deliveries"]): string {
  if (task.callback !== null) return noneYet;
  return isTerminal(task) ? none : noneOwn;
}

type EventProps = PanelProps & { deliveries: readonly DeliveryJson[] };

/** With one receiver the event and its delivery are one line. */
function Event({ page, view, deliveries, saying }: EventProps) {
  const [first, ...others] = deliveries;
  if (first === undefined) return null;
  const name = (
    <h3>
      <code>{first.event}</code>
    </h3>
  );
  const isAlone = others.length === 0;
  return (
    <article class="delivery" id={`event-${first.message_id}`}>
      {!isAlone && name}
      {deliveries.map((delivery) => (
        <Delivery page={page} view={view} saying={saying} delivery={delivery}>
          {isAlone && name}
          {(!isAlone || delivery.endpoint !== null) && (
            <Receiver page={page} view={view} delivery={delivery} />
          )}
        </Delivery>
      ))}
    </article>
  );
}

type DeliveryProps = PanelProps & { delivery: DeliveryJson };

/** How many attempts by hand wait for their turn. */
function byHandOf({ message_id: messageId, endpoint }: DeliveryJson, { diagnostics }: TaskView): number {
  const known = diagnostics.deliveries.find(
    (one) => one.message_id === messageId && one.endpoint_id === (endpoint?.id ?? null),
  );
  return known?.by_hand ?? 0;
}

/** Where it goes: the task's own URL, or an endpoint. */
function Receiver({ page, view, delivery: { endpoint } }: Omit<DeliveryProps, "saying">) {
  const { endpoints, task } = page.text;
  return (
    <span class="receiver-name">
      <span class="soft">{endpoint === null ? task.callbackUrl : endpoints.one}</span>{" "}
      {endpoint === null ? (
        URL.parse(view.task.callback?.url ?? "")?.host
      ) : (
        <a href={`/endpoints/${endpoint.id}`}>{endpoint.host}</a>
      )}
    </span>
  );
}

function Delivery({ page, view, delivery, saying, children }: DeliveryProps & { children: unknown }) {
  const { text } = page;
  const { message_id: messageId, endpoint, next_attempt_at: next } = delivery;
  const state = deliveryStateOf(delivery, view);
  const stop = stopReasonOf(delivery, view);
  const byHand = byHandOf(delivery, view);
  const query = endpoint === null ? "" : `?endpoint=${endpoint.id}`;
  return (
    <section class="receiver" id={anchorOf(delivery)}>
      <div class="delivery-head">
        {children}
        <Badge tone={state}>{stateWord(state, text)}</Badge>
        {next !== null && (
          <span class="hint">
            {text.deliveries.next} <Distance page={page} iso={next} />
          </span>
        )}
        <a class="soft" href={`/tasks/${view.task.task_id}/sent/${messageId}${query}`}>
          {text.sent.title}
        </a>
        <form method="post" action={`/tasks/${view.task.task_id}/redeliver`}>
          <input type="hidden" name="message_id" value={messageId} />
          {endpoint !== null && <input type="hidden" name="endpoint" value={endpoint.id} />}
          <button type="submit">{text.deliveries.redeliver}</button>
        </form>
      </div>
      {stop !== null && stop !== "superseded" && <p class="hint">{text.callbacks.stop[stop]}</p>}
      {saying?.at === anchorOf(delivery) && <Notice kind="bad">{saying.sentence}</Notice>}
      {byHand > 0 && <Notice kind="good">{text.deliveries.queued}</Notice>}
      <Attempts page={page} view={view} delivery={delivery} />
    </section>
  );
}
