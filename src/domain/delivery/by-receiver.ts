import { isTerminalEvent } from "../task/events/event.ts";
import type { Delivery } from "./delivery.ts";

/** The deliveries to a registered endpoint, by its id; null: to the task's own callback. */
export function deliveriesTo(
  deliveries: readonly Delivery[],
  endpointId: string | null,
): readonly Delivery[] {
  return deliveries.filter(({ endpoint }) => (endpoint?.id ?? null) === endpointId);
}

/** Of the event that says how the task ended, to that receiver; null: there is none. */
export function terminalDelivery(
  deliveries: readonly Delivery[],
  endpointId: string | null = null,
): Delivery | null {
  const own = deliveriesTo(deliveries, endpointId);
  return own.findLast((delivery) => isTerminalEvent(delivery.type)) ?? null;
}

/** The delivery that stands for the task's own callback: the terminal event's, else the newest. */
export function leadingDelivery(deliveries: readonly Delivery[]): Delivery | null {
  return terminalDelivery(deliveries) ?? deliveriesTo(deliveries, null).at(-1) ?? null;
}
