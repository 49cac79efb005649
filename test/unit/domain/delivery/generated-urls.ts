import fc from "fast-check";
import { expect } from "vitest";
import { judgeEndpoint } from "../../../../src/domain/delivery/endpoint-policy.ts";

/** The URL policy of a deployment with hosts of its own, and URLs for it. */

export const OWN = ["ringback.acme.workers.dev", "Calls.Acme.com:8443", "bücher.acme.com"];
export const rules = { allowPrivate: false, ownHosts: OWN };
export const RUNS = { numRuns: 700 };

export const isAccepted = (url: string): boolean => judgeEndpoint(url, rules).ok;

/** What may follow a host. */
export const rest = fc.constantFrom(
  "",
  "/",
  "/hook?a=b",
  ":443/",
  ":8443/x",
  "?x",
  "#y",
  "/@acme.com",
  "\\x",
);

/** Refused whatever follows it, and for what it is: nearly all of them are URLs. */
export function expectRefused(host: fc.Arbitrary<string>): void {
  let parsed = 0;
  fc.assert(
    fc.property(host, rest, (name, tail) => {
      const url = `https://${name}${tail}`;
      if (URL.canParse(url)) parsed += 1;
      expect([url, isAccepted(url)]).toEqual([url, false]);
    }),
    RUNS,
  );
  expect(parsed).toBeGreaterThan(RUNS.numRuns * 0.95);
}
