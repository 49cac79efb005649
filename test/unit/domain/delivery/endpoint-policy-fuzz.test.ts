import fc from "fast-check";
import { isIP } from "node:net";
import { describe, expect, it } from "vitest";
import { problemText } from "../../../../src/contract/problems.ts";
import { judgeEndpoint } from "../../../../src/domain/delivery/endpoint-policy.ts";
import { expectRefused, isAccepted, OWN, rest, rules, RUNS } from "./generated-urls.ts";
import { v4Spelled, written } from "./hosts.ts";

/*
 * The URL policy against generated names and URLs. The tables of known ones stand in endpoint-policy.test.ts.
 *
 * scenario                                            requirement
 * special-use suffixes, single labels                 the same: a DNS name with a dot, none of special use
 * ports, user info, schemes                           the same
 * the own host, in every spelling                     the same: not this deployment's own host; threats T15
 * IDN, full-width letters, percent signs, dots        the same: judged on the parsed host
 * whatever else                                       what is accepted is a public https URL, and is judged alike again
 */

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789".split("");
const label = fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 1, maxLength: 12 });
/** A label that starts a public name: no number, which would make an address of the name. */
const word = label.map((text) => `a${text}`);

describe("a name", () => {
  it.each([
    "localhost",
    "local",
    "internal",
    "home.arpa",
    "test",
    "invalid",
    "example",
    "onion",
    "arpa",
    "alt",
    "svc",
    "consul",
    "cluster",
    "i2p",
  ])("of special use is refused in every spelling: %s", (suffix) => {
    const names = fc.array(label, { maxLength: 4 }).map((labels) => [...labels, suffix].join("."));
    expectRefused(written(names));
    expect.hasAssertions();
  });

  it("without a dot is refused in every spelling", () => {
    expectRefused(written(word));
    expect.hasAssertions();
  });

  it.each(["ringback.acme.workers.dev", "calls.acme.com", "bücher.acme.com", "xn--bcher-kva.acme.com"])(
    "of this deployment is refused in every spelling: %s",
    (own) => {
      expectRefused(written(fc.constant(own)));
      expect.hasAssertions();
    },
  );

  it("that only contains one of those is accepted, spelled in any way, and comes out as plain ASCII", () => {
    const inner = fc.constantFrom(
      "localhost",
      "local",
      "internal",
      "test",
      "127",
      "10",
      "ringback",
      "xn--bcher-kva",
    );
    const ends = fc.constantFrom("com", "dev", "co.uk", "xn--p1ai", "acme.com", "workers.dev");
    const names = fc.tuple(word, inner, word, ends).map((labels) => labels.join("."));
    fc.assert(
      fc.property(
        written(names),
        rest.filter((tail) => !tail.startsWith("\\")),
        (name, tail) => {
          const verdict = judgeEndpoint(`https://${name}${tail}`, rules);
          expect([name, verdict]).toEqual([
            name,
            { ok: true, url: expect.stringMatching(/^https:\/\/[\x21-\x7e]+$/) as string },
          ]);
        },
      ),
      RUNS,
    );
  });

  it.each([
    "bücher.example.org",
    "例え.テスト.com",
    "пример.рф",
    "faß.de",
    "☃.net",
    "ＡＣＭＥ.com",
    "acme。com",
    "ⓐⓒⓜⓔ.com",
  ])("in any script is judged as what it is looked up as: %s", (name) => {
    const ascii = new URL(`https://${name}/`).hostname;
    expect(judgeEndpoint(`https://${name}/`, rules)).toEqual({ ok: true, url: `https://${ascii}/` });
    expect(judgeEndpoint(`https://${ascii}/`, rules)).toEqual({ ok: true, url: `https://${ascii}/` });
  });

  it.each([
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "ｌｏｃａｌｈｏｓｔ",
    "a.ℓocal",
    "a.ｌｏｃａｌ。",
    "𝓁𝑜𝒸𝒶𝓁𝒽ℴ𝓈𝓉",
    "a.ⁱⁿternal",
    "lo\u00adcalhost",
    "a.lo\u200bcal",
    "127。0。0。1",
    "⑫⑦.0.0.1",
    "1２7.1",
  ])("that turns into one of those when it is parsed is refused: %s", (name) => {
    expect(isAccepted(`https://${name}/`)).toBe(false);
  });
});

