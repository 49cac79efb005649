import type { DeliveryStatus } from "../../contract/words.ts";
import type { AttemptTally } from "./attempts.ts";
import type { TaskSummary } from "./summary.ts";

/** A receiver of a task's events, as the task's account knows it. */
export interface TaskReceiver {
  /** The registered endpoint's id; null: it is the task's own callback. */
  endpoint: string | null;
  host: string;
  /** Of the terminal event's delivery there; null: there is none. */
  terminalDelivery: DeliveryStatus | null;
  attempts: AttemptTally;
}

type Receiving = Pick<TaskSummary, "callbackHost" | "terminalDelivery" | "attempts" | "endpoints">;

/** A task's receivers: its own callback, if it has one, and then the endpoints that it took along. */
export function receiversOf({
  callbackHost,
  terminalDelivery,
  attempts,
  endpoints,
}: Receiving): TaskReceiver[] {
  const own =
    callbackHost === null ? [] : [{ endpoint: null, host: callbackHost, terminalDelivery, attempts }];
  const registered = endpoints.map((one) => ({
    endpoint: one.id,
    host: one.host,
    terminalDelivery: one.terminalDelivery,
    attempts: one.attempts,
  }));
  return [...own, ...registered];
}

/** Those at one of its receivers; null: nothing was known of it. */
export function attemptsAt(summary: Receiving | null, endpoint: string | null): AttemptTally | null {
  if (summary === null) return null;
  if (endpoint === null) return summary.attempts;
  return summary.endpoints.find(({ id }) => id === endpoint)?.attempts ?? null;
}
