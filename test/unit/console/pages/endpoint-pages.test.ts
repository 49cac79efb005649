import { describe, expect, it } from "vitest";
import type { EndpointJson } from "../../../../src/contract/shapes/endpoint.ts";
import { DISABLED_REASONS } from "../../../../src/contract/words.ts";
import { typedFrom } from "../../../../src/console/forms/endpoint-request.ts";
import { TEXTS, type Language } from "../../../../src/console/language.ts";
import { EndpointPage } from "../../../../src/console/pages/endpoints/endpoint-page.tsx";
import { EndpointsPage } from "../../../../src/console/pages/endpoints/endpoints-page.tsx";
import { HostsPanel } from "../../../../src/console/pages/statistics/hosts-panel.tsx";
import { T0 } from "../../../support/builders.ts";
import { htmlOf, iso, pageIn } from "./views.ts";

/*
 * scenario                                     requirement (registered endpoints in the console)
 * each health of an endpoint, both languages   the list, its page and the statistics say it, and what to do
 */

const ID = `ep_${"a".repeat(26)}`;

function anEndpoint(overrides: Partial<EndpointJson> = {}): EndpointJson {
  return {
    object: "webhook_endpoint",
    id: ID,
    url: "https://hooks.example.com/a",
    events: ["video.succeeded"],
    format: "standard",
    header_names: [],
    description: "Our CRM",
    status: "active",
    disabled_reason: null,
    failing_since: null,
    created_at: iso(0),
    ...overrides,
  };
}

function onePage(endpoint: EndpointJson, language: Language = "en", isOperator = false): string {
  const state = { typed: typedFrom(endpoint), issues: [], said: null };
  return htmlOf(EndpointPage({ page: { ...pageIn(language), isOperator }, endpoint, state }));
}

function listPage(endpoint: EndpointJson): string {
  const page = pageIn("en");
  const typed = typedFrom(endpoint);
  return htmlOf(EndpointsPage({ page, endpoints: [endpoint], typed, issues: [], said: null }));
}

const failing = anEndpoint({ status: "failing", failing_since: iso(0) });

describe("an endpoint that is failing", () => {
  it("shows since when, in the list and on its page, with what to do", () => {
    expect(listPage(failing)).toMatch(/Failing<\/span>[^]*First failed <time [^>]*>2 h ago</);
    const body = onePage(failing);
    expect(body).toMatch(/the first of them <time [^>]*>2 h ago</);
    expect(body).toContain("mend the receiver and send a test");
    // It is sent to, so it can be disabled and not enabled.
    expect(body).toContain(`action="/endpoints/${ID}/disable"`);
    expect(body).not.toContain(`action="/endpoints/${ID}/enable"`);
  });

  it.each<[language: Language, reason: EndpointJson["disabled_reason"]]>([
    ["en", null],
    ["en", "gone"],
    ["zh", "failing"],
  ])("gives an operator no advice that only the account's owner can follow (%s, %s)", (language, reason) => {
    const body = onePage({ ...failing, disabled_reason: reason }, language, true);
    const { operatorTodo, failingTodo, todo, test, settings } = TEXTS[language].endpoints;
    expect(body).toContain(operatorTodo.replace("'", "&#39;"));
    for (const words of [failingTodo, todo.gone, todo.failing, `<h2>${test}</h2>`, `<h2>${settings}</h2>`])
      expect(body).not.toContain(words);
  });

  it("is marked beside its host in the statistics, which lead to it", () => {
    const host = { host: "hooks.example.com", delivered: 3, failed: 5, failingSince: T0, lastReason: null };
    const other = anEndpoint({ id: `ep_${"b".repeat(26)}`, url: "https://other.example.com/" });
    const body = htmlOf(HostsPanel({ page: pageIn("en"), hosts: [host], endpoints: [failing, other] }));
    expect(body).toMatch(new RegExp(`<a href="/endpoints/${ID}">Our CRM</a><span[^>]*>Failing<`));
    expect(body).not.toContain(other.id);
  });
});

describe("an endpoint that is disabled", () => {
  it.each(DISABLED_REASONS.flatMap((reason) => [["en", reason] as const, ["zh", reason] as const]))(
    "says why, what to do and how to get what was missed, in %s: %s",
    (language, reason) => {
      const text = TEXTS[language].endpoints;
      const body = onePage(anEndpoint({ status: "disabled", disabled_reason: reason }), language);
      for (const words of [text.status.disabled, text.why[reason], text.todo[reason], text.missed])
        expect(body).toContain(words);
      expect(body).toContain(`action="/endpoints/${ID}/enable"`);
      expect(body).not.toContain(`action="/endpoints/${ID}/disable"`);
    },
  );

  it("keeps its reason where it had been failing before", () => {
    const both = anEndpoint({ status: "disabled", disabled_reason: "failing", failing_since: iso(0) });
    expect(onePage(both)).toContain("Every attempt has failed for five days");
    expect(onePage(both)).not.toContain("the first of them");
  });
});

describe("an endpoint that is well", () => {
  it("has no word of trouble", () => {
    expect(onePage(anEndpoint())).not.toContain('id="trouble"');
    expect(listPage(anEndpoint())).not.toContain("First failed");
  });
});
