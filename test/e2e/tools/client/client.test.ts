import { afterEach, describe, expect, it } from "vitest";
import {
  CallbackError,
  Ringback,
  verifyCallback,
  type ClientOptions,
  type EndedTask,
  type ListedTask,
} from "../../../../src/client/index.ts";
import { eventually, MODEL, newHook, OWN_KEY, submitsTo } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";
import { failing, refusalOf } from "./broken-calls.ts";

/*
 * `ringback-client` against the Worker itself.
 *
 * scenario                                        requirement
 * a life: create, wait, callback, redeliver       issue of the client: what it must be able to do
 * an answer that is lost on its way               faults: a repeat must not pay twice
 * an answer that says no                          the contract's error, typed; repeated only where that makes sense
 * a signal                                        ends every kind of waiting
 */

const REQUEST = { model: MODEL, prompt: "A lighthouse at dusk." } as const;

const stack = useStack();
afterEach(() => {
  stack.gateway.clearFaults();
  stack.gateway.calls.length = 0;
});

function clientOf(options: Partial<ClientOptions> = {}): Ringback {
  return new Ringback({ baseUrl: `${stack.worker.url}/v1`, apiKey: OWN_KEY, ...options });
}

describe("a life", () => {
  it("is created, waited for, proved as a callback, listed, delivered again and deleted", async () => {
    const ringback = clientOf();
    const hook = newHook(stack);
    const created = await ringback.create({ ...REQUEST, callback_url: hook.url, metadata: { order: 42 } });
    expect(created).toMatchObject({ object: "video.task", status: "queued", video_url: null });
    const ended: EndedTask = await ringback.wait(created.task_id);
    expect(ended).toMatchObject({ status: "succeeded", error: null });
    expect(await ringback.get(created.task_id)).toMatchObject({ video_url: ended.video_url });

    const [callback] = await hook.waitFor(1);
    const { secret } = await ringback.secrets();
    const event = await verifyCallback(callback?.body ?? "", callback?.headers ?? {}, secret);
    expect(event).toMatchObject({
      type: "video.succeeded",
      data: { task_id: created.task_id, metadata: { order: 42 } },
    });
    const forged = callback?.body.replace("succeeded", "failed") ?? "";
    await expect(verifyCallback(forged, callback?.headers ?? {}, secret)).rejects.toThrow(CallbackError);

    const listed = await eventually(
      async () => ringback.list({ status: "succeeded", limit: 1 }),
      ({ data }) => data[0]?.task_id === created.task_id,
    );
    expect(listed.data).toHaveLength(1);

    const { message_id: messageId } = await ringback.redeliver(created.task_id);
    expect(messageId).toBe(event.id);
    await hook.waitFor(2);
    const [delivery] = await eventually(
      async () => ringback.deliveries(created.task_id),
      ([first]) => first?.attempts.length === 2 && first.attempts[1]?.outcome === "delivered",
    );
    expect(delivery?.attempts.map(({ trigger }) => trigger)).toEqual(["scheduled", "manual"]);

    const { request } = await ringback.delivery(created.task_id, messageId);
    if (request === null) throw new Error("no request");
    expect(request).toMatchObject({ url: hook.url, body: callback?.body });
    await expect(verifyCallback(request.body, request.headers, secret)).resolves.toEqual(event);
    const other = newHook(stack);
    const callbackHeaders = { "x-debug": "only here" };
    await ringback.redeliver(created.task_id, { callbackUrl: other.url, callbackHeaders });
    const [copy] = await other.waitFor(1);
    expect(copy).toMatchObject({ body: request.body, headers: callbackHeaders });

    await ringback.delete(created.task_id);
    expect(await refusalOf(ringback.get(created.task_id))).toMatchObject({
      status: 404,
      code: "task_not_found",
    });
  });

  it("whose callback failed is recovered", async () => {
    const ringback = clientOf();
    const hook = newHook(stack);
    stack.receiver.defaultReply({ status: 500 });
    const { task_id: id } = await ringback.create({ ...REQUEST, callback_url: hook.url });
    await stack.task(id, ({ callback }) => callback?.status === "exhausted");
    stack.receiver.defaultReply({ status: 200 });
    const missed = { callback_host: new URL(hook.url).host };
    await eventually(
      async () => ringback.previewRecovery(missed),
      ({ matched, tasks }) => matched === 1 && tasks[0] === id,
    );
    const { id: recoveryId } = await ringback.recover(missed);
    const ended = await eventually(
      async () => ringback.recovery(recoveryId),
      ({ status }) => status !== "running",
    );
    expect(ended).toMatchObject({ status: "done", matched: 1, delivered: 1, remaining: 0 });
    expect(await ringback.get(id)).toMatchObject({ callback: { status: "delivered" } });
    expect((await ringback.recoveries())[0]).toEqual(ended);
    expect(await ringback.cancelRecovery(recoveryId)).toEqual(ended);
    expect(await refusalOf(ringback.recovery("rec_made_up"))).toMatchObject({ code: "not_found" });
  });

  it("is sent event by event", async () => {
    const ringback = clientOf();
    const { task_id: id } = await ringback.create(REQUEST, { respondAsync: true });
    const types: string[] = [];
    for await (const { type, task } of ringback.events(id)) {
      expect(task.task_id).toBe(id);
      types.push(type);
    }
    expect(types[0]).toBe("video.queued");
    expect(types.at(-1)).toBe("video.succeeded");
    expect(types.filter((type) => type === "video.succeeded")).toHaveLength(1);
  });

  it("that ends within the wait of its create is answered ended", async () => {
    const task = await clientOf().create(REQUEST, { waitSeconds: 30 });
    expect(task).toMatchObject({ status: "succeeded", error: null });
  });

  it("that fails says so, and is no error of the client", async () => {
    const ringback = clientOf();
    const created = await ringback.create({ ...REQUEST, test: { outcome: "failed", delay_seconds: 0 } });
    const ended = await ringback.wait(created.task_id);
    expect(ended.status === "failed" && ended.error.code).toBe("generation_failed");
  });

  it("is found on whatever page it stands", async () => {
    const ringback = clientOf({ apiKey: "sk-with-pages" });
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) ids.push((await ringback.create(REQUEST)).task_id);
    const all = await eventually(
      async () => {
        const tasks: ListedTask[] = [];
        for await (const task of ringback.listAll({ limit: 2 })) tasks.push(task);
        return tasks;
      },
      (tasks) => tasks.length === 5,
    );
    expect(new Set(all.map(({ task_id: id }) => id))).toEqual(new Set(ids));
  });
});

