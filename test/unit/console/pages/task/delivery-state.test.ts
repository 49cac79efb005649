import { describe, expect, it } from "vitest";
import { anchorOf, eventsIn } from "../../../../../src/console/pages/task/delivery-groups.ts";
import {
  deliveryStateOf,
  stateWord,
  stopReasonOf,
  toBeExplained,
} from "../../../../../src/console/pages/task/delivery-state.ts";
import { en } from "../../../../../src/console/text/en.ts";
import type { AttemptJson } from "../../../../../src/contract/shapes/delivery.ts";
import { aDeliveryView, anAttempt, aView, iso } from "../views.ts";

/*
 * scenario                                        requirement (issue: the console)
 * deliveries that are pending, stopped, sent      D11, D12: the state that a person means
 * one event at several receivers                  stands once, with each of them; one says nothing about another
 */

describe("where a delivery stands", () => {
  const ended = { status: "succeeded", finished_at: iso(19_000) } as const;
  const failed = anAttempt({ outcome: "retryable", reason: "http_401", status_code: 401 });
  const refused = anAttempt({ outcome: "permanent", reason: "gone", status_code: 410 });
  const rejected = anAttempt({ outcome: "permanent", reason: "url_rejected", status_code: null });
  const onTheWire = anAttempt({ outcome: "unknown", reason: "in_flight", status_code: null });

  it.each([
    ["before its first attempt", aDeliveryView(), "unsent"],
    ["while an attempt is on the wire", aDeliveryView({ attempts: [failed, onTheWire] }), "sending"],
    [
      "while one to another URL is on the wire",
      aDeliveryView({ status: "exhausted", attempts: [failed, { ...onTheWire, host: "b.example.com" }] }),
      "exhausted",
    ],
    [
      "after a 410 of another URL",
      aDeliveryView({ attempts: [failed, { ...refused, host: "b.example.com" }] }),
      "retrying",
    ],
    ["between two attempts", aDeliveryView({ attempts: [failed] }), "retrying"],
    ["delivered", aDeliveryView({ status: "delivered" }), "delivered"],
    [
      "delivered, and on its way once more",
      aDeliveryView({ status: "delivered", attempts: [onTheWire] }),
      "sending",
    ],
    ["given up", aDeliveryView({ status: "exhausted", attempts: [failed] }), "exhausted"],
    ["refused for good", aDeliveryView({ status: "stopped", attempts: [refused] }), "stoppedByReceiver"],
    [
      "of a URL that is not allowed any more",
      aDeliveryView({ status: "stopped", attempts: [rejected] }),
      "stopped",
    ],
  ])("%s", (_name, delivery, state) => {
    const view = aView({ task: ended, deliveries: { data: [delivery] } });
    expect(deliveryStateOf(delivery, view)).toBe(state);
    expect(stopReasonOf(delivery, view)).toBeNull();
  });

  it("superseded: the task's end stopped an older event, whatever the end's receiver said later", () => {
    const progress = aDeliveryView({ message_id: "msg_0", event: "video.progress", status: "stopped" });
    const tried = { ...progress, attempts: [failed] };
    for (const delivery of [progress, tried])
      for (const end of [
        [],
        [aDeliveryView()],
        [aDeliveryView({ status: "stopped", attempts: [refused] })],
      ]) {
        const view = aView({ task: ended, deliveries: { data: [...end, delivery] } });
        expect(deliveryStateOf(delivery, view)).toBe("superseded");
        expect(stopReasonOf(delivery, view)).toBe("superseded");
      }
  });

  it("stopped by the answer to an earlier event", () => {
    const running = aDeliveryView({
      message_id: "msg_0",
      event: "video.running",
      status: "stopped",
      attempts: [refused],
    });
    const end = aDeliveryView({ status: "stopped" });
    const view = aView({ task: ended, deliveries: { data: [end, running] } });
    expect(stopReasonOf(end, view)).toBe("receiver");
    expect(deliveryStateOf(end, view)).toBe("stoppedByReceiver");
    expect(stopReasonOf(running, view)).toBeNull();
  });

  it("is explained at the newest attempt that failed, here and elsewhere, and not once one came through", () => {
    const elsewhere = { ...failed, host: "b.example.com" };
    const through = anAttempt();
    const explained = (...attempts: AttemptJson[]): number[] =>
      attempts.flatMap((attempt, index) =>
        toBeExplained(aDeliveryView({ attempts })).has(attempt) ? [index] : [],
      );
    expect(explained(failed)).toEqual([0]);
    expect(explained(refused, failed)).toEqual([1]);
    expect(explained(failed, onTheWire)).toEqual([0]);
    expect(explained(failed, through)).toEqual([]);
    expect(explained(failed, { ...through, host: "b.example.com" })).toEqual([0]);
    expect(explained(failed, elsewhere)).toEqual([0, 1]);
    expect(explained(through, elsewhere)).toEqual([1]);
    expect(explained()).toEqual([]);
  });

  it("has one word", () => {
    const states = [
      "unsent",
      "sending",
      "retrying",
      "delivered",
      "exhausted",
      "stopped",
      "stoppedByReceiver",
      "superseded",
    ] as const;
    expect(states.map((state) => stateWord(state, en))).toEqual([
      "Not due yet",
      "Sending",
      "Retrying",
      "Delivered",
      "Failed",
      "Stopped",
      "Stopped by receiver",
      "Superseded by a newer event",
    ]);
  });

  it("stopped because the upstream refused the task's key", () => {
    const end = aDeliveryView({ status: "stopped" });
    expect(stopReasonOf(end, aView({ task: ended, deliveries: { data: [end] } }))).toBe("key");
  });
});

