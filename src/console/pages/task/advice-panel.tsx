import type { AttemptJson, DeliveryJson } from "../../../contract/shapes/delivery.ts";
import type { PageContext } from "../../page-context.ts";
import { Code } from "../parts/parts.tsx";
import { adviceFor, adviceText, placeOf, redirectTarget } from "./advice.ts";
import type { TaskView } from "./task-view.ts";

interface AdviceProps {
  page: PageContext;
  view: TaskView;
  delivery: DeliveryJson;
  attempt: AttemptJson;
}

/** What to do about the newest attempt that failed, and what the receiver said to it. */
export function AdvicePanel({ page, view, delivery, attempt }: AdviceProps) {
  const { callbacks: text, deliveries, shell, task } = page.text;
  const place = placeOf(attempt, delivery);
  // Of every other receiver only the host is known.
  const url = place === "own" ? (view.task.callback?.url ?? null) : null;
  const advice = adviceFor(attempt, url);
  if (advice === null) return null;
  const target = redirectTarget(attempt, url);
  return (
    <div class="advice">
      <h4>{task.whatToDo}</h4>
      <p>
        {adviceText(advice, place, text)}{" "}
        {place !== "elsewhere" && (delivery.status === "pending" ? text.again : text.afterwards)}
        {advice === "secret" && !page.isOperator && (
          <>
            {" "}
            <a href="/webhooks">{shell.webhooks}</a>
          </>
        )}
      </p>
      {target !== null && (
        <p>
          {text.leadsTo} <code>{target}</code>
        </p>
      )}
      {target === null && attempt.response_excerpt !== null && (
        <>
          <h4>{deliveries.body}</h4>
          <Code label={deliveries.body}>{attempt.response_excerpt}</Code>
        </>
      )}
    </div>
  );
}