describe("an answer that is lost on its way", () => {
  it.each(["before", "after", "in the body"] as const)(
    "%s: a create is repeated and paid once",
    async (where) => {
      const { fetch, calls } = failing(where);
      const task = await clientOf({ fetch }).create(REQUEST);
      expect(task.task_id).toMatch(/^task_/);
      const keys = calls.map(({ headers }) => headers.get("idempotency-key"));
      expect(keys).toEqual([keys[0], keys[0]]);
      expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
      expect(submitsTo(stack.gateway)).toHaveLength(1);
    },
  );

  it("while the submit is still on its way: the create waits for it, and it is paid once", async () => {
    stack.gateway.fault({ on: "submit", delayMs: 800 });
    const { calls, fetch: real } = failing("before", 0);
    const fetch: typeof real = async (url, init) => {
      if (calls.length > 0) return real(url, init);
      const answer = real(url, init).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 100));
      void answer;
      throw new TypeError("fetch failed");
    };
    const task = await clientOf({ fetch, maxRetries: 1 }).create(REQUEST);
    expect(task.upstream_task_id).not.toBeNull();
    expect(calls.length).toBeGreaterThan(1);
    expect(submitsTo(stack.gateway)).toHaveLength(1);
  });

  it("each time is thrown at last, as it came", async () => {
    const { fetch, calls } = failing("before", Infinity);
    await expect(clientOf({ fetch, maxRetries: 1 }).create(REQUEST)).rejects.toThrow("fetch failed");
    expect(calls).toHaveLength(2);
  });

  it("is not asked for again where a repeat would do it twice", async () => {
    const created = await clientOf().create(REQUEST);
    const { fetch, calls } = failing("after");
    const ringback = clientOf({ fetch });
    await expect(ringback.delete(created.task_id)).rejects.toThrow("fetch failed");
    expect(calls).toHaveLength(1);
  });
});

