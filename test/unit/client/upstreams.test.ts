import { describe, expect, it } from "vitest";
import { Ringback, type Upstream, type UpstreamCreateOptions } from "../../../src/client/index.ts";
import { RINGBACK_FIELDS } from "../../../src/http/create/video-schema.ts";

/*
 * Each call of upstreams as it leaves the client.
 *
 * scenario                                requirement
 * a create                                the upstream's own path and body, and Ringback's fields in the member `ringback`
 * every field of Ringback's               is an option, by its name in camel case
 * an answer that is lost on its way       the create is sent again under its key
 * a path that a URL would change          no call at all: it would be another one
 */

const BASE_URL = "https://ringback.example.com/v1";
const TASK = { object: "video.task", task_id: `task_${"a".repeat(42)}`, upstream_name: "runway" };
const PATH = "/v1/image_to_video";
const REQUEST = { model: "gen4_turbo", promptImage: "https://example.com/first.png", ratio: "1280:720" };

interface Sent {
  method: string;
  path: string;
  body: unknown;
  headers: Record<string, string>;
}

/** A client and what it sends; the first `losses` calls get no answer. */
function clientOf(answer: unknown, losses = 0): { ringback: Ringback; sent: Sent[] } {
  const sent: Sent[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    sent.push({
      method: init.method ?? "",
      path: url.replace(BASE_URL, ""),
      body: typeof init.body === "string" ? (JSON.parse(init.body) as unknown) : undefined,
      headers: init.headers as Record<string, string>,
    });
    if (sent.length <= losses) throw new TypeError("fetch failed");
    return Response.json(answer);
  };
  return { ringback: new Ringback({ baseUrl: BASE_URL, apiKey: "sk-any", fetch }), sent };
}

describe("a create at another upstream", () => {
  it("is the upstream's own request, with Ringback's fields in a member of their own", async () => {
    const { ringback, sent } = clientOf(TASK);
    const task = await ringback.upstream("runway").create(PATH, REQUEST, {
      callbackUrl: "https://app.example.com/hook",
      metadata: { orderId: 42 },
      test: { outcome: "failed", delay_seconds: 1 },
      idempotencyKey: "order-42",
      waitSeconds: 30,
      respondAsync: true,
    });
    expect(task).toEqual(TASK);
    expect(sent).toEqual([
      {
        method: "POST",
        path: `/upstreams/runway${PATH}`,
        body: {
          ...REQUEST,
          ringback: {
            callback_url: "https://app.example.com/hook",
            metadata: { orderId: 42 },
            test: { outcome: "failed", delay_seconds: 1 },
          },
        },
        headers: {
          authorization: "Bearer sk-any",
          "content-type": "application/json",
          "idempotency-key": "order-42",
          prefer: "respond-async, wait=30",
        },
      },
    ]);
  });

  it("has every field of Ringback's as an option", async () => {
    const all = {
      callbackUrl: "https://app.example.com/hook",
      callbackHeaders: {},
      callbackFormat: "flat",
      callbackEvents: ["video.succeeded"],
      metadata: {},
      timeoutSeconds: 60,
      retryAmbiguousSubmit: false,
      endpoints: true,
      keepResult: false,
      upstreamBody: {},
      test: "succeeded",
    } as const satisfies UpstreamCreateOptions;
    const { ringback, sent } = clientOf(TASK);
    await ringback.upstream("runway").create(PATH, REQUEST, all);
    const fields = Object.entries((sent[0]?.body as { ringback: object } | undefined)?.ringback ?? {});
    expect(new Set(fields.map(([name]) => name))).toEqual(RINGBACK_FIELDS);
    expect(fields.map(([, value]) => value)).toEqual(Object.values(all));
  });

  it("keeps a member `ringback` of the request, to which the options are added", async () => {
    const { ringback, sent } = clientOf(TASK);
    const request = { ...REQUEST, ringback: { callback_format: "flat" } };
    await ringback.upstream("runway").create(PATH, request, { timeoutSeconds: 60 });
    expect(sent[0]?.body).toEqual({ ...REQUEST, ringback: { callback_format: "flat", timeout_seconds: 60 } });
  });

  it("whose answer is lost is sent again, the same, under the key that the client made", async () => {
    const { ringback, sent } = clientOf(TASK, 1);
    await ringback.upstream("runway").create(PATH, REQUEST);
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
    expect(sent[0]?.headers["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("keeps a path with a colon as it is", async () => {
    const { ringback, sent } = clientOf(TASK);
    const path = "/v1beta/models/veo-3.1-generate-preview:predictLongRunning";
    await ringback.upstream("veo").create(path, { instances: [{ prompt: "A lighthouse." }] });
    expect(sent[0]?.path).toBe(`/upstreams/veo${path}`);
  });

  it.each([
    "/../../videos",
    "/v1/%2e%2e/videos",
    "//example.com/v1",
    "v1/image_to_video",
    "/v1/tasks?a=b",
    "/v1/tasks#a",
    "/v1\\tasks",
    "",
  ])("sends nothing to %j, which would become another call", async (path) => {
    const { ringback, sent } = clientOf(TASK);
    await expect(ringback.upstream("runway").create(path, REQUEST)).rejects.toThrow(TypeError);
    expect(sent).toEqual([]);
  });

  it("keeps a name in its segment of the path", async () => {
    const { ringback, sent } = clientOf(TASK);
    await ringback.upstream("../videos").create("/v1", REQUEST);
    expect(sent[0]?.path).toBe("/upstreams/..%2Fvideos/v1");
  });
});

it("the upstreams of a deployment are one read, sent again if its answer is lost", async () => {
  const upstream: Upstream = {
    object: "upstream",
    name: "runway",
    profile: "runway",
    base_path: "/v1/upstreams/runway",
    create_paths: [PATH],
    lifetime_hours: 24,
  };
  const { ringback, sent } = clientOf({ object: "list", data: [upstream] }, 1);
  expect(await ringback.upstreams()).toEqual([upstream]);
  expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual(["GET /upstreams", "GET /upstreams"]);
});

it("the tasks of an upstream are a filter of the list", async () => {
  const { ringback, sent } = clientOf({ object: "list", data: [], next_cursor: null });
  await ringback.list({ upstreamName: "runway" });
  expect(sent[0]?.path).toBe("/videos?upstream_name=runway");
});
