import { describe, expect, it } from "vitest";
import type { AttemptJson } from "../../../../../src/contract/shapes/delivery.ts";
import type { AttemptReason } from "../../../../../src/contract/words.ts";
import { ATTEMPT_REASONS } from "../../../../../src/contract/words.ts";
import {
  adviceFor,
  adviceText,
  placeOf,
  reasonText,
  redirectTarget,
  type Advice,
} from "../../../../../src/console/pages/task/advice.ts";
import { anchorOf, eventsIn } from "../../../../../src/console/pages/task/delivery-groups.ts";
import {
  deliveryStateOf,
  stateWord,
  stopReasonOf,
  toBeExplained,
} from "../../../../../src/console/pages/task/delivery-state.ts";
import { en } from "../../../../../src/console/text/en.ts";
import { zh } from "../../../../../src/console/text/zh.ts";
import { aDeliveryView, anAttempt, aView, iso } from "../views.ts";

/*
 * scenario                                        requirement (issue: the console)
 * each reason and status of a failed callback     says what to do, as for the upstream's errors
 * deliveries that are pending, stopped, sent      D11, D12: the state that a person means
 * one event at several receivers                  stands once, with each of them; one says nothing about another
 */

const URL_OF_TASK = "https://hooks.acme.com/a";

describe("the advice about a failed callback", () => {
  it.each([
    [401, "secret"],
    [403, "secret"],
    [404, "notFound"],
    [405, "method"],
    [400, "body"],
    [415, "body"],
    [422, "body"],
    [408, "timeout"],
    [413, "tooLarge"],
    [429, "busy"],
    [500, "server"],
    [501, "notImplemented"],
    [502, "gateway"],
    [503, "gateway"],
    [504, "gateway"],
    [520, "server"],
    [402, "other"],
    [304, "other"],
  ])("for a %i is %s", (status, advice) => {
    expect(adviceFor({ reason: `http_${status}`, status_code: status }, URL_OF_TASK)).toBe(advice);
  });

  it.each([
    ["timeout", "timeout"],
    ["connection", "connection"],
    ["redirect", "redirect"],
    ["gone", "gone"],
    ["url_rejected", "urlRejected"],
    ["endpoint_deleted", "endpointDeleted"],
    ["headers_rejected", "headersRejected"],
    ["interrupted", "interrupted"],
  ] as const)("for %s is %s", (reason, advice) => {
    expect(adviceFor({ reason, status_code: null }, URL_OF_TASK)).toBe(advice);
  });

  it("is there for every reason that there is, and for one that is newer than this page", () => {
    for (const reason of ATTEMPT_REASONS.filter((one) => one !== "in_flight"))
      expect(adviceFor({ reason, status_code: null }, null)).not.toBeNull();
    expect(adviceFor({ reason: "eaten" as AttemptReason, status_code: null }, null)).toBe("other");
  });

  it("names n8n's test URL, which answers 404 when nothing listens", () => {
    const n8n = "https://n8n.acme.com/webhook-test/4f1c";
    expect(adviceFor({ reason: "http_404", status_code: 404 }, n8n)).toBe("n8nTest");
    expect(adviceFor({ reason: "http_500", status_code: 500 }, n8n)).toBe("server");
  });

  it("is none for what was delivered or is on its way", () => {
    expect(adviceFor({ reason: null, status_code: 200 }, URL_OF_TASK)).toBeNull();
    expect(adviceFor({ reason: "in_flight", status_code: null }, URL_OF_TASK)).toBeNull();
  });

  it.each([
    ["redirect to https://acme.com/b?c=d", "https://acme.com/b?c=d"],
    ["redirect to /b", "https://hooks.acme.com/b"],
    ["redirect to http://[", "http://["],
    ["<h1>moved</h1>", null],
    [null, null],
  ])("names the address of a redirect that said %j", (excerpt, target) => {
    const attempt = anAttempt({ reason: "redirect", status_code: 302, response_excerpt: excerpt });
    expect(redirectTarget(attempt, URL_OF_TASK)).toBe(target);
  });

  it("takes no address from a receiver that did not redirect", () => {
    const attempt = anAttempt({ reason: "http_500", response_excerpt: "redirect to https://evil.example/" });
    expect(redirectTarget(attempt, URL_OF_TASK)).toBeNull();
  });
});

describe("what is said of an attempt", () => {
  it.each([
    ["gone", "The receiver answered 410 Gone, so Ringback stopped sending this task's callbacks."],
    ["timeout", "The receiver did not answer in time."],
    ["http_501", "The receiver answered 501."],
    ["in_flight", null],
    [null, null],
  ] as const)("for %s is the reason", (reason, sentence) => {
    expect(reasonText(reason, "own", en)).toBe(sentence);
  });

  it.each(["endpoint", "elsewhere"] as const)(
    "at another receiver (%s) is nothing about the task's own",
    (place) => {
      const own =
        place === "elsewhere"
          ? /stopped sending|Ringback stopped|as callback_url|sends it again|waits as long|new tasks|停止|再次发送，|创建新任务|时间等待/
          : /stopped sending|callback_url|callback_headers|another URL: |new tasks|停止发送|创建新任务|创建任务时/;
      const advices = Object.keys(en.callbacks.advice) as Advice[];
      for (const text of [en, zh]) {
        const said = [
          ...ATTEMPT_REASONS.map((reason) => reasonText(reason, place, text) ?? ""),
          // Where only the host is known, no address is n8n's test URL.
          ...advices
            .filter((advice) => advice !== "n8nTest")
            .map((advice) => adviceText(advice, place, text.callbacks)),
        ];
        expect(said.filter((sentence) => own.test(sentence))).toEqual([]);
      }
    },
  );

  it("follows where it went, and is the same sentence where that makes no difference", () => {
    const endpoint = { id: "ep_a", host: "a.example.com" };
    expect(placeOf({}, { endpoint: null })).toBe("own");
    expect(placeOf({}, { endpoint })).toBe("endpoint");
    expect(placeOf({ host: "b.example.com" }, { endpoint })).toBe("elsewhere");
    expect(reasonText("gone", "elsewhere", en)).toBe("The receiver answered 410 Gone.");
    expect(reasonText("gone", "endpoint", en)).toBe(
      "The receiver answered 410 Gone, so Ringback disabled the endpoint.",
    );
    for (const place of ["endpoint", "elsewhere"] as const)
      expect(reasonText("timeout", place, en)).toBe(en.deliveries.reason.timeout);
    expect(adviceText("secret", "elsewhere", en.callbacks)).toBe(en.callbacks.advice.secret);
    expect(adviceText("gone", "elsewhere", en.callbacks)).toBe(en.callbacks.elsewhere.advice.gone);
    expect(adviceText("gone", "endpoint", en.callbacks)).toBe(en.callbacks.endpoint.advice.gone);
    expect(adviceText("gone", "own", en.callbacks)).toBe(en.callbacks.advice.gone);
  });
});

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
