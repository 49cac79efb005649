import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientNetwork } from "../../../src/http/client-address.ts";

describe("a client's address", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    [" 203.0.113.7 ", "203.0.113.7"],
    ["203.0.113.7:50123", "203.0.113.7"],
    ["203.0.113.007", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"],
    ["[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"],
    ['"[2001:db8:1:2::9]"', "2001:db8:1:2::/64"],
    ["2001:db8::", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["::ffff:cb00:7107", "203.0.113.7"],
    // What a client made up stands before what the proxy has added.
    ["10.0.0.1, 203.0.113.7", "203.0.113.7"],
    ["unknown, 2001:db8:1:2::9", "2001:db8:1:2::/64"],
  ])("%s counts as %s", (header, network) => {
    expect(clientNetwork(header)).toBe(network);
  });

  it.each([
    "",
    " ",
    "unknown",
    "_hidden",
    "203.0.113",
    "203.0.113.256",
    "1.2.3.4.5",
    "2001:db8::1::2",
    "a,",
    ":",
  ])("%j is none", (header) => {
    expect(clientNetwork(header)).toBeNull();
  });

  it("is one for all of an IPv6 /64 and another for the next", () => {
    const spelled = (prefix: number[], rest: number[]): string =>
      [...prefix, ...rest].map((group) => group.toString(16)).join(":");
    const group = fc.integer({ min: 0, max: 0xffff });
    const four = fc.array(group, { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(four, four, four, (prefix, a, b) => {
        fc.pre(prefix.some((value) => value !== 0));
        expect(clientNetwork(spelled(prefix, a))).toBe(clientNetwork(spelled(prefix, b)));
        const next = [...prefix.slice(0, 3), (prefix[3] ?? 0) ^ 1];
        expect(clientNetwork(spelled(next, a))).not.toBe(clientNetwork(spelled(prefix, a)));
      }),
    );
  });

  it("is read from anything without a throw", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (text) => {
        expect(clientNetwork(text) ?? "").toBeTypeOf("string");
      }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        expect(clientNetwork(text)).not.toBeNull();
      }),
    );
  });
});
