import { describe, expect, it } from "vitest";
import { alertCause, ALERT_TYPES, type Alert } from "../../../../src/domain/alerts/alert.ts";
import { slackBody, standardBody } from "../../../../src/domain/alerts/message.ts";
import { T0 } from "../../../support/builders.ts";

function anAlert(overrides: Partial<Alert> = {}): Alert {
  const { type = "endpoint.failing", account = "acme", ...details } = overrides;
  return { ...alertCause(type, account, details), leftOut: overrides.leftOut ?? {} };
}

const textOf = (alert: Alert): string => (JSON.parse(slackBody({ alert })) as { text: string }).text;

describe("an alert in the format standard", () => {
  it("has an id, a type, a time, and the facts that are known", () => {
    const alert = anAlert({ host: "hooks.acme.com", since: T0, reason: "http_503" });
    expect(JSON.parse(standardBody({ alert, id: "msg_1", at: T0 + 60_000 }))).toEqual({
      id: "msg_1",
      type: "endpoint.failing",
      timestamp: "2026-11-23T12:01:00.000Z",
      data: {
        account: "acme",
        host: "hooks.acme.com",
        count: 1,
        since: "2026-11-23T12:00:00.000Z",
        reason: "http_503",
        left_out: {},
      },
    });
  });

  it("says what was left out, by type", () => {
    const leftOut = { "delivery.exhausted": 12, "submit.unknown": 1 };
    const body = standardBody({ alert: anAlert({ leftOut }), id: "msg_1", at: T0 });
    expect(JSON.parse(body)).toMatchObject({ data: { left_out: leftOut } });
  });
});

describe("an alert in the format slack", () => {
  it.each([
    [
      anAlert({ host: "a.com:8443", since: T0, reason: "timeout" }),
      "The host a.com:8443 has been failing since 2026-11-23T12:00:00.000Z: timeout. (account acme)",
    ],
    [
      anAlert({ type: "endpoint.recovered", endpoint: "ep_1", host: "a.com" }),
      "The endpoint ep_1 (a.com) takes callbacks again. (account acme)",
    ],
    [
      anAlert({ type: "endpoint.recovered", endpoint: "ep_1", host: "a.com", reason: "url_changed" }),
      "The endpoint ep_1 (a.com) is failing no more: url_changed. (account acme)",
    ],
    [
      anAlert({ type: "endpoint.disabled", endpoint: "ep_1", host: "a.com", reason: "gone" }),
      "The endpoint ep_1 (a.com) is disabled: gone. (account acme)",
    ],
    [
      anAlert({ type: "delivery.exhausted", host: "a.com", count: 2, reason: "http_500" }),
      "2 events could not be delivered to the host a.com: http_500. (account acme)",
    ],
    [
      anAlert({ type: "upstream.refusing", upstream: "aio", code: "upstream_unauthorized", message: "No." }),
      "The upstream aio refuses calls: upstream_unauthorized. (account acme)\nThe upstream says: No.",
    ],
    [
      anAlert({ type: "upstream.refusing", upstream: "aio", count: 5, reason: "http_502" }),
      "The upstream aio has not answered 5 calls in a row: http_502. (account acme)",
    ],
    [
      anAlert({ type: "upstream.recovered", upstream: "aio" }),
      "The upstream aio works again. (account acme)",
    ],
    [
      anAlert({ type: "submit.unknown", upstream: "aio", leftOut: { "endpoint.failing": 3 } }),
      "1 task failed as submit_unknown: the upstream aio may have taken it, and may charge for it. (account acme)\n" +
        "Left out since the last alert: 3 endpoint.failing.",
    ],
  ])("is a sentence: %#", (alert, text) => {
    expect(textOf(alert)).toBe(text);
  });

  it.each(ALERT_TYPES)("of type %s has one member, and Slack's signs escaped", (type) => {
    const message = "<!channel> & <https://evil.example.com|click>";
    const alert = anAlert({ type, host: "<a>&", endpoint: "<b>", upstream: "<c>", account: "<d>", message });
    const body = JSON.parse(slackBody({ alert })) as Record<string, string>;
    expect(Object.keys(body)).toEqual(["text"]);
    expect(body["text"]).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
    expect(body["text"]).toContain("&lt;!channel&gt; &amp; &lt;https");
  });
});