describe("an answer that says no", () => {
  it("is an error with the contract's code, its issues and the request's id, and is not repeated", async () => {
    const { fetch, calls } = failing("before", 0);
    const error = await refusalOf(
      clientOf({ fetch }).create({ model: "", callback_url: "http://10.0.0.1/" }),
    );
    expect(error).toMatchObject({ status: 400, code: "invalid_request", details: { param: "model" } });
    expect(error.message).toContain("model");
    expect(error.requestId).toMatch(/\S{8,}/);
    expect(calls).toHaveLength(1);
  });

  it("of the upstream is one too, with what the upstream said", async () => {
    stack.gateway.fault({ on: "submit", status: 402, body: { message: "no balance" } });
    const error = await refusalOf(clientOf().create(REQUEST));
    expect(error).toMatchObject({
      status: 402,
      code: "upstream_payment_required",
      details: { upstream: { status: 402, body: { message: "no balance" } } },
    });
    expect(submitsTo(stack.gateway)).toHaveLength(1);
  });

  it.each([
    [429, { error: { code: "rate_limited", retryable: true } }, 2],
    [503, { error: { code: "overloaded", retryable: true } }, 2],
    [500, { error: { code: "internal" } }, 2],
    [520, "error code: 520", 2],
    [503, { error: { code: "misconfigured", retryable: true } }, 1],
    [409, { error: { code: "idempotency_deleted" } }, 1],
    [422, { error: { code: "idempotency_mismatch" } }, 1],
    [302, "", 1],
  ])("%i %j is sent %i times", async (status, body, times) => {
    const sent: string[] = [];
    const fetch = async (url: string) => {
      sent.push(url);
      const text = typeof body === "string" ? body : JSON.stringify(body);
      return new Response(text, { status, headers: { "retry-after": "0" } });
    };
    const error = await refusalOf(clientOf({ fetch, maxRetries: 1 }).create(REQUEST));
    expect(error.status).toBe(status);
    expect(error.code).toBe(typeof body === "string" ? `http_${status}` : body.error.code);
    expect(sent).toHaveLength(times);
  });

  it("for now is asked again after Retry-After, up to a minute and no longer", async () => {
    const at: number[] = [];
    const answers = [
      new Response('{"error":{"code":"overloaded","retryable":true}}', {
        status: 503,
        headers: { "retry-after": "1" },
      }),
      new Response('{"error":{"code":"rate_limited","retryable":true}}', {
        status: 429,
        headers: { "retry-after": "61" },
      }),
    ];
    const fetch = async () => {
      at.push(Date.now());
      return answers.shift() ?? Response.error();
    };
    const error = await refusalOf(clientOf({ fetch }).get("task_x"));
    expect(error).toMatchObject({ code: "rate_limited", retryAfterMs: 61_000 });
    expect(at).toHaveLength(2);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });
});

describe("a signal", () => {
  it.each(["wait", "events", "create"] as const)("ends %s at once", async (kind) => {
    const ringback = clientOf();
    stack.gateway.fault({ on: "poll", status: 500, times: Infinity });
    const { task_id: id } = await ringback.create(REQUEST);
    const { signal, abort } = ((controller) => ({
      signal: controller.signal,
      abort: () => controller.abort(new Error("changed my mind")),
    }))(new AbortController());
    const waiting = {
      wait: async () => ringback.wait(id, { signal }),
      events: async () => {
        for await (const event of ringback.events(id, { signal })) if (event.type === "video.queued") abort();
      },
      create: async () => ringback.create(REQUEST, { waitSeconds: 60, signal }),
    }[kind]();
    const outcome = expect(waiting).rejects.toThrow("changed my mind");
    if (kind !== "events") setTimeout(abort, 200);
    const startedAt = Date.now();
    await outcome;
    expect(Date.now() - startedAt).toBeLessThan(5000);
  });

  it("that is of the past sends nothing", async () => {
    const { fetch, calls } = failing("before", 0);
    const given = AbortSignal.abort(new Error("too late"));
    await expect(clientOf({ fetch }).create(REQUEST, { signal: given })).rejects.toThrow("too late");
    expect(calls.length).toBeLessThanOrEqual(1);
    expect(submitsTo(stack.gateway)).toHaveLength(0);
  });
});
