import type { AttemptJson, DeliveryJson, DeliveryList } from "../contract/shapes/delivery.ts";
import { leadingDelivery } from "../domain/delivery/by-receiver.ts";
import {
  attemptsAtReceiver,
  type Attempt,
  type AttemptResult,
  type Delivery,
} from "../domain/delivery/delivery.ts";
import { isRingbackFault } from "../domain/errors/stall.ts";
import { taskJson } from "../domain/task/task-json.ts";
import { isoTime } from "../domain/text/time.ts";
import { errorFields } from "../log.ts";
import { taskFields, type TaskDeps } from "./deps.ts";
import { openText } from "./document/sealed.ts";
import type { TaskDocument } from "./document/document.ts";

/** The task as `GET /v1/videos/{id}` answers it, JSON. */
export async function viewTask(deps: TaskDeps, document: TaskDocument): Promise<string> {
  const leading = leadingDelivery(document.deliveries);
  const shown = leading && { ...leading, attempts: attemptsAtReceiver(leading) };
  return taskJson(document.task, shown, await lastAnswer(deps, document));
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
export function viewDeliveries({ deliveries }: TaskDocument): string {
  const data = deliveries.toSorted((a, b) => b.occurredAt - a.occurredAt || a.seq - b.seq).map(viewDelivery);
  return JSON.stringify({ object: "list", data } satisfies DeliveryList);
}

export function viewDelivery(delivery: Delivery): DeliveryJson {
  const { messageId, endpoint, type, status, nextAttemptAt, finished, onTheWire } = delivery;
  return {
    message_id: messageId,
    event: type,
    endpoint,
    status,
    next_attempt_at: isoTime(nextAttemptAt),
    attempts: [
      ...finished.map((attempt) => viewAttempt(attempt, attempt.result)),
      ...(onTheWire ? [viewAttempt(onTheWire, null)] : []),
    ],
  };
}

/** `result` is null while it is on the wire: what it came to is not known. */
function viewAttempt(
  { number, trigger, startedAt, host }: Attempt,
  result: AttemptResult | null,
): AttemptJson {
  return {
    number,
    trigger,
    ...(host === undefined ? {} : { host }),
    started_at: isoTime(startedAt),
    duration_ms: result?.durationMs ?? null,
    status_code: result?.statusCode ?? null,
    outcome: result?.outcome ?? "unknown",
    reason: result ? result.reason : "in_flight",
    response_excerpt: result?.excerpt ?? null,
  };
}
