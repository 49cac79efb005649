import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startWorker } from "../../../../dev/worker.ts";
import {
  FAST_SETTINGS,
  isTerminal,
  sendRaw,
  startStack,
  submitsTo,
  type RawAnswer,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import { CREATE, VALID, expectCode, sha256, withoutRequestId } from "./contract.ts";

/*
 * scenario                                               requirement (contract)
 * tokens that are missing, malformed or unknown          Who is calling: 401, same bytes
 * settings that are missing or do not parse              Who is calling: 503, named, Retry-After
 * more creates than allowed                              Who is calling: 429, Retry-After: 60, per account and address
 */

describe("with the operator's key", () => {
  const TOKEN = "rb-token-of-alice";
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({
      token: TOKEN,
      settings: {
        AIO_API_KEY: "sk-operator",
        RINGBACK_KEYS: `alice:${sha256(TOKEN)},bob:${sha256("rb-token-of-bob")}`,
        RINGBACK_KEYS_9: `alice:${sha256("rb-second-token-of-alice")}`,
      },
    });
  });
  beforeEach(() => {
    stack.gateway.calls.length = 0;
  });
  afterAll(async () => stack.close());

  it("a token that is missing, malformed or unknown is 401 with the same bytes everywhere", async () => {
    const { task_id: id } = (await (await stack.create()).json()) as TaskBody;
    await stack.task(id, isTerminal);
    stack.gateway.calls.length = 0;
    const bodies = new Set<string>();
    const headerNames = new Set<string>();
    const tokens = [
      undefined,
      "",
      "Bearer",
      "Bearer unknown",
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(0, -1)}`,
      `Bearer ${TOKEN.toUpperCase()}`,
      `Bearer ${TOKEN} ${TOKEN}`,
      `Basic ${TOKEN}`,
      TOKEN,
      "Bearer alice",
      `Bearer ${sha256(TOKEN)}`,
      `Bearer alice:${sha256(TOKEN)}`,
      "Bearer sk-operator",
      `Bearer ${"x".repeat(5000)}`,
      "Bearer é",
    ];
    for (const authorization of tokens) {
      const headers = {
        "content-type": "application/json",
        ...(authorization === undefined ? {} : { authorization }),
      };
      const answers = [
        await sendRaw(`${stack.worker.url}/v1/videos`, { method: "POST", headers, chunks: [VALID] }),
        await sendRaw(`${stack.worker.url}/v1/videos/${id}`, { headers }),
        await sendRaw(`${stack.worker.url}/v1/videos/${id}/deliveries`, { headers }),
        await sendRaw(`${stack.worker.url}/v1/models`, { headers }),
        await sendRaw(`${stack.worker.url}/v1/webhooks/secret`, { headers }),
      ];
      for (const answer of answers) {
        expectCode(answer, "unauthorized");
        bodies.add(withoutRequestId(answer));
        headerNames.add(Object.keys(answer.headers).toSorted().join());
      }
    }
    expect(bodies.size).toBe(1);
    expect(headerNames.size).toBe(1);
    expect(stack.gateway.calls).toEqual([]);
  });

  it("every token of a name is that account, and no other name's", async () => {
    const { task_id: id } = (await (await stack.create()).json()) as TaskBody;
    const read = async (token: string) =>
      stack.call(`/v1/videos/${id}`, { headers: { authorization: `Bearer ${token}` } });
    expect((await read(TOKEN)).status).toBe(200);
    expect((await read("rb-second-token-of-alice")).status).toBe(200);
    const foreign = await read("rb-token-of-bob");
    expect(foreign.status).toBe(404);
    expect(await foreign.json()).toMatchObject({ error: { code: "task_not_found" } });
  });
});

describe("with settings that do not do", () => {
  // The others are test/workers/http/settings.test.ts.
  it.each(
    byDay([
      { what: "no secret", settings: { RINGBACK_SECRET: "" }, named: ["RINGBACK_SECRET"] },
      {
        what: "kept files without a bucket",
        settings: { KEEP_RESULTS: "ask" },
        named: ["KEEP_RESULTS", "RESULTS"],
      },
    ]),
  )(
    "a call is 503 and names what is wrong, and every other error comes first: $what",
    async ({ settings, named }) => {
      const worker = await startWorker({
        bucket: false,
        settings: { ...FAST_SETTINGS, AIO_BASE_URL: "http://127.0.0.1:9/v1", ...settings },
      });
      try {
        const answer = await sendRaw(`${worker.url}/v1/videos`, { ...CREATE, chunks: [VALID] });
        const { message } = expectCode(answer, "misconfigured");
        expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
        expect(message.match(/\b[A-Z][A-Z0-9_]+\b/g)).toEqual(expect.arrayContaining(named));
        expectCode(await sendRaw(`${worker.url}/v1/nope`), "not_found");
        expectCode(await sendRaw(`${worker.url}/v1/videos`, { method: "PUT" }), "method_not_allowed");
        const loop = { ...CREATE, headers: { "ringback-attempt": "1" }, chunks: [VALID] };
        expectCode(await sendRaw(`${worker.url}/v1/videos`, loop), "loop_detected");
        expect((await sendRaw(`${worker.url}/healthz`)).status).toBe(200);
      } finally {
        await worker.close();
      }
    },
  );
});

describe("with five creates a minute", () => {
  const stack = useStack({ createsPerMinute: 5 });

  const create = async (
    key: string,
    address: string,
    headers: Record<string, string> = {},
    body = VALID,
  ): Promise<RawAnswer> =>
    sendRaw(`${stack.worker.url}/v1/videos`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
        "cf-connecting-ip": address,
        ...headers,
      },
      chunks: [body],
    });

  /** Creates until one is refused: the window may turn over in between, hence more than six. */
  async function exhaust(next: (time: number) => Promise<RawAnswer>): Promise<number[]> {
    const statuses: number[] = [];
    for (let time = 0; time < 12 && !statuses.includes(429); time += 1)
      statuses.push((await next(time)).status);
    return statuses;
  }

  it("the sixth of an account is 429 with Retry-After, whatever its address", async () => {
    const statuses = await exhaust(async (time) => create("sk-one-account", `203.0.113.${time}`));
    expect(statuses.slice(0, 5)).toEqual([202, 202, 202, 202, 202]);
    expect(statuses.at(-1)).toBe(429);
    const refused = await create("sk-one-account", "203.0.113.99");
    expectCode(refused, "rate_limited");
    expect(refused.headers["retry-after"]).toBe("60");
  });

  it("the sixth of an address is 429 too, whatever its account", async () => {
    const statuses = await exhaust(async (time) => create(`sk-account-${time}`, "198.51.100.7"));
    expect(statuses.slice(0, 5)).toEqual([202, 202, 202, 202, 202]);
    expect(statuses.at(-1)).toBe(429);
    expect((await create("sk-account-99", "198.51.100.8")).status).toBe(202);
  });

  it("what is refused reaches no upstream, and reads go on", async () => {
    const first = JSON.parse((await create("sk-reader", "192.0.2.1")).body) as TaskBody;
    await exhaust(async () => create("sk-reader", "192.0.2.1"));
    const submits = submitsTo(stack.gateway).length;
    expectCode(await create("sk-reader", "192.0.2.1"), "rate_limited");
    expect(submitsTo(stack.gateway)).toHaveLength(submits);
    for (let time = 0; time < 10; time += 1) {
      const headers = { authorization: "Bearer sk-reader", "cf-connecting-ip": "192.0.2.1" };
      expect((await sendRaw(`${stack.worker.url}/v1/videos/${first.task_id}`, { headers })).status).toBe(200);
    }
  });

  it("comes after 401 and 508, and before 415, 413 and 400", async () => {
    const again = async (
      headers: Record<string, string>,
      body = VALID,
      key = "sk-order",
    ): Promise<RawAnswer> => {
      expect(await exhaust(async () => create("sk-order", "192.0.2.2"))).toContain(429);
      return create(key, "192.0.2.2", headers, body);
    };
    expectCode(await again({}), "rate_limited");
    expectCode(await again({}, VALID, ""), "unauthorized");
    expectCode(await again({ "ringback-attempt": "1" }), "loop_detected");
    expectCode(await again({ "content-type": "text/plain" }), "rate_limited");
    expectCode(await again({ "content-length": String(16 * 1024 * 1024 + 1) }), "rate_limited");
    expectCode(await again({}, "{"), "rate_limited");
  });

  it("comes before 400 for a question about the models, too", async () => {
    const models = async (query: string): Promise<RawAnswer> => {
      const headers = { authorization: "Bearer sk-models", "cf-connecting-ip": "192.0.2.3" };
      return sendRaw(`${stack.worker.url}/v1/models${query}`, { headers });
    };
    // Each is a question: a wrong name is found only once the call has been counted.
    expect(await exhaust(async () => models("?x=1"))).toContain(400);
    expectCode(await models("?x=1"), "rate_limited");
    expectCode(await models(""), "rate_limited");
  });
});
