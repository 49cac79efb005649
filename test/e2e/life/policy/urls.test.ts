import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRawServer, type RawServer } from "../../../support/wire/raw-server.ts";
import { MODEL, OWN_KEY, sendRaw } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import { ALSO_OWN, accepted, refused, useJudge, type Verdict } from "./judge.ts";

/*
 * scenario                                            requirement
 * addresses in every spelling                         contract, callback_url: no IP literal; threats T3
 * single labels, special suffixes                     the same: a DNS name with a dot, none of special use
 * schemes, ports, user info, length                   the same
 * the host of the request and RINGBACK_HOSTS          the same: not this deployment's own host; threats T15
 * public URLs                                         the same: accepted
 * all of them                                         nothing is fetched while judging
 */

const OWN_HOST = "calls.ringback-tools.dev";

const { stack, judge } = useJudge();
/** Stands where the refused loopback URLs point. */
let bystander: RawServer;
beforeAll(async () => {
  bystander = await startRawServer((socket) => socket.end());
});
afterAll(async () => bystander.close());

describe("a callback URL is refused", () => {
  it.each(
    byDay([
      // IPv4 in every spelling that a URL parser knows.
      "https://127.0.0.1/",
      "https://127.0.0.1./",
      "https://127.1/",
      "https://127.0.1/",
      "https://2130706433/",
      "https://0x7f000001/",
      "https://0x7f.0x0.0x0.0x1/",
      "https://0X7F.1/",
      "https://0177.0.0.1/",
      "https://017700000001/",
      "https://0/",
      "https://0.0.0.0/",
      "https://１２７.０.０.１/",
      "https://127。0。0。1/",
      "https://127．0．0．1/",
      "https://①②⑦.⓪.⓪.①/",
      "https://%31%32%37.0.0.1/",
      "https://127%2e0%2e0%2e1/",
      "https:\\\\127.0.0.1\\",
      "https:127.0.0.1/",
      "https:///127.0.0.1/",
      "https://127.0.\n0.1/",
      "\thttps://127.0.0.1/ ",
      "https://127.0.0.1\\@example.com/",
      "https://10.0.0.1/",
      "https://172.16.0.1/",
      "https://192.168.1.1/",
      "https://169.254.169.254/latest/meta-data/",
      "https://100.64.0.1/",
      "https://224.0.0.1/",
      "https://255.255.255.255/",
      "https://8.8.8.8/",
      "https://93.184.215.14:8443/hook",
      // IPv6, mapped, translated, tunnelled, and a public one.
      "https://[::1]/",
      "https://[0:0:0:0:0:0:0:1]/",
      "https://[::]/",
      "https://[fe80::1]/",
      "https://[fc00::1]/",
      "https://[fd12:3456::1]:8443/",
      "https://[::ffff:127.0.0.1]/",
      "https://[::ffff:7f00:1]/",
      "https://[::127.0.0.1]/",
      "https://[64:ff9b::7f00:1]/",
      "https://[2002:7f00:1::]/",
      "https://[2001:4860:4860::8888]/",
      "https://[fe80::1%25eth0]/",
    ]),
  )("that names an address: %j", async (url) => {
    expect(await judge({ callback_url: url })).toMatchObject(refused("callback_url"));
  });

  it.each(
    byDay([
      "https://localhost/",
      "https://LOCALHOST:8443/",
      "https://localhost./",
      "https://receiver/",
      "https://n8n:5678/webhook",
      "https://com/",
      "https://ringback/",
      "https://hooks.localhost/",
      "https://a.b.localhost./",
      "https://printer.local/",
      "https://PRINTER.LOCAL/",
      "https://printer。local/",
      "https://ｐｒｉｎｔｅｒ.ｌｏｃａｌ/",
      "https://printer.%6cocal/",
      "https://metadata.google.internal/",
      "https://svc.internal./",
      "https://router.home.arpa/",
      "https://home.arpa/",
      "https://hooks.test/",
      "https://hooks.invalid/",
      "https://hooks.example/",
      "https://hooks.onion/",
    ]),
  )("that names no public host: %s", async (url) => {
    expect(await judge({ callback_url: url })).toMatchObject(refused("callback_url"));
  });

  it.each(
    byDay([
      "http://hooks.example.com/",
      "HTTP://hooks.example.com/",
      "http://hooks.example.com:443/",
      "ftp://hooks.example.com/",
      "ws://hooks.example.com/",
      "wss://hooks.example.com/",
      "file:///etc/passwd",
      "data:text/plain,hello",
      "javascript:alert(1)",
      "blob:https://hooks.example.com/1",
      "mailto:hooks@example.com",
      "//hooks.example.com/",
      "/hooks",
      "hooks.example.com/",
      "hooks.example.com:8443/",
      "https://",
      "https:///",
      "https://?a=b",
      "https://a..example.com/",
      "https://.example.com/",
      `https://${"a".repeat(64)}.example.com/`,
      `https://${"abcdefg.".repeat(32)}example.com/`,
      "https://exa mple.com/",
      "https://exam<ple.com/",
      "nonsense",
    ]),
  )("that is no https URL of a DNS name: %j", async (url) => {
    expect(await judge({ callback_url: url })).toMatchObject(refused("callback_url"));
  });

  it.each(byDay([0, 1, 22, 25, 80, 442, 444, 993, 1023, 65_536]))("on port %i", async (port) => {
    expect(await judge({ callback_url: `https://hooks.example.com:${port}/` })).toMatchObject(
      refused("callback_url"),
    );
  });

  it.each(
    byDay([
      "https://user@hooks.example.com/",
      "https://user:password@hooks.example.com/",
      "https://:password@hooks.example.com/",
      "https://hooks.example.com@127.0.0.1/",
      "https://127.0.0.1:80@hooks.example.com/",
      "https://%75ser@hooks.example.com/",
    ]),
  )("with user info: %s", async (url) => {
    expect(await judge({ callback_url: url })).toMatchObject(refused("callback_url"));
  });

  it.each(
    byDay([
      ["2049 characters", `https://hooks.example.com/${"x".repeat(2049 - 26)}`],
      ["fewer characters that parse to more than 2048", `https://hooks.example.com/${"é".repeat(1000)}`],
      ["a megabyte", `https://hooks.example.com/${"x".repeat(1_000_000)}`],
    ]),
  )("of %s", async (_name, url) => {
    expect(await judge({ callback_url: url })).toMatchObject(refused("callback_url"));
  });

  it.each([[5], [true], [["https://hooks.example.com/"]], [{ href: "https://hooks.example.com/" }]])(
    "that is no text: %j",
    async (url) => {
      expect(await judge({ callback_url: url })).toMatchObject(refused("callback_url"));
    },
  );

  it.each(
    byDay([
      `https://${ALSO_OWN}/`,
      `https://${ALSO_OWN.toUpperCase()}/hook`,
      `https://${ALSO_OWN}./`,
      `https://${ALSO_OWN}:443/`,
      `https://${ALSO_OWN}:8443/`,
      `https://${ALSO_OWN.replace(".", "。")}/`,
      `https://${ALSO_OWN.replace("r", "%72")}/`,
      "https://second.acme-studio.com/",
      "https://SECOND.acme-studio.com./",
      "https://third.acme-studio.com:8443/",
      "https://third.acme-studio.com/",
    ]),
  )("that leads to RINGBACK_HOSTS: %s", async (url) => {
    expect(await judge({ callback_url: url })).toMatchObject(refused("callback_url"));
  });

  it("and nothing was fetched from any of them, nor from a real listener", async () => {
    const before = stack.receiver.received.length;
    for (const host of ["127.0.0.1", "localhost", "[::1]", "0x7f.1"]) {
      for (const scheme of ["http", "https"]) {
        const url = `${scheme}://${host}:${bystander.port}/hook`;
        expect(await judge({ callback_url: url })).toMatchObject(refused("callback_url"));
      }
    }
    expect(await judge({ callback_url: stack.receiver.url })).toMatchObject(refused("callback_url"));
    expect(bystander.connections).toBe(0);
    expect(stack.receiver.received).toHaveLength(before);
  });
});