describe("an event at several receivers", () => {
  const [a, b] = ["a", "b"].map((name) => ({ id: `ep_${name}`, host: `${name}.example.com` }));
  const ended = { status: "succeeded", finished_at: iso(19_000) } as const;
  const refused = anAttempt({ outcome: "permanent", reason: "gone", status_code: 410 });
  if (a === undefined || b === undefined) throw new Error("two endpoints");

  it("stands once, newest event first and the task's own URL first", () => {
    const data = [
      aDeliveryView({ message_id: "msg_2", endpoint: b }),
      aDeliveryView({ message_id: "msg_2" }),
      aDeliveryView({ message_id: "msg_1", endpoint: a }),
    ];
    expect(eventsIn(data).map((event) => event.map(anchorOf))).toEqual([
      ["msg_2", "msg_2-ep_b"],
      ["msg_1-ep_a"],
    ]);
    expect(eventsIn([])).toEqual([]);
  });

  it("is not stopped at one by the answer of another", () => {
    const running = aDeliveryView({ event: "video.running", status: "stopped", attempts: [refused] });
    const end = aDeliveryView({ message_id: "msg_2", endpoint: a, status: "stopped" });
    expect(stopReasonOf(end, aView({ task: ended, deliveries: { data: [end, running] } }))).toBe("endpoint");
    const own = { ...end, endpoint: null };
    const atEndpoint = { ...running, endpoint: a };
    expect(stopReasonOf(own, aView({ task: ended, deliveries: { data: [own, atEndpoint] } }))).toBe("key");
  });

  it("is stopped at an endpoint by its end, its own answer, or because the endpoint takes nothing", () => {
    const progress = aDeliveryView({ event: "video.progress", endpoint: a, status: "stopped" });
    expect(stopReasonOf(progress, aView({ task: ended, deliveries: { data: [progress] } }))).toBe(
      "superseded",
    );
    expect(stopReasonOf(progress, aView({ deliveries: { data: [progress] } }))).toBe("endpoint");
    const gone = aDeliveryView({ endpoint: a, status: "stopped", attempts: [refused] });
    const view = aView({ task: ended, deliveries: { data: [gone] } });
    expect(stopReasonOf(gone, view)).toBeNull();
    expect(deliveryStateOf(gone, view)).toBe("stoppedByReceiver");
  });
});