describe("the rest of a URL", () => {
  it("has port 443 or one from 1024", () => {
    fc.assert(
      fc.property(word, fc.integer({ min: 0, max: 70_000 }), fc.nat(3), (name, port, zeros) => {
        const allowed = port === 443 || (port >= 1024 && port <= 65_535);
        expect(isAccepted(`https://${name}.acme.com:${"0".repeat(zeros)}${port}/`)).toBe(allowed);
      }),
      RUNS,
    );
  });

  it("has no user info, not even an empty password behind a name", () => {
    const part = fc.string({
      unit: fc.constantFrom(...LETTERS, "%40", ".", ":", "é", "&"),
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(part, fc.option(part, { nil: "" }), (user, password) => {
        const url = new URL("https://acme.com/");
        url.username = user;
        url.password = password;
        expect([url.href, isAccepted(url.href)]).toEqual([url.href, false]);
        expect(
          isAccepted(`https://${encodeURIComponent(user)}:${encodeURIComponent(password)}@acme.com/`),
        ).toBe(false);
      }),
      RUNS,
    );
  });

  it("has no scheme but https", () => {
    const scheme = fc.stringMatching(/^[a-z][a-z0-9+.-]{0,10}$/).filter((text) => text !== "https");
    fc.assert(
      fc.property(scheme, fc.constantFrom(":", ":/", "://", ":\\\\"), (name, slashes) => {
        expect(isAccepted(`${name}${slashes}hooks.acme.com/x`)).toBe(false);
      }),
      RUNS,
    );
  });
});

describe("whatever is accepted", () => {
  const noise = fc.string({ unit: "binary", maxLength: 30 });
  const piece = fc.oneof(
    fc.constantFrom(
      "https:",
      "HTTPS:",
      "//",
      "/",
      "\\",
      "@",
      ":",
      ".",
      "。",
      "[",
      "]",
      "%00",
      "%2e",
      "%40",
      "?",
      "#",
      " ",
      "\t",
      "\n",
      "..",
      "443",
      "65536",
    ),
    fc.constantFrom(
      "acme.com",
      "localhost",
      "127.0.0.1",
      "::1",
      "0x7f",
      "calls.acme.com",
      "xn--",
      "xn--a",
      "a_b",
      "-a",
    ),
    fc.domain(),
    fc.ipV4Extended(),
    noise,
  );
  const text = fc.oneof(
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")),
    fc.array(piece, { maxLength: 6 }).map((pieces) => `https://${pieces.join("")}`),
  );

  it("is a public https URL under a name, and is judged alike again", () => {
    let accepted = 0;
    fc.assert(
      fc.property(text, (given) => {
        const verdict = judgeEndpoint(given, rules);
        if (!verdict.ok) {
          expect(problemText(verdict.problem)).toMatch(/^must /);
          return;
        }
        accepted += 1;
        const url = new URL(verdict.url);
        expect(url.href).toBe(verdict.url);
        expect(verdict.url.length).toBeLessThanOrEqual(2048);
        expect([url.protocol, url.username, url.password]).toEqual(["https:", "", ""]);
        expect(url.port === "" || Number(url.port) >= 1024).toBe(true);
        const name = url.hostname.replace(/\.$/, "");
        expect([name, isIP(name.replace(/^\[|\]$/g, ""))]).toEqual([name, 0]);
        expect(name).toMatch(/^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/);
        expect(name).not.toMatch(/(?:^|\.)(?:\d+|0x[0-9a-f]*)$/);
        expect(name).not.toMatch(/(?:^|\.)(?:localhost|local|internal|arpa|test|invalid|example|onion)$/);
        expect(OWN.map((own) => new URL(`https://${own}`).hostname)).not.toContain(name);
        expect(judgeEndpoint(verdict.url, rules)).toEqual(verdict);
      }),
      { numRuns: 6000 },
    );
    // Or nothing above has been looked at.
    expect(accepted).toBeGreaterThan(1000);
  });

  it("in development is http or https too, and never the own host, however it is spelled", () => {
    const own = ["127.0.0.1:8787", "localhost:8787", "[::1]:8787"];
    const local = { allowPrivate: true, ownHosts: own };
    fc.assert(
      fc.property(v4Spelled(fc.constant(0x7f000001)), fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        const verdict = judgeEndpoint(`http://${host}:${port}/v1/videos`, local);
        expect([host, port, verdict.ok]).toEqual([host, port, port !== 8787]);
      }),
      RUNS,
    );
    for (const host of [
      "LOCALHOST",
      "localhost.",
      "%6cocalhost",
      "ｌocalhost",
      "[0:0::1]",
      "[::0001]",
      "127.1",
      "0x7f.1",
    ])
      expect([host, judgeEndpoint(`http://${host}:8787/`, local).ok]).toEqual([host, false]);
  });
});
