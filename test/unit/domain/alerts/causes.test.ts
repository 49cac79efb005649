import { describe, expect, it } from "vitest";
import { alertCause } from "../../../../src/domain/alerts/alert.ts";
import { causeOfTransition, causesOfReport } from "../../../../src/domain/alerts/causes.ts";
import type { TaskSummary } from "../../../../src/domain/account/summary.ts";
import {
  anEndpointSummary,
  aQueuedSummary,
  aSummary,
  failedAttempts,
  T0,
} from "../../../support/builders.ts";

const account = "key:somebody";

const exhausted = aSummary({ delivery: "exhausted", attempts: failedAttempts(1, 2) });
const unknown = aSummary({
  status: "failed",
  error: { code: "submit_unknown", message: "canary", retryable: false },
});

describe("a report gives cause for an alert", () => {
  it.each<{ what: string; before: TaskSummary | null; after: TaskSummary; causes: unknown[] }>([
    {
      what: "when the terminal event is exhausted at the task's own receiver",
      before: aQueuedSummary(),
      after: exhausted,
      causes: [alertCause("delivery.exhausted", account, { host: "hooks.acme.com", reason: "http_503" })],
    },
    {
      what: "when it is so with the first report",
      before: null,
      after: exhausted,
      causes: [alertCause("delivery.exhausted", account, { host: "hooks.acme.com", reason: "http_503" })],
    },
    { what: "not when it was known", before: exhausted, after: { ...exhausted, version: 2 }, causes: [] },
    {
      what: "again after a delivery by hand",
      before: aSummary({ delivery: "delivered" }),
      after: exhausted,
      causes: [alertCause("delivery.exhausted", account, { host: "hooks.acme.com", reason: "http_503" })],
    },
    {
      what: "when it is exhausted at one of the endpoints",
      before: aSummary({ endpoints: [anEndpointSummary({ terminalDelivery: "pending" })] }),
      after: aSummary({
        endpoints: [
          anEndpointSummary({ id: "ep_b", terminalDelivery: "delivered" }),
          anEndpointSummary({ id: "ep_a", terminalDelivery: "exhausted", attempts: failedAttempts(9) }),
        ],
      }),
      causes: [
        alertCause("delivery.exhausted", account, {
          host: "endpoint.acme.com",
          endpoint: "ep_a",
          reason: "http_503",
        }),
      ],
    },
    {
      what: "when a submit has no known outcome",
      before: aQueuedSummary(),
      after: unknown,
      causes: [alertCause("submit.unknown", account, { upstream: "aio" })],
    },
    { what: "not when that was known", before: unknown, after: { ...unknown, version: 2 }, causes: [] },
    { what: "not of a test", before: null, after: { ...exhausted, test: true }, causes: [] },
    { what: "not when all is well", before: aQueuedSummary(), after: aSummary(), causes: [] },
    { what: "not when attempts stop", before: null, after: aSummary({ delivery: "stopped" }), causes: [] },
  ])("$what", ({ before, after, causes }) => {
    expect(causesOfReport(before, after)).toEqual(causes);
  });
});

describe("a receiver that changes", () => {
  it.each([
    ["failing", "endpoint.failing"],
    ["recovered", "endpoint.recovered"],
    ["disabled", "endpoint.disabled"],
  ] as const)("to %s gives cause for %s", (kind, type) => {
    const details = { endpoint: "ep_1", host: "a.com", since: T0, reason: "gone" } as const;
    expect(causeOfTransition("acme", { kind, ...details })).toEqual(alertCause(type, "acme", details));
  });
});
