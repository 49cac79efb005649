import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRawServer, type RawServer } from "../../../support/wire/raw-server.ts";
import { MODEL, OWN_KEY, sendRaw, startStack, type Stack } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";

/*
 * Where a callback may go and what may ride along, as a deployment judges it (ALLOW_PRIVATE_CALLBACKS not set). The
 * upstream refuses every submit, so that an accepted create is seen by the upstream's own no and nothing is called
 * back.
 *
 * scenario                                            requirement
 * addresses in every spelling                         contract, callback_url: no IP literal; threats T3
 * single labels, special suffixes                     the same: a DNS name with a dot, none of special use
 * schemes, ports, user info, length                   the same
 * the host of the request and RINGBACK_HOSTS          the same: not this deployment's own host; threats T15
 * public URLs                                         the same: accepted
 * names and values of static headers                  contract, callback_headers; threats T14
 * all of them                                         nothing is fetched while judging
 */

const OWN_HOST = "calls.ringback-tools.dev";
const ALSO_OWN = "ringback.acme-studio.com";

let stack: Stack;
/** Stands where the refused loopback URLs point. */
let bystander: RawServer;
beforeAll(async () => {
  bystander = await startRawServer((socket) => socket.end());
  stack = await startStack({
    settings: {
      ALLOW_PRIVATE_CALLBACKS: "",
      RINGBACK_HOSTS: `${ALSO_OWN}, Second.Acme-Studio.com, third.acme-studio.com:8443`,
    },
  });
  stack.gateway.fault({ on: "submit", times: Infinity, status: 400, body: { error: { message: "No." } } });
});
afterAll(async () => {
  await stack.close();
  await bystander.close();
});

interface Verdict {
  status: number;
  error: { code: string; param?: string; issues?: { path: string; message: string }[] };
}

/** How a create with these fields is answered, and whether it got as far as the upstream. */
async function judge(fields: Record<string, unknown>): Promise<Verdict & { submitted: boolean }> {
  const before = stack.gateway.calls.length;
  const response = await stack.create(fields);
  const { error } = (await response.json()) as Verdict;
  return { status: response.status, error, submitted: stack.gateway.calls.length > before };
}

const accepted = { status: 400, error: { code: "upstream_rejected" }, submitted: true };

function refused(param: string) {
  return { status: 400, error: { code: "invalid_request", param }, submitted: false };
}

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

describe("callback_headers", () => {
  const judgeHeaders = async (headers: unknown) =>
    judge({ callback_url: "https://hooks.example.com/", callback_headers: headers });

  const refusedHeaders = {
    ...refused(""),
    error: { code: "invalid_request", param: expect.stringMatching(/^callback_headers\b/) as string },
  };

  it.each(
    byDay([
      "webhook-id",
      "Webhook-Signature",
      "WEBHOOK-ANYTHING",
      "ringback-attempt",
      "Ringback-Other",
      "user-agent",
      "User-Agent",
      "host",
      "content-type",
      "Content-Length",
      "content-encoding",
      "connection",
      "transfer-encoding",
      "te",
      "TE",
      "trailer",
      "upgrade",
      "expect",
      "via",
      "forwarded",
      "proxy-authorization",
      "Proxy-Connection",
      "cookie",
      "cf-connecting-ip",
      "CF-Ray",
      "x-forwarded-for",
      "X-Forwarded-Host",
      "x-real-ip",
      "",
      " ",
      "a b",
      "a:b",
      "a\r\nb",
      "a\nb",
      "a\u0000",
      "x-é",
      "名",
      "x(y)",
      "x,y",
      "x/y",
      'x"y',
    ]),
  )("refuse the name %j", async (name) => {
    expect(await judgeHeaders({ [name]: "v" })).toMatchObject(refusedHeaders);
  });

  it.each(
    byDay([
      ["an accent", "é"],
      ["ideographs", "值"],
      ["an emoji", "🙂"],
      ["CR LF and a header", "v\r\nx-injected: 1"],
      ["LF", "a\nb"],
      ["CR", "a\rb"],
      ["NUL", "a\u0000b"],
      ["a tab", "a\tb"],
      ["DEL", "a\u007fb"],
      ["a lone surrogate", "a\ud800b"],
      ["4097 characters", "v".repeat(4097)],
      ["an object", { a: "b" }],
      ["a list", ["v"]],
    ]),
  )("refuse a value with %s", async (_name, value) => {
    expect(await judgeHeaders({ "x-key": value })).toMatchObject(refusedHeaders);
  });

  it.each(
    byDay([
      ["a name twice in another case", { "X-Key": "1", "x-key": "2" }],
      ["11 of them", Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`x-${index}`, "v"]))],
      ["more than 8 KB in all", { "x-a": "v".repeat(4096), "x-b": "v".repeat(4096), "x-c": "v" }],
      ["a text", "x-key: v"],
      ["a list", ["x-key: v"]],
      ["a number", 5],
    ]),
  )("refuse %s", async (_name, headers) => {
    expect(await judgeHeaders(headers)).toMatchObject(refusedHeaders);
  });

  it("refuse all bad ones at once", async () => {
    const { status, error } = await judgeHeaders({ host: "v", "x-fine": "v", "x-bad": "é" });
    expect(status).toBe(400);
    expect(error.issues?.map(({ path }) => path)).toEqual([
      "callback_headers.host",
      "callback_headers.x-bad",
    ]);
  });

  it.each<[string, unknown]>([
    ["none", {}],
    ["null", null],
    ["x-make-apikey", { "x-make-apikey": "v" }],
    ["authorization", { Authorization: "Bearer abc.def-ghi_jkl" }],
    ["basic authorization", { authorization: "Basic dXNlcjpwYXNzd29yZA==" }],
    ["every sign of a token", { "!#$%&'*+-.^_`|~09azAZ": "v" }],
    ["every visible sign in a value", { "x-key": "!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~" }],
    ["a value of 4096 characters", { "x-key": "v".repeat(4096) }],
    ["10 of them", Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`x-${index}`, "v"]))],
    [
      "names that only look alike",
      { "x-webhook-id": "v", hostname: "v", teapot: "v", viaduct: "v", contents: "v" },
    ],
    [
      "more of those",
      { "x-cf-ray": "v", "x-forwarded": "v", "x-real-ip-2": "v", "x-cookie": "v", accept: "*/*" },
    ],
    ["names of an object's prototype", JSON.parse('{"__proto__":"v","constructor":"v"}')],
  ])("accept %s", async (_name, headers) => {
    expect(await judgeHeaders(headers)).toMatchObject(accepted);
  });
});