describe("the host that a create was sent to", () => {
  /** A create as it arrives at a deployment with a name of its own. */
  async function judgeAt(host: string, callbackUrl: string): Promise<Verdict> {
    const body = JSON.stringify({ model: MODEL, prompt: "A lighthouse.", callback_url: callbackUrl });
    const answer = await sendRaw(`${stack.worker.url}/v1/videos`, {
      method: "POST",
      headers: { host, authorization: `Bearer ${OWN_KEY}`, "content-type": "application/json" },
      chunks: [body],
    });
    return { status: answer.status, error: (JSON.parse(answer.body) as Verdict).error };
  }

  it.each(
    byDay([
      [OWN_HOST, `https://${OWN_HOST}/v1/videos`],
      [OWN_HOST, `https://${OWN_HOST}/`],
      [OWN_HOST, `https://${OWN_HOST.toUpperCase()}/`],
      [OWN_HOST, `https://${OWN_HOST}./`],
      [OWN_HOST, `https://${OWN_HOST}:443/`],
      [OWN_HOST, `https://${OWN_HOST}:8443/`],
      [OWN_HOST.toUpperCase(), `https://${OWN_HOST}/`],
      [`${OWN_HOST}:8787`, `https://${OWN_HOST}/`],
      [`${OWN_HOST}.`, `https://${OWN_HOST}/`],
    ]),
  )("%s is refused as %s", async (host, url) => {
    expect(await judgeAt(host, url)).toMatchObject({
      status: 400,
      error: { code: "invalid_request", param: "callback_url" },
    });
  });

  it.each([`https://not-${OWN_HOST}/`, `https://sub.${OWN_HOST}/`, `https://${OWN_HOST}.example.com/`])(
    "is not %s",
    async (url) => {
      expect(await judgeAt(OWN_HOST, url)).toMatchObject({
        status: 400,
        error: { code: "upstream_rejected" },
      });
    },
  );
});

