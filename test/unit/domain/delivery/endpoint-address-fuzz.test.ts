import { describe, expect, it } from "vitest";
import { expectRefused } from "./generated-urls.ts";
import { embeddedV4, v4In, v4Spelled, v6In, v6Spelled } from "./hosts.ts";

/*
 * The URL policy against generated addresses. The tables of known ones stand in endpoint-policy.test.ts.
 *
 * scenario                                            requirement
 * each range of IPv4, in every notation               contract, callback_url: no IP literal in any spelling; threats T3
 * each range of IPv6, with IPv4 in each disguise      the same
 */

describe("an IPv4 address", () => {
  it.each([
    ["this network", "0.0.0.0/8"],
    ["private", "10.0.0.0/8"],
    ["shared by carriers", "100.64.0.0/10"],
    ["loopback", "127.0.0.0/8"],
    ["link-local, metadata of clouds", "169.254.0.0/16"],
    ["private", "172.16.0.0/12"],
    ["for protocols", "192.0.0.0/24"],
    ["for documents", "192.0.2.0/24"],
    ["relays of 6to4", "192.88.99.0/24"],
    ["private", "192.168.0.0/16"],
    ["for benchmarks", "198.18.0.0/15"],
    ["multicast", "224.0.0.0/4"],
    ["reserved and broadcast", "240.0.0.0/4"],
    ["public, too", "0.0.0.0/0"],
  ])("that is %s is refused in every spelling: %s", (_name, range) => {
    expectRefused(v4Spelled(v4In(range)));
    expect.hasAssertions();
  });
});

describe("an IPv6 address", () => {
  it.each([
    ["loopback or unspecified", "::/127"],
    ["unique local", "fc00::/7"],
    ["link-local", "fe80::/10"],
    ["site-local", "fec0::/10"],
    ["multicast", "ff00::/8"],
    ["discarded", "100::/64"],
    ["for documents", "2001:db8::/32"],
    ["Teredo", "2001::/32"],
    ["local NAT64", "64:ff9b:1::/48"],
    ["public, too", "2000::/3"],
  ])("that is %s is refused in every spelling: %s", (_name, range) => {
    expectRefused(v6Spelled(v6In(range)));
    expect.hasAssertions();
  });

  it.each([
    ["mapped", "::ffff:0:0"],
    ["compatible", "::"],
    ["translated by NAT64", "64:ff9b::"],
    ["translated by SIIT", "::ffff:0:0:0"],
    ["in 6to4", "2002::"],
    ["in Teredo", "2001:0:4136:e378:8000:63bf::"],
    ["in ISATAP", "fe80::5efe:0:0"],
  ] as const)("with an IPv4 address in it is refused: %s", (kind, prefix) => {
    for (const range of ["127.0.0.0/8", "10.0.0.0/8", "169.254.169.254/32", "0.0.0.0/0"])
      expectRefused(v6Spelled(embeddedV4(kind, prefix, v4In(range))));
    expect.hasAssertions();
  });
});
