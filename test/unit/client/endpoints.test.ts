import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Ringback, type Endpoint } from "../../../src/client/index.ts";

/*
 * Each call of registered endpoints as it leaves the client.
 *
 * scenario                                requirement
 * a call                                  the contract's method, path, query and body
 * an answer that is lost on its way       sent again where twice is the same as once, and nowhere else
 * an id with marks of a URL               stays one segment of the path
 */

const BASE_URL = "https://ringback.example.com/v1";
const ID = `ep_${"a".repeat(26)}`;
const TASK_ID = `task_${"a".repeat(42)}`;
const ENDPOINT: Endpoint = {
  object: "webhook_endpoint",
  id: ID,
  url: "https://app.example.com/hook",
  events: ["video.succeeded", "video.failed"],
  format: "flat",
  header_names: ["x-make-apikey"],
  description: null,
  status: "active",
  disabled_reason: null,
  failing_since: null,
  created_at: "2026-11-30T16:00:00.000Z",
};

interface Sent {
  method: string;
  path: string;
  body: unknown;
}

/** A client and what it sends; the first `losses` calls get no answer. */
function clientOf(answer: unknown, { status = 200, losses = 0 } = {}): { ringback: Ringback; sent: Sent[] } {
  const sent: Sent[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const body = typeof init.body === "string" ? (JSON.parse(init.body) as unknown) : undefined;
    sent.push({ method: init.method ?? "", path: url.replace(BASE_URL, ""), body });
    if (sent.length <= losses) throw new TypeError("fetch failed");
    return status === 204 ? new Response(null, { status }) : Response.json(answer, { status });
  };
  return { ringback: new Ringback({ baseUrl: BASE_URL, apiKey: "sk-any", fetch }), sent };
}

interface Case {
  call: string;
  run: (ringback: Ringback) => Promise<unknown>;
  sends: Sent;
  answer: unknown;
  gives?: unknown;
  status?: number;
  /** Whether it is sent again when its answer is lost. */
  repeated: boolean;
}

const REQUEST = {
  url: ENDPOINT.url,
  events: ["video.succeeded"],
  headers: { "x-make-apikey": "a-secret" },
  format: "flat",
  description: "Make",
} as const;

const CASES: Case[] = [
  {
    call: "register",
    run: async ({ endpoints }) => endpoints.register(REQUEST),
    sends: { method: "POST", path: "/webhooks/endpoints", body: REQUEST },
    answer: ENDPOINT,
    status: 201,
    repeated: true,
  },
  {
    call: "list",
    run: async ({ endpoints }) => endpoints.list(),
    sends: { method: "GET", path: "/webhooks/endpoints", body: undefined },
    answer: { object: "list", data: [ENDPOINT] },
    gives: [ENDPOINT],
    repeated: true,
  },
  {
    call: "get",
    run: async ({ endpoints }) => endpoints.get(ID),
    sends: { method: "GET", path: `/webhooks/endpoints/${ID}`, body: undefined },
    answer: ENDPOINT,
    repeated: true,
  },
  {
    call: "update",
    run: async ({ endpoints }) => endpoints.update(ID, { enabled: false, headers: {} }),
    sends: {
      method: "PATCH",
      path: `/webhooks/endpoints/${ID}`,
      body: { enabled: false, headers: {} },
    },
    answer: ENDPOINT,
    repeated: true,
  },
  {
    call: "delete",
    run: async ({ endpoints }) => endpoints.delete(ID),
    sends: { method: "DELETE", path: `/webhooks/endpoints/${ID}`, body: undefined },
    answer: undefined,
    status: 204,
    repeated: false,
  },
  {
    call: "test",
    run: async ({ endpoints }) => endpoints.test(ID),
    sends: { method: "POST", path: `/webhooks/endpoints/${ID}/test`, body: {} },
    answer: { delivered: true, status_code: 200, duration_ms: 7, reason: null, response_excerpt: "" },
    repeated: false,
  },
  {
    call: "test with a type",
    run: async ({ endpoints }) => endpoints.test(ID, { type: "video.failed" }),
    sends: { method: "POST", path: `/webhooks/endpoints/${ID}/test`, body: { type: "video.failed" } },
    answer: { delivered: true, status_code: 200, duration_ms: 7, reason: null, response_excerpt: "" },
    repeated: false,
  },
  {
    call: "delivery at an endpoint",
    run: async (ringback) => ringback.delivery(TASK_ID, "msg_a", { endpoint: ID }),
    sends: {
      method: "GET",
      path: `/videos/${TASK_ID}/deliveries/msg_a?endpoint=${ID}`,
      body: undefined,
    },
    answer: { message_id: "msg_a" },
    repeated: true,
  },
  {
    call: "redeliver to an endpoint",
    run: async (ringback) => ringback.redeliver(TASK_ID, { messageId: "msg_a", endpoint: ID }),
    sends: {
      method: "POST",
      path: `/videos/${TASK_ID}/redeliver`,
      body: { message_id: "msg_a", endpoint: ID },
    },
    answer: { message_id: "msg_a" },
    repeated: false,
  },
  {
    call: "recover an endpoint",
    run: async (ringback) => ringback.recover({ endpoint: ID }),
    sends: { method: "POST", path: "/webhooks/recoveries", body: { endpoint: ID } },
    answer: { object: "recovery" },
    repeated: false,
  },
  {
    call: "list of an endpoint's tasks",
    run: async (ringback) => ringback.list({ endpoint: ID, callbackStatus: "exhausted" }),
    sends: {
      method: "GET",
      path: `/videos?callback_status=exhausted&endpoint=${ID}`,
      body: undefined,
    },
    answer: { object: "list", data: [], next_cursor: null },
    repeated: true,
  },
];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a call of registered endpoints", () => {
  it.each(CASES)("$call is one request of the contract", async ({ run, sends, answer, gives, status }) => {
    const { ringback, sent } = clientOf(answer, { status: status ?? 200 });
    expect(await run(ringback)).toEqual(gives ?? answer);
    expect(sent).toEqual([sends]);
  });

  it.each(CASES)(
    "$call, whose answer is lost: again $repeated",
    async ({ run, answer, status, repeated }) => {
      const { ringback, sent } = clientOf(answer, { status: status ?? 200, losses: 1 });
      const outcome = run(ringback).then(
        () => "answered",
        (error: Error) => error.message,
      );
      await vi.runAllTimersAsync();
      expect(await outcome).toBe(repeated ? "answered" : "fetch failed");
      expect(sent).toHaveLength(repeated ? 2 : 1);
      expect(sent.at(-1)).toEqual(sent[0]);
    },
  );

  it("keeps an id in its segment of the path", async () => {
    const { ringback, sent } = clientOf(ENDPOINT);
    await ringback.endpoints.get("../videos?limit=1");
    expect(sent[0]?.path).toBe("/webhooks/endpoints/..%2Fvideos%3Flimit%3D1");
  });
});
