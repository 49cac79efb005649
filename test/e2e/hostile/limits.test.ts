import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { codeOf, send, type Sending } from "../../support/wire/send.ts";
import { MODEL, sendRaw, startStack, type RawAnswer, type Stack } from "../../support/stack.ts";

/*
 * The platform's rate limit, beside what errors.test.ts says of creates by own keys.
 *
 * scenario                                            requirement
 * pings, pings and creates together                   contract, Who is calling: creates and pings are limited, 429
 * several tokens of one name                          the same: per account
 * replays, refused and unknown requests               the same: what is asked for counts, not what comes of it
 * made-up keys from one address                       the same: per client address; the upstream is not asked on
 * questions to the upstream about keys                 the same: every call that leads to a call of the upstream
 * addresses of one IPv6 /64                           the same: one client
 * a proxy of one's own                                CLIENT_ADDRESS_HEADER; calls without an address share one limit
 * everything else                                     not limited
 */

const LIMIT = 5;
/** The local platform's windows turn over with the minutes of the clock. */
const WINDOW_MS = 60_000;
/** What a test asks between two windows takes less, on a busy machine, too. */
const ROOM_MS = 10_000;
const tokenHash = (token: string) => createHash("sha256").update(token).digest("hex");

let stack: Stack;
let serial = 0;
/** A caller and an address that no other test uses. */
let key: string;
let address: string;
beforeAll(async () => {
  stack = await startStack({ createsPerMinute: LIMIT, settings: { UPSTREAM_TIMEOUT_SECONDS: "10" } });
});
beforeEach(() => {
  serial += 1;
  key = `sk-limited-${serial}`;
  address = `203.0.113.${serial}`;
});
afterAll(async () => stack.close());

const VIDEO = { model: MODEL, prompt: "A lighthouse." };

let hosts = 0;

/** From an address of its own each time, unless it names one: the local platform would give all of them the same. */
async function from(on: Stack, path: string, { headers, ...more }: Sending): Promise<RawAnswer> {
  hosts += 1;
  const elsewhere = { "cf-connecting-ip": `10.0.${hosts >> 8}.${hosts & 255}` };
  return send(on, path, { method: "POST", key, ...more, headers: { ...elsewhere, ...headers } });
}

async function create(more: Sending = {}): Promise<RawAnswer> {
  return from(stack, "/v1/videos", { body: VIDEO, ...more });
}

async function ping(more: Sending = {}): Promise<RawAnswer> {
  return from(stack, "/v1/webhooks/ping", { body: { callback_url: stack.receiver.url }, ...more });
}

/** Waits for the next window where this one is nearly over, so that none turns over while a test counts. */
async function untilRoomInWindow(): Promise<void> {
  const leftMs = WINDOW_MS - (Date.now() % WINDOW_MS);
  if (leftMs < ROOM_MS) await new Promise((resolve) => setTimeout(resolve, leftMs + 1));
}

/** Asks until it is refused, all within one window. */
async function exhaust(
  ask: () => Promise<RawAnswer>,
): Promise<{ taken: number; refused: RawAnswer | undefined }> {
  await untilRoomInWindow();
  for (let taken = 0; taken <= LIMIT; taken += 1) {
    const answer = await ask();
    if (answer.status === 429) return { taken, refused: answer };
  }
  return { taken: Infinity, refused: undefined };
}

