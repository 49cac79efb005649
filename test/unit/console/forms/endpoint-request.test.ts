import { describe, expect, it } from "vitest";
import type { EndpointJson } from "../../../../src/contract/shapes/endpoint.ts";
import { issue, showIssue } from "../../../../src/contract/problems.ts";
import {
  changeOf,
  endpointIssue,
  registrationOf,
  typedFrom,
  typedIn,
} from "../../../../src/console/forms/endpoint-request.ts";
import { en } from "../../../../src/console/text/en.ts";

/*
 * scenario                                     requirement (registered endpoints in the console)
 * a form of each kind                          the call of the API that a program would make
 * headers: none, typed, dropped, both          a change replaces all of them, or leaves all
 * a form that is refused                       what was typed, but no header's value
 */

const FORM = { url: "https://hooks.example.com/a", format: "standard", description: "", headers: "" };
const EVENTS: [string, string][] = [
  ["events", "video.succeeded"],
  ["events", "video.failed"],
];
const events = ["video.succeeded", "video.failed"];

function aForm(fields: Record<string, string> = {}, chosen = EVENTS): URLSearchParams {
  return new URLSearchParams([...Object.entries({ ...FORM, ...fields }), ...chosen]);
}

function anEndpoint(overrides: Partial<EndpointJson> = {}): EndpointJson {
  return {
    object: "webhook_endpoint",
    id: "ep_a",
    url: FORM.url,
    events: ["video.succeeded"],
    format: "flat",
    header_names: ["x-a"],
    description: "mine",
    status: "active",
    disabled_reason: null,
    failing_since: null,
    created_at: "2026-11-30T00:00:00.000Z",
    ...overrides,
  };
}

describe("the form that registers an endpoint", () => {
  it.each([
    ["with the least", aForm(), { url: FORM.url, events, format: "standard" }],
    [
      "with everything",
      aForm({ url: ` ${FORM.url} `, description: " mine ", headers: "X-A: 1\nx-b:2", format: "flat" }),
      { url: FORM.url, events, format: "flat", description: "mine", headers: { "X-A": "1", "x-b": "2" } },
    ],
    [
      "without an event, which the schema refuses",
      aForm({}, []),
      { url: FORM.url, events: [], format: "standard" },
    ],
    ["that is empty", new URLSearchParams(), { url: "", events: [], format: "" }],
  ])("%s", (_name, form, request) => {
    expect(registrationOf(form)).toEqual(request);
  });
});

describe("the form that changes an endpoint", () => {
  const shown = { url: FORM.url, events, format: "standard", description: "" };

  it.each([
    ["leaves its headers", aForm(), anEndpoint(), shown],
    [
      "replaces its headers",
      aForm({ headers: "x-b: 2" }),
      anEndpoint(),
      { ...shown, headers: { "x-b": "2" } },
    ],
    ["drops its headers", aForm({ drop_headers: "true" }), anEndpoint(), { ...shown, headers: {} }],
    [
      "drops them for others",
      aForm({ headers: "x-b: 2", drop_headers: "true" }),
      anEndpoint(),
      { ...shown, headers: { "x-b": "2" } },
    ],
    ["leaves those that were set meanwhile", aForm(), anEndpoint({ header_names: [] }), shown],
    [
      "leaves them at another path, too",
      aForm({ url: "https://hooks.example.com/b" }),
      anEndpoint({ header_names: [] }),
      { ...shown, url: "https://hooks.example.com/b" },
    ],
    [
      "has none that another host must not get",
      aForm({ url: "https://other.example.com/a" }),
      anEndpoint({ header_names: [] }),
      { ...shown, url: "https://other.example.com/a", headers: {} },
    ],
    [
      "does not decide for stored ones at another host: the API asks for it",
      aForm({ url: "https://other.example.com/a" }),
      anEndpoint(),
      { ...shown, url: "https://other.example.com/a" },
    ],
    ["takes its description away", aForm(), anEndpoint(), shown],
  ])("%s", (_name, form, endpoint, request) => {
    expect(changeOf(form, endpoint)).toEqual(request);
  });
});

describe("what goes back into a form", () => {
  it("is what was typed, but for the values of headers", () => {
    const typed = typedIn(
      aForm({ headers: "authorization: s3cret", description: "mine", drop_headers: "true" }),
    );
    expect(typed).toEqual({
      url: FORM.url,
      events,
      format: "standard",
      description: "mine",
      hasHeaders: true,
      dropsHeaders: true,
    });
    expect(JSON.stringify(typed)).not.toContain("s3cret");
  });

  it("is what is stored, before anything was typed", () => {
    expect(typedFrom(anEndpoint())).toEqual({
      url: FORM.url,
      events: ["video.succeeded"],
      format: "flat",
      description: "mine",
      hasHeaders: false,
      dropsHeaders: false,
    });
    expect(typedFrom(anEndpoint({ description: null })).description).toBe("");
  });
});

describe("an issue", () => {
  it.each([
    ["url", "url", "URL"],
    ["headers.cookie", "headers", "Custom headers"],
    ["events", "events", "Events"],
    ["description", "description", "Description (optional)"],
    ["format", "format", "Format"],
    ["other", "other", "other"],
  ])("at %s is shown at its field, by its label", (path, field, label) => {
    const shown = showIssue(issue(path, "required"), en.problems);
    expect(endpointIssue(shown, en)).toEqual({ ...shown, field, label });
  });
});
