import { startReceiver, type Receiver } from "../../dev/receiver.ts";
import { answerQuestions } from "../lib/child.ts";

/** Three receivers: two that are down until they are told to be up, for the recovery and for the loop, and one that is well. */

export type Name = "recovery" | "loop" | "others";

export type ReceiverQuestion =
  | { ask: "urls" }
  /** It takes callbacks from now on, each in `delayMs`; what came before is forgotten. */
  | { ask: "up"; of: Name; delayMs: number }
  | { ask: "taken"; of: Name }
  /** By how much each callback came after its event. */
  | { ask: "late"; of: Name };

export interface Taken {
  tasks: number;
  callbacks: number;
}

const receivers: Record<Name, Receiver> = {
  recovery: await startReceiver(),
  loop: await startReceiver(),
  others: await startReceiver(),
};
receivers.recovery.defaultReply({ status: 503 });
receivers.loop.defaultReply({ status: 503 });

answerQuestions((asked) => {
  const question = asked as ReceiverQuestion;
  switch (question.ask) {
    case "urls":
      return Object.fromEntries(Object.entries(receivers).map(([name, { url }]) => [name, url]));
    case "up":
      receivers[question.of].received.length = 0;
      receivers[question.of].defaultReply({ status: 200, delayMs: question.delayMs });
      return null;
    case "taken":
      return taken(receivers[question.of]);
    case "late":
      return receivers[question.of].received.map(
        ({ at, body }) => at - Date.parse((JSON.parse(body) as { timestamp: string }).timestamp),
      );
    default:
      return question satisfies never;
  }
});

function taken({ received }: Receiver): Taken {
  const ids = new Set(received.map(({ headers }) => headers["webhook-id"]));
  return { tasks: ids.size, callbacks: received.length };
}
