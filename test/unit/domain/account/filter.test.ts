import { describe, expect, it } from "vitest";
import { EVERY_TASK, matchesFilter, type TaskFilter } from "../../../../src/domain/account/filter.ts";
import type { TaskSummary } from "../../../../src/domain/account/summary.ts";
import { anEndpointSummary, aSummary, T0 } from "../../../support/builders.ts";

/*
 * scenario                          requirement
 * each filter, on a task            contract, GET /v1/videos: what it means
 * several filters                   all must hold
 * odd members of the metadata       a top-level scalar: strings by their characters, numbers and booleans as in JSON
 */

const TASK = aSummary({
  status: "failed",
  model: "seedance",
  delivery: "exhausted",
  callbackHost: "hooks.acme.com:8443",
  upstreamTaskId: "up-7",
  metadata: '{"order":42,"note":"late"}',
  endpoints: [
    anEndpointSummary({ id: "ep_a", terminalDelivery: "delivered" }),
    anEndpointSummary({ id: "ep_b" }),
  ],
});

function matches(asked: Partial<TaskFilter>, about: Partial<TaskSummary> = {}): boolean {
  return matchesFilter({ ...TASK, ...about }, { ...EVERY_TASK, ...asked });
}

const WITHOUT_CALLBACK = { delivery: null, callbackHost: null };

const TABLE: [what: string, asked: Partial<TaskFilter>, about: Partial<TaskSummary>, is: boolean][] = [
  ["nothing", {}, {}, true],
  ["its status", { statuses: ["failed"] }, {}, true],
  ["its status among others", { statuses: ["queued", "failed"] }, {}, true],
  ["another status", { statuses: ["queued", "running"] }, {}, false],
  ["its callback's status", { callbackStatuses: ["waiting", "exhausted"] }, {}, true],
  ["another one", { callbackStatuses: ["delivered"] }, {}, false],
  ["`none`, with a callback", { callbackStatuses: ["none"] }, {}, false],
  [
    "`none`, without a callback",
    { callbackStatuses: ["none"] },
    { delivery: null, callbackHost: null },
    true,
  ],
  ["a callback's status, without a callback", { callbackStatuses: ["waiting"] }, { delivery: null }, false],
  ["its host", { callbackHost: "hooks.acme.com:8443" }, {}, true],
  ["its host at another port", { callbackHost: "hooks.acme.com" }, {}, false],
  ["a host, without a callback", { callbackHost: "hooks.acme.com" }, { callbackHost: null }, false],
  ["its endpoint", { endpoint: "ep_a" }, {}, true],
  ["an endpoint that it did not take along", { endpoint: "ep_c" }, {}, false],
  ["an endpoint, and it has none", { endpoint: "ep_a" }, { endpoints: [] }, false],
  ["its endpoint, without a callback of its own", { endpoint: "ep_a" }, WITHOUT_CALLBACK, true],
  ["the status at its endpoint", { endpoint: "ep_a", callbackStatuses: ["delivered"] }, {}, true],
  [
    "the callback's status, at its endpoint",
    { endpoint: "ep_a", callbackStatuses: ["exhausted"] },
    {},
    false,
  ],
  ["`waiting`, at an endpoint without an end", { endpoint: "ep_b", callbackStatuses: ["waiting"] }, {}, true],
  [
    "`waiting`, at an endpoint that has its end",
    { endpoint: "ep_a", callbackStatuses: ["waiting"] },
    {},
    false,
  ],
  ["`none`, at an endpoint", { endpoint: "ep_b", callbackStatuses: ["none"] }, WITHOUT_CALLBACK, false],
  [
    "the callback's host, with its endpoint",
    { endpoint: "ep_a", callbackHost: "hooks.acme.com:8443" },
    {},
    true,
  ],
  ["the endpoint's host", { endpoint: "ep_a", callbackHost: "endpoint.acme.com" }, {}, false],
  ["its model", { model: "seedance" }, {}, true],
  ["the beginning of its model", { model: "seed" }, {}, false],
  ["its model in capitals", { model: "SEEDANCE" }, {}, false],
  ["its upstream", { upstreamName: "aio" }, {}, true],
  ["another upstream", { upstreamName: "ark" }, {}, false],
  ["no test, and it is none", { test: false }, {}, true],
  ["a test, and it is none", { test: true }, {}, false],
  ["a test, and it is one", { test: true }, { test: true }, true],
  ["created at that instant or later", { createdAfter: T0 }, {}, true],
  ["created after it", { createdAfter: T0 + 1 }, {}, false],
  ["created before that instant", { createdBefore: T0 }, {}, false],
  ["created before the next one", { createdBefore: T0 + 1 }, {}, true],
  ["its upstream's id", { upstreamTaskId: "up-7" }, {}, true],
  ["another one's id", { upstreamTaskId: "up-70" }, {}, false],
  ["an id, without one yet", { upstreamTaskId: "null" }, { upstreamTaskId: null }, false],
  ["all that it is", { statuses: ["failed"], model: "seedance", test: false, createdAfter: T0 }, {}, true],
  ["all but one thing that it is", { statuses: ["failed"], model: "kling", test: false }, {}, false],
];

