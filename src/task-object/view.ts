import type { AttemptJson, DeliveryJson, DeliveryList } from "../contract/shapes/delivery.ts";
import { leadingDelivery, type Attempt, type Delivery } from "../domain/delivery/delivery.ts";
import { isRingbackFault } from "../domain/errors/stall.ts";
import { taskJson } from "../domain/task/task-json.ts";
import { isoTime } from "../domain/text/time.ts";
import { errorFields } from "../log.ts";
import { taskFields, type TaskDeps } from "./deps.ts";
import { openText } from "./sealed.ts";
import type { TaskDocument } from "./document.ts";

/** The task as `GET /v1/videos/{id}` answers it, JSON. */
export async function viewTask(deps: TaskDeps, document: TaskDocument): Promise<string> {
  const leading = leadingDelivery(document.deliveries);
  const progress = leading && {
    status: leading.status,
    attempts: leading.attempts,
    nextAttemptAt: leading.nextAttemptAt,
  };
  return taskJson(document.task, progress, await lastAnswer(deps, document));
}

async function lastAnswer(deps: TaskDeps, document: TaskDocument): Promise<string | null> {
  if (deps.session.lastAnswer !== null) return deps.session.lastAnswer;
  try {
    return await openText(deps, document, "answer");
  } catch (error) {
    if (!isRingbackFault(error)) throw error;
    // A changed secret takes the upstream's words with it, not the task.
    deps.log("answer.unreadable", { ...taskFields(document.task), ...errorFields(error) });
    return null;
  }
}

/** The deliveries as `GET /v1/videos/{id}/deliveries` answers them, newest event first, JSON. */
export function viewDeliveries(document: TaskDocument, attempts: readonly Attempt[]): string {
  const rows = document.deliveries.toReversed().map((delivery) =>
    viewDelivery(
      delivery,
      attempts.filter(({ seq }) => seq === delivery.seq),
    ),
  );
  return JSON.stringify({ object: "list", data: rows } satisfies DeliveryList);
}

export function viewDelivery(delivery: Delivery, attempts: readonly Attempt[]): DeliveryJson {
  return {
    message_id: delivery.messageId,
    event: delivery.type,
    status: delivery.status,
    next_attempt_at: isoTime(delivery.nextAttemptAt),
    attempts: attempts.map(viewAttempt),
  };
}

function viewAttempt({ number, trigger, startedAt, result }: Attempt): AttemptJson {
  return {
    number,
    trigger,
    started_at: isoTime(startedAt),
    duration_ms: result?.durationMs ?? null,
    status_code: result?.statusCode ?? null,
    // Until its result is recorded, what an attempt came to is not known.
    outcome: result?.outcome ?? "unknown",
    reason: result ? result.reason : "in_flight",
    response_excerpt: result?.excerpt ?? null,
  };
}