describe("a callback URL is accepted", () => {
  it.each(
    byDay([
      "https://hooks.example.com/",
      "https://example.com",
      "https://HOOKS.Example.COM/Path?Query=1",
      "https://hooks.zapier.com/hooks/catch/123456/abcdef/",
      "https://hook.eu1.make.com/abcdefghijklmnop",
      "https://n8n.acme.dev/webhook-waiting/12?signature=a%2Fb+c==",
      "https://n8n.acme.dev:5678/webhook/1",
      "https://hooks.example.com:443/",
      "https://hooks.example.com:1024/",
      "https://hooks.example.com:65535/",
      "https://a.b.c.d.e.example.co.uk/",
      "https://xn--bcher-kva.com/",
      "https://bücher.com/",
      "https://1.2.3.4.example.com/",
      "https://localhost.example.com/",
      "https://local.dev/",
      "https://internal.example.com/",
      "https://test.com/",
      "https://hooks.example.com./",
      "https://hooks.example.com/127.0.0.1?to=http://localhost/#x",
      "https://hooks.example.com\\@127.0.0.1/",
      `https://hooks.example.com/${"x".repeat(2048 - 26)}`,
      `https://not-${ALSO_OWN}/`,
      `https://sub.${ALSO_OWN}/`,
    ]),
  )("%s", async (url) => {
    expect(await judge({ callback_url: url })).toMatchObject(accepted);
  });

  it("or absent: left out, null or empty", async () => {
    expect(await judge({})).toMatchObject(accepted);
    expect(await judge({ callback_url: null })).toMatchObject(accepted);
    expect(await judge({ callback_url: "" })).toMatchObject(accepted);
  });
});