describe("a filter", () => {
  it.each(TABLE)("by %s", (_what, asked, about, is) => {
    expect(matches(asked, about)).toBe(is);
  });
});

/** A member as it stands in the metadata, and a value that is asked for. */
const MEMBERS: [member: string, value: string, is: boolean][] = [
  ['"late"', "late", true],
  ['"late"', '"late"', false],
  ['"late"', "Late", false],
  ['"l\\u0061te"', "late", true],
  ['"\\u0000"', "\u0000", true],
  ['""', "", true],
  ['"42"', "42", true],
  ["42", "42", true],
  ["42", "42.0", true],
  ["42.0", "42", true],
  ["4.2e1", "42", true],
  ["42", "+42", false],
  ["42", " 42", false],
  ["42", "042", false],
  ["42", "0x2a", false],
  ["42", "", false],
  ["-0", "0", true],
  ["12345678901234567890", "12345678901234567890", true],
  ["12345678901234567890", "12345678901234567891", false],
  ["1e400", "1e400", true],
  ["true", "true", true],
  ["true", "false", false],
  ["true", "TRUE", false],
  ["true", "1", false],
  ["null", "null", false],
  ["null", "", false],
  ["[1]", "[1]", false],
  ["[1]", "1", false],
  ['{"a":1}', '{"a":1}', false],
  ['{"a":1}', "[object Object]", false],
];

describe("a filter by metadata", () => {
  it.each(MEMBERS)("takes %s for %j: %s", (member, value, is) => {
    expect(matches({ metadata: [{ name: "x", value }] }, { metadata: `{"x":${member}}` })).toBe(is);
  });

  it.each<[metadata: string | null, name: string, value: string, is: boolean]>([
    [null, "order", "42", false],
    ["{}", "order", "undefined", false],
    ["{}", "constructor", "function Object() { [native code] }", false],
    ["{}", "__proto__", "[object Object]", false],
    ['{"__proto__":"own"}', "__proto__", "own", true],
    ['{"a":{"b":1}}', "a.b", "1", false],
    ['{"a.b":1}', "a.b", "1", true],
    ['{"订单":"一"}', "订单", "一", true],
  ])("of %s asks for the member %s itself", (metadata, name, value, is) => {
    expect(matches({ metadata: [{ name, value }] }, { metadata })).toBe(is);
  });

  it("holds only if each member fits", () => {
    const [order, note] = [
      { name: "order", value: "42" },
      { name: "note", value: "late" },
    ];
    expect(matches({ metadata: [order, note] })).toBe(true);
    expect(matches({ metadata: [order, { name: "note", value: "early" }] })).toBe(false);
  });
});