describe("the limit", () => {
  it("refuses a ping with 429, Retry-After: 60 and the contract's body, and sends nothing", async () => {
    const before = stack.receiver.received.length;
    const { taken, refused } = await exhaust(ping);
    expect(taken).toBe(LIMIT);
    expect(refused?.headers["retry-after"]).toBe("60");
    expect(JSON.parse(refused?.body ?? "")).toEqual({
      error: {
        code: "rate_limited",
        message: expect.stringMatching(/./) as string,
        retryable: true,
        request_id: refused?.headers["x-request-id"],
      },
    });
    expect(stack.receiver.received).toHaveLength(before + taken);
  });

  it("counts creates and pings of an account together", async () => {
    const asks = [create, ping];
    let turn = 0;
    const { taken } = await exhaust(async () => (asks[turn++ % 2] ?? create)());
    expect(taken).toBe(LIMIT);
    expect(codeOf(await create())).toBe("rate_limited");
    expect(codeOf(await ping())).toBe("rate_limited");
  });

  it.each<[name: string, ask: () => Promise<RawAnswer>]>([
    ["a replay", async () => create({ headers: { "idempotency-key": key } })],
    ["what is invalid", async () => create({ body: {} })],
    ["what is no JSON", async () => ping({ body: "{" })],
    ["what is of no known type", async () => create({ headers: { "content-type": "text/plain" } })],
    ["a test", async () => create({ body: { ...VIDEO, test: "succeeded" } })],
    ["what is answered at once", async () => create({ headers: { prefer: "respond-async" } })],
  ])("counts %s", async (_name, ask) => {
    const { taken } = await exhaust(ask);
    expect(taken).toBe(LIMIT);
  });

  it("is each account's own, and each address's", async () => {
    await exhaust(create);
    expect((await create({ key: `${key}-other` })).status).toBe(202);
    const headers = { "cf-connecting-ip": address };
    let caller = 0;
    await exhaust(async () => create({ key: `${key}-${(caller += 1)}`, headers }));
    expect(codeOf(await ping({ key: `${key}-last`, headers }))).toBe("rate_limited");
    expect((await create({ key: `${key}-last` })).status).toBe(202);
  });

  it("stops made-up keys of one address before the upstream is asked about each of them", async () => {
    const headers = { "cf-connecting-ip": address };
    let caller = 0;
    const { taken } = await exhaust(async () => ping({ key: `made-up-${(caller += 1)}`, headers }));
    expect(taken).toBe(LIMIT);
    const asked = stack.gateway.calls.filter(({ authorization }) => authorization?.includes("made-up-"));
    expect(asked.map(({ path }) => path)).toEqual(Array(taken).fill("/v1/models"));
  });

  it("counts questions to the upstream about keys, and its models, and what is remembered never", async () => {
    const headers = { "cf-connecting-ip": address };
    const paths = ["/v1/videos", "/v1/stats", "/v1/webhooks/secret", "/v1/models"];
    for (const path of paths) {
      let caller = 0;
      const asked = { method: "GET", headers: { "cf-connecting-ip": `${address}${paths.indexOf(path)}` } };
      const { taken } = await exhaust(async () =>
        from(stack, path, { ...asked, key: `made-up-${path}-${(caller += 1)}` }),
      );
      expect(taken).toBe(LIMIT);
    }
    expect((await from(stack, "/v1/stats", { method: "GET", headers })).status).toBe(200);
    for (let time = 0; time < 2 * LIMIT; time += 1) {
      for (const path of paths) {
        const { status } = await from(stack, path, { method: "GET", headers });
        expect([path, status]).toEqual([path, 200]);
      }
    }
  });

  it("is one for a whole IPv6 network", async () => {
    let host = 0;
    const { taken } = await exhaust(async () => {
      host += 1;
      const headers = { "cf-connecting-ip": `2001:db8:0:${serial}:${host}::1` };
      return create({ key: `${key}-${host}`, headers });
    });
    expect(taken).toBe(LIMIT);
    const next = { "cf-connecting-ip": `2001:db8:1:${serial}::1` };
    expect((await create({ key: `${key}-next`, headers: next })).status).toBe(202);
  });

  it("is not for reads, secrets, checks of signatures and counts of what a recovery would send", async () => {
    const created = JSON.parse((await create()).body) as { task_id: string };
    // From here on the key is known, and its models are.
    expect((await from(stack, "/v1/models", { method: "GET" })).status).toBe(200);
    await exhaust(create);
    const calls: [path: string, method: string, body?: object][] = [
      [`/v1/videos/${created.task_id}`, "GET"],
      [`/v1/videos/${created.task_id}/deliveries`, "GET"],
      ["/v1/models", "GET"],
      ["/v1/webhooks/secret", "GET"],
      ["/v1/webhooks/verify", "POST", {}],
      ["/v1/webhooks/recoveries", "POST", { dry_run: true }],
      ["/v1/webhooks/recoveries", "POST", { dry_run: "true" }],
    ];
    for (let time = 0; time < 2 * LIMIT; time += 1) {
      for (const [path, method, body] of calls) {
        expect([path, (await send(stack, path, { method, key, body })).status]).toEqual([path, 200]);
      }
    }
    for (const body of [{}, { dry_run: false }, { dry_run: "maybe" }]) {
      expect((await send(stack, "/v1/webhooks/recoveries", { method: "POST", key, body })).status).toBe(429);
    }
  });
});

