import { describe, expect, it } from "vitest";
import {
  adviceFor,
  adviceText,
  placeOf,
  reasonText,
  redirectTarget,
  type Advice,
} from "../../../../../src/console/pages/task/advice.ts";
import { en } from "../../../../../src/console/text/en.ts";
import { zh } from "../../../../../src/console/text/zh.ts";
import { ATTEMPT_REASONS, type AttemptReason } from "../../../../../src/contract/words.ts";
import { anAttempt } from "../views.ts";

/*
 * scenario                                        requirement (issue: the console)
 * each reason and status of a failed callback     says what to do, as for the upstream's errors
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
