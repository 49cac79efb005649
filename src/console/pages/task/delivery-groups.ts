import type { DeliveryJson } from "../../../contract/shapes/delivery.ts";

/** An event is told to several receivers: its deliveries share the message's id. */

type Identified = Pick<DeliveryJson, "message_id" | "endpoint">;

/** The deliveries of each event, events and receivers in the order in which they come; the task's own URL first. */
export function eventsIn(deliveries: readonly DeliveryJson[]): DeliveryJson[][] {
  const events = Map.groupBy(deliveries, ({ message_id: id }) => id);
  return Array.from(events.values(), (event) =>
    event.toSorted((a, b) => Number(a.endpoint !== null) - Number(b.endpoint !== null)),
  );
}

/** The place of a delivery on its task's page. */
export function anchorOf({ message_id: messageId, endpoint }: Identified): string {
  return anchorAt(messageId, endpoint?.id ?? null);
}

export function anchorAt(messageId: string, endpoint: string | null): string {
  return endpoint === null ? messageId : `${messageId}-${endpoint}`;
}

/** Whether two are for the same receiver. */
export function sameReceiver(a: Identified, b: Identified): boolean {
  return a.endpoint?.id === b.endpoint?.id;
}