it("behind a proxy of one's own is by the header that it sets, and one for all calls without it", async () => {
  const proxied = await startStack({
    createsPerMinute: LIMIT,
    settings: { CLIENT_ADDRESS_HEADER: "X-Forwarded-For" },
  });
  try {
    let caller = 0;
    // The platform's header is then what any client says.
    const ask = async (headers: Record<string, string>): Promise<RawAnswer> => {
      caller += 1;
      const spoofed = { "cf-connecting-ip": `192.0.2.${caller}` };
      const sending = { method: "POST", key: `sk-proxied-${caller}`, body: VIDEO };
      return send(proxied, "/v1/videos", { ...sending, headers: { ...spoofed, ...headers } });
    };
    for (const last of ["198.51.100.1", "2001:db8::1"]) {
      const { taken } = await exhaust(async () => ask({ "x-forwarded-for": `${caller}, ${last}` }));
      expect(taken).toBe(LIMIT);
    }
    expect((await exhaust(async () => ask({}))).taken).toBe(LIMIT);
    const others = [await ask({ "x-forwarded-for": "unknown" }), await ask({ "x-forwarded-for": "" })];
    expect(others.map(({ status }) => status)).toEqual([429, 429]);
    expect((await ask({ "x-forwarded-for": "198.51.100.2" })).status).toBe(202);
    // The console's sign-ins, too: one visitor does not lock out others.
    const signIn = async (visitor: string): Promise<number> => {
      const { status } = await sendRaw(`${proxied.worker.url}/sign-in`, {
        method: "POST",
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          "sec-fetch-site": "same-origin",
          "x-forwarded-for": visitor,
        },
        chunks: ["key=made-up"],
      });
      return status;
    };
    const statuses: number[] = [];
    await untilRoomInWindow();
    for (let turn = 0; turn <= LIMIT; turn += 1) statuses.push(await signIn("198.51.100.77"));
    expect(statuses).toEqual([...Array<number>(LIMIT).fill(401), 429]);
    expect(await signIn("198.51.100.78")).toBe(401);
  } finally {
    await proxied.close();
  }
});

it("with the operator's key all tokens of a name share one limit, and another name has its own", async () => {
  const operator = await startStack({
    createsPerMinute: LIMIT,
    settings: {
      AIO_API_KEY: "sk-operator",
      RINGBACK_KEYS: ["one", "two"]
        .map((token) => `alice:${tokenHash(token)}`)
        .join(",")
        .concat(`,bob:${tokenHash("three")}`),
    },
  });
  try {
    const ask = async (token: string) => from(operator, "/v1/videos", { key: token, body: VIDEO });
    let turn = 0;
    const { taken } = await exhaust(async () => ask(turn++ % 2 === 0 ? "one" : "two"));
    expect(taken).toBe(LIMIT);
    expect((await ask("one")).status).toBe(429);
    expect((await ask("two")).status).toBe(429);
    expect((await ask("three")).status).toBe(202);
    expect((await ask("four")).status).toBe(401);
  } finally {
    await operator.close();
  }
});
