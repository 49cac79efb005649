import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeEndpoint } from "../../../../src/domain/delivery/endpoint-policy.ts";

const rules = { allowPrivate: false, ownHosts: ["ringback.acme.workers.dev", "Calls.Acme.com:8443"] };
const accepted = (url: string): boolean => judgeEndpoint(url, rules).ok;

describe("a callback URL in production", () => {
  it.each([
    "https://hooks.acme.com/ringback",
    "https://hooks.acme.com:443/x",
    "https://n8n.acme.com:5678/webhook/abc?signature=a%2Bb",
    "https://acme.com:1024/",
    "https://acme.com:65535/",
    "https://xn--bcher-kva.example.org/",
    "https://bücher.example.org/",
    "https://hooks.zapier.com/hooks/catch/1/2/",
    "https://hook.eu1.make.com/abc",
    "https://acme.com./",
    "HTTPS://ACME.COM/",
    "https://a_b.acme.com/",
    "https://1.2.3.4.acme.com/",
    "https://localhost.acme.com/",
    "https://example.com/",
  ])("may be %s", (url) => {
    expect(accepted(url)).toBe(true);
  });

  it.each([
    ...[
      "http://acme.com/",
      "ftp://acme.com/",
      "data:text/plain,x",
      "javascript:alert(1)",
      "file:///etc/passwd",
      "wss://acme.com/",
    ],
    ...["", "acme.com", "//acme.com/x", "https://", "https:///", "/hook", "https://acme.com:99999/"],
    ...["https://acme.com:80/", "https://acme.com:22/", "https://acme.com:1023/", "https://acme.com:0/"],
    ...["https://user@acme.com/", "https://user:pass@acme.com/", "https://:pass@acme.com/"],
    ...[
      "https://127.0.0.1/",
      "https://127.1/",
      "https://2130706433/",
      "https://0x7f000001/",
      "https://0177.0.0.1/",
    ],
    ...[
      "https://0x7f.1/",
      "https://017700000001/",
      "https://127.0.0.1./",
      "https://１２７.０.０.１/",
      "https://127。0。0。1/",
    ],
    ...[
      "https://10.0.0.1/",
      "https://172.16.0.1/",
      "https://192.168.1.1/",
      "https://169.254.169.254/",
      "https://0.0.0.0/",
    ],
    ...[
      "https://8.8.8.8/",
      "https://100.64.0.1/",
      "https://224.0.0.1/",
      "https://255.255.255.255/",
      "https://%31%32%37.0.0.1/",
    ],
    ...[
      "https://[::1]/",
      "https://[::]/",
      "https://[::ffff:127.0.0.1]/",
      "https://[::ffff:7f00:1]/",
      "https://[fe80::1]/",
    ],
    ...[
      "https://[fc00::1]/",
      "https://[64:ff9b::7f00:1]/",
      "https://[2002:7f00:1::]/",
      "https://[2001:0:7f00:1::]/",
      "https://[ff02::1]/",
      "https://[2606:4700::1111]/",
    ],
    ...[
      "https://localhost/",
      "https://LOCALHOST/",
      "https://localhost./",
      "https://foo.localhost/",
      "https://ｌｏｃａｌｈｏｓｔ/",
    ],
    ...[
      "https://intranet/",
      "https://com/",
      "https://printer.local/",
      "https://a.internal/",
      "https://metadata.google.internal/",
    ],
    ...[
      "https://router.home.arpa/",
      "https://1.0.0.127.in-addr.arpa/",
      "https://a.test/",
      "https://a.invalid/",
      "https://a.example/",
      "https://a.onion/",
      "https://nas.lan/",
      "https://a.localdomain/",
      "https://ringback.default.svc/",
      "https://api.service.consul/",
      "https://a.cluster/",
      "https://a.i2p/",
    ],
    ...[
      "https://acme.com../",
      "https://.acme.com/",
      "https://a..b.com/",
      "https://-a.acme.com/",
      "https://a-.acme.com/",
      `https://${"a".repeat(64)}.com/`,
    ],
    ...[
      "https://ringback.acme.workers.dev/",
      "https://RINGBACK.acme.workers.dev./x",
      "https://ringback.acme.workers.dev:8443/",
      "https://calls.acme.com/",
    ],
    `https://acme.com/${"a".repeat(2048)}`,
  ])("is not %s", (url) => {
    expect(accepted(url)).toBe(false);
  });

  it("is never an IPv4 address in any spelling", () => {
    const part = (value: number, spelling: number): string =>
      [String(value), `0x${value.toString(16)}`, `0${value.toString(8)}`][spelling % 3] ?? "";
    fc.assert(
      fc.property(
        fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }),
        fc.array(fc.nat(2), { minLength: 5, maxLength: 5 }),
        (octets, spellings) => {
          const value = octets.reduce((sum, octet) => sum * 256 + octet, 0);
          const dotted = octets.map((octet, index) => part(octet, spellings[index] ?? 0)).join(".");
          for (const host of [
            dotted,
            `${dotted}.`,
            part(value, spellings[4] ?? 0),
            `${octets[0]}.${value % 16_777_216}`,
          ]) {
            expect([host, accepted(`https://${host}/`)]).toEqual([host, false]);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("is never an IPv6 address, and no text makes the judgement throw", () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.webUrl(), fc.string({ unit: "binary" }), (address, url, noise) => {
        expect(accepted(`https://[${address}]/`)).toBe(false);
        for (const text of [url, noise, `https://${noise}/`, `https://acme.com${noise}`]) {
          const verdict = judgeEndpoint(text, rules);
          if (verdict.ok)
            expect(new URL(verdict.url)).toMatchObject({ protocol: "https:", username: "", password: "" });
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("keeps its query byte for byte as parsed", () => {
    const url = "https://n8n.acme.com/webhook-waiting/7?signature=a%2Bb%3D&x=%20y";
    expect(judgeEndpoint(url, rules)).toEqual({ ok: true, url });
  });
});

describe("a callback URL in development", () => {
  const local = { allowPrivate: true, ownHosts: ["127.0.0.1:8787"] };

  it("may be http, on any port, an IP or loopback, but not the own host", () => {
    for (const url of [
      "http://127.0.0.1:9000/hook",
      "http://localhost/",
      "https://[::1]:22/",
      "http://10.0.0.1:80/",
    ]) {
      expect([url, judgeEndpoint(url, local).ok]).toEqual([url, true]);
    }
    for (const url of [
      "http://127.0.0.1:8787/v1/videos",
      "http://127.1:8787/",
      "ftp://127.0.0.1/",
      "http://u:p@127.0.0.1:9000/",
    ]) {
      expect([url, judgeEndpoint(url, local).ok]).toEqual([url, false]);
    }
  });
});
