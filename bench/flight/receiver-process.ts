import { Webhook } from "standardwebhooks";
import { startReceiver } from "../../dev/receiver.ts";
import { answerQuestions } from "../lib/child.ts";

/** The receiver of a flight's callbacks. Signatures are judged when it is asked: judging takes CPU from the flight. */

export type ReceiverQuestion =
  | { ask: "url" }
  | { ask: "count" }
  /** Every callback so far, judged by the secrets of the accounts that may send; null: they are not signed. */
  | { ask: "callbacks"; secrets: readonly string[] | null };

export interface ReceivedCallback {
  taskId: string;
  upstreamTaskId: string;
  messageId: string;
  type: string;
  at: number;
  valid: boolean;
}

const receiver = await startReceiver();

answerQuestions((asked) => {
  const question = asked as ReceiverQuestion;
  switch (question.ask) {
    case "url":
      return receiver.url;
    case "count":
      return receiver.received.length;
    case "callbacks":
      return judged(question.secrets);
    default:
      return question satisfies never;
  }
});

function judged(secrets: readonly string[] | null): ReceivedCallback[] {
  const webhooks = (secrets ?? []).map((secret) => new Webhook(secret));
  return receiver.received.map(({ body, headers, at }) => {
    const { type, data } = JSON.parse(body) as {
      type: string;
      data: { task_id: string; upstream_task_id: string };
    };
    return {
      taskId: data.task_id,
      upstreamTaskId: data.upstream_task_id,
      messageId: String(headers["webhook-id"]),
      type,
      at,
      valid: webhooks.some((webhook) => isValid(webhook, body, headers as Record<string, string>)),
    };
  });
}

function isValid(webhook: Webhook, body: string, headers: Record<string, string>): boolean {
  try {
    webhook.verify(body, headers, { jsonParse: false });
    return true;
  } catch {
    // The library throws whatever is wrong: the count is what matters here.
    return false;
  }
}
