import { describe, expect, it } from "vitest";
import { NEW_HOST, type HostHealth } from "../../../../src/domain/account/hosts.ts";
import { disablingOf, type Disabling } from "../../../../src/domain/endpoint/disabling.ts";
import type { Endpoint } from "../../../../src/domain/endpoint/endpoint.ts";
import { anEndpoint, T0 } from "../../../support/builders.ts";

/*
 * scenario                              requirement
 * an endpoint that answered 410         contract, Registered endpoints: disabled, `gone`
 * one that was enabled after that, or   only attempts that began later count, whatever is reported
 * has another URL since
 * one that fails for days               disabled after five of them, `failing`
 * one that is disabled                  stays as it is
 */

const DAY = 86_400_000;

function failingFrom(first: number, last: number): HostHealth {
  const failedAt = [first, first, first, first, last];
  return { ...NEW_HOST, failedAt, firstFailedAt: first, lastFailure: { at: last, reason: "http_503" } };
}

interface Case {
  what: string;
  endpoint?: Partial<Endpoint>;
  goneAt?: number;
  health?: HostHealth;
  after?: number;
  is: Disabling | null;
}

const GONE = { reason: "gone", since: T0 + 5 } as const;
const FAILING = { reason: "failing", since: T0 } as const;

describe("a registered endpoint", () => {
  it.each<Case>([
    { what: "that does well", is: null },
    { what: "that answered 410", goneAt: T0 + 5, is: GONE },
    {
      what: "that answered 410 before it was enabled",
      endpoint: { countsFrom: T0 + 6 },
      goneAt: T0 + 5,
      is: null,
    },
    {
      what: "that answered so as it was enabled",
      endpoint: { countsFrom: T0 + 5 },
      goneAt: T0 + 5,
      is: null,
    },
    {
      what: "that answered so once it was enabled",
      endpoint: { countsFrom: T0 + 4 },
      goneAt: T0 + 5,
      is: GONE,
    },
    {
      what: "that fails for less than five days",
      health: failingFrom(T0, T0 + DAY),
      after: 5 * DAY - 1,
      is: null,
    },
    { what: "that fails for five days", health: failingFrom(T0, T0 + DAY), after: 5 * DAY, is: FAILING },
    {
      what: "that failed five times in a second, five days ago",
      health: failingFrom(T0, T0 + 1000),
      after: 5 * DAY,
      is: null,
    },
    { what: "that does both", goneAt: T0 + 5, health: failingFrom(T0, T0 + DAY), after: 6 * DAY, is: GONE },
    {
      what: "that is disabled already",
      endpoint: { disabled: { reason: "manual", at: T0 } },
      goneAt: T0 + 5,
      health: failingFrom(T0, T0 + DAY),
      after: 6 * DAY,
      is: null,
    },
  ])("$what: $is", ({ endpoint, goneAt = null, health = NEW_HOST, after = 60_000, is }) => {
    expect(disablingOf(anEndpoint(endpoint), { goneAt, health }, T0 + after)).toEqual(is);
  });
});
