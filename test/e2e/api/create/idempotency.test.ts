import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  eventually,
  isTerminal,
  MODEL,
  newHook,
  startStack,
  submitsTo,
  type Hook,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";

/*
 * scenario                                               requirement (contract, Idempotency, unless said otherwise)
 * the same request again, however it is spelled          the task as it is now, nothing submitted twice; after coercion, any order
 * another request under the key                          422, judged first
 * 50 at once, and one while the upstream is slow         409 with Retry-After: 1, or a replay; one upstream call
 * quoted, bare and bad keys                              1–255 visible characters; other routes ignore it
 * after a definite no, an unknown, a queued submit       every 2xx is remembered, a definite no given as an answer is not
 * two accounts with one key                              guarantee 8
 * the Worker dies in the middle of a submit              guarantee 2: begun without an outcome is unknown
 * RINGBACK_SECRET changes                                keys survive; with RINGBACK_SECRET_PREVIOUS all else does too
 */

const PROMPT = "A lighthouse at dusk.";
const NEVER_ENDS = { queueSeconds: 0, runSeconds: 3600 };

async function bodyOf(response: Response): Promise<TaskBody> {
  expect(response.status).toBe(202);
  return (await response.json()) as TaskBody;
}

/** A create whose JSON is this very text. */
async function post(
  stack: Stack,
  body: string,
  key: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return stack.call("/v1/videos", {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key, ...headers },
    body,
  });
}

async function expectReplay(response: Response, id: string): Promise<TaskBody> {
  const task = await bodyOf(response);
  expect(response.headers.get("idempotent-replayed")).toBe("true");
  expect(task.task_id).toBe(id);
  expect(response.headers.get("location")).toMatch(new RegExp(`/v1/videos/${id}$`));
  return task;
}

async function expectError(response: Response, status: number, code: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get("idempotent-replayed")).toBeNull();
  expect(await response.json()).toMatchObject({ error: { code } });
}

describe("under one secret", () => {
  let stack: Stack;
  let key: string;
  let serial = 0;
  beforeAll(async () => {
    stack = await startStack();
  });
  beforeEach(() => {
    serial += 1;
    key = `key-${serial}`;
    stack.gateway.calls.length = 0;
  });
  afterEach(() => stack.gateway.clearFaults());
  afterAll(async () => stack.close());

  const create = async (
    fields: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ): Promise<Response> => stack.create({ prompt: PROMPT, ...fields }, { "idempotency-key": key, ...headers });

  describe("the same request again", () => {
    it("is answered with the task as it is now, and nothing is submitted twice", async () => {
      const hook = newHook(stack);
      const first = await create({ callback_url: hook.url });
      expect(first.headers.get("idempotent-replayed")).toBeNull();
      const { task_id: id } = await bodyOf(first);
      await expectReplay(await create({ callback_url: hook.url }), id);
      const ended = await stack.task(id, ({ callback }) => callback?.status === "delivered");
      const replayed = await expectReplay(await create({ callback_url: hook.url }), id);
      expect(replayed).toEqual(ended);
      expect(replayed.status).toBe("succeeded");
      expect(submitsTo(stack.gateway)).toHaveLength(1);
      expect(hook.received()).toHaveLength(1);
    });

    it("may ask for another manner of answer", async () => {
      const { task_id: id } = await bodyOf(await create());
      await expectReplay(await create({}, { prefer: "respond-async", "x-other": "1" }), id);
      expect(submitsTo(stack.gateway)).toHaveLength(1);
    });

    it("without the key is another task", async () => {
      const { task_id: id } = await bodyOf(await create());
      const other = await bodyOf(await stack.create({ prompt: PROMPT }));
      expect(other.task_id).not.toBe(id);
      expect(submitsTo(stack.gateway)).toHaveLength(2);
    });

    const same: [name: string, first: string, again: string][] = [
      [
        "in another order",
        '"seed":1,"x":{"a":1,"b":[{"c":1,"d":2}]}',
        '"x":{"b":[{"d":2,"c":1}],"a":1},"seed":1',
      ],
      ["with other white space", '"x":{"a":[1,2]}', ' "x" :\n{ "a"\t:\r\n[ 1 , 2 ] } '],
      [
        "with metadata in another order",
        '"metadata":{"a":{"b":1,"c":2},"d":3}',
        '"metadata":{"d":3,"a":{"c":2,"b":1}}',
      ],
      ["with 5 as 5.0", '"duration_seconds":5', '"duration_seconds":5.0'],
      ["with 5 as 50e-1", '"duration_seconds":5', '"duration_seconds":50e-1'],
      ["with an unknown 100 as 1E2", '"seed":100', '"seed":1E2'],
      ["with an unknown 1.1 as 1.100", '"seed":1.1', '"seed":1.100'],
      ["with letters escaped", '"note":"A/é"', '"note":"\\u0041\\/\\u00e9"'],
      ["with an escaped surrogate pair", '"note":"😀"', '"note":"\\ud83d\\uDE00"'],
      ["with an escaped name", '"seed":1', '"\\u0073eed":1'],
      ["with a number as text", '"duration_seconds":5', '"duration_seconds":"5"'],
      ["with a boolean as text", '"with_audio":false', '"with_audio":"false"'],
      [
        "with null for an absent field",
        '"seed":1',
        '"seed":1,"image":null,"callback_url":null,"timeout_seconds":null',
      ],
      ["with empty text for an absent field", '"seed":1', '"seed":1,"resolution":"","metadata":""'],
      ["with a list as text", '"reference_images":["asset://a"]', '"reference_images":"[\\"asset://a\\"]"'],
      [
        "with a list as lines",
        '"reference_images":["asset://a","asset://b"]',
        '"reference_images":"asset://a\\nasset://b"',
      ],
      ["with a test by its name", '"test":{"outcome":"failed","delay_seconds":5}', '"test":"failed"'],
    ];
    it.each(byDay(same))("is the same %s", async (_name, first, again) => {
      const base = `"model":"${MODEL}","prompt":"${PROMPT}"`;
      const { task_id: id } = await bodyOf(await post(stack, `{${base},${first}}`, key));
      const submits = submitsTo(stack.gateway).length;
      await expectReplay(await post(stack, `{${again},${base}}`, key), id);
      expect(submitsTo(stack.gateway)).toHaveLength(submits);
    });
  });

  describe("another request under the key", () => {
    const others: [name: string, first: string, other: string][] = [
      ["with another prompt", '"prompt":"a"', '"prompt":"b"'],
      ["with one field more", '"seed":1', '"seed":1,"x":1'],
      ["with one field less", '"seed":1,"x":1', '"seed":1'],
      ["with a last digit beyond a double", '"seed":12345678901234567890', '"seed":12345678901234567891'],
      ["with an unknown number as text", '"seed":5', '"seed":"5"'],
      ["with an unknown null in place of nothing", '"seed":1', '"seed":1,"x":null'],
      ["with a list in another order", '"x":[1,2]', '"x":[2,1]'],
      ["with other metadata", '"metadata":{"a":1}', '"metadata":{"a":2}'],
      ["with another timeout", '"timeout_seconds":60', '"timeout_seconds":61'],
      ["with retry_ambiguous_submit", '"seed":1', '"seed":1,"retry_ambiguous_submit":true'],
      [
        "with another image of the same length",
        `"image":"${"A".repeat(40_000)}"`,
        `"image":"${"A".repeat(39_999)}B"`,
      ],
    ];
    it.each(byDay(others))("is 422: %s", async (_name, first, other) => {
      const base = `"model":"${MODEL}"${first.includes("prompt") ? "" : `,"prompt":"${PROMPT}"`}`;
      const { task_id: id } = await bodyOf(await post(stack, `{${base},${first}}`, key));
      await expectError(await post(stack, `{${base},${other}}`, key), 422, "idempotency_mismatch");
      await expectReplay(await post(stack, `{${base},${first}}`, key), id);
      expect(submitsTo(stack.gateway)).toHaveLength(1);
    });

    it("is 422 with another callback_url, and calls neither twice", async () => {
      const [hook, other] = [newHook(stack), newHook(stack)];
      const { task_id: id } = await bodyOf(await create({ callback_url: hook.url }));
      await expectError(await create({ callback_url: other.url }), 422, "idempotency_mismatch");
      await stack.task(id, ({ callback }) => callback?.status === "delivered");
      expect(hook.received()).toHaveLength(1);
      expect(other.received()).toEqual([]);
    });
  });

  describe("while the first is being submitted", () => {
    it("the same is 409 with Retry-After, another one 422, and afterwards the same is the task", async () => {
      stack.gateway.fault({ on: "submit", process: true, delayMs: 2000 });
      const first = create();
      await eventually(
        async () => submitsTo(stack.gateway).length,
        (count) => count === 1,
      );
      const again = await create();
      expect(again.headers.get("retry-after")).toBe("1");
      await expectError(again, 409, "idempotency_in_progress");
      await expectError(await create({ seed: 2 }), 422, "idempotency_mismatch");
      const { task_id: id } = await bodyOf(await first);
      await expectReplay(await create(), id);
      expect(submitsTo(stack.gateway)).toHaveLength(1);
    });

    it.each(
      byDay([
        ["slow", 300],
        ["quick", 0],
      ]),
    )("50 at once are one upstream call: a %s upstream", async (_name, delayMs) => {
      stack.gateway.fault({ on: "submit", process: true, delayMs });
      const hook = newHook(stack);
      const responses = await Promise.all(
        Array.from({ length: 50 }, async () => create({ callback_url: hook.url })),
      );
      const taken = responses.filter(({ status }) => status === 202);
      const made = taken.filter(({ headers }) => headers.get("idempotent-replayed") === null);
      expect(made).toHaveLength(1);
      const ids = new Set(await Promise.all(taken.map(async (response) => (await bodyOf(response)).task_id)));
      expect(ids.size).toBe(1);
      for (const response of responses.filter(({ status }) => status !== 202)) {
        expect(response.headers.get("retry-after")).toBe("1");
        await expectError(response, 409, "idempotency_in_progress");
      }
      const [id = ""] = ids;
      await stack.task(id, ({ callback }) => callback?.status === "delivered");
      expect(submitsTo(stack.gateway)).toHaveLength(1);
      expect(hook.received()).toHaveLength(1);
      await expectReplay(await create({ callback_url: hook.url }), id);
    });
  });

  describe("the key", () => {
    it("is the same quoted and bare", async () => {
      const { task_id: id } = await bodyOf(await create({}, { "idempotency-key": "quoted-or-bare" }));
      await expectReplay(await create({}, { "idempotency-key": '"quoted-or-bare"' }), id);
      expect(submitsTo(stack.gateway)).toHaveLength(1);
    });

    it("is another one in another case", async () => {
      const { task_id: id } = await bodyOf(await create({}, { "idempotency-key": "Case" }));
      expect((await bodyOf(await create({}, { "idempotency-key": "case" }))).task_id).not.toBe(id);
    });

    it.each(
      byDay([
        ["1 character", "k"],
        ["255 characters", "k".repeat(255)],
        ["255 quoted characters", `"${"q".repeat(255)}"`],
        ["signs", "!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"],
      ]),
    )("may be %s", async (_name, value) => {
      const { task_id: id } = await bodyOf(await create({}, { "idempotency-key": value }));
      expect(id).toMatch(/^task_[A-Za-z0-9]+$/);
      await expectReplay(await create({}, { "idempotency-key": value }), id);
    });

    it.each(
      byDay([
        ["nothing", ""],
        ["nothing in quotes", '""'],
        ["256 characters", "k".repeat(256)],
        ["256 quoted characters", `"${"k".repeat(256)}"`],
        ["a space inside", "a b"],
        ["a tab inside", "a\tb"],
        ["a letter beyond ASCII", "clé"],
      ]),
    )("is 400 as %s, and nothing is submitted", async (_name, value) => {
      await expectError(await create({}, { "idempotency-key": value }), 400, "invalid_request");
      expect(submitsTo(stack.gateway)).toEqual([]);
    });

    it("is ignored by other routes", async () => {
      const { task_id: id } = await bodyOf(await create());
      for (const path of [
        `/v1/videos/${id}`,
        `/v1/videos/${id}/deliveries`,
        "/v1/models",
        "/v1/webhooks/secret",
      ]) {
        const response = await stack.call(path, { headers: { "idempotency-key": "a b" } });
        expect(response.status).toBe(200);
        expect(response.headers.get("idempotent-replayed")).toBeNull();
      }
    });

    it("is each account's own: two accounts with one key are two tasks", async () => {
      const mine = await bodyOf(await create({ metadata: { of: "me" } }));
      const authorization = "Bearer sk-somebody-else";
      const theirs = await create({ metadata: { of: "them" } }, { authorization });
      expect(theirs.headers.get("idempotent-replayed")).toBeNull();
      const task = await bodyOf(theirs);
      expect(task).toMatchObject({ metadata: { of: "them" } });
      expect(task.task_id).not.toBe(mine.task_id);
      expect((await stack.call(`/v1/videos/${task.task_id}`)).status).toBe(404);
      expect((await stack.call(`/v1/videos/${mine.task_id}`, { headers: { authorization } })).status).toBe(
        404,
      );
      expect(submitsTo(stack.gateway)).toHaveLength(2);
    });
  });

  describe("what is remembered", () => {
    it.each(byDay([400, 401, 402, 403, 404, 413, 422]))(
      "is not a definite no: after %i the call can be repeated",
      async (status) => {
        stack.gateway.fault({ on: "submit", status });
        expect((await create()).status).toBe(status);
        const again = await create();
        expect(again.headers.get("idempotent-replayed")).toBeNull();
        const { task_id: id } = await bodyOf(again);
        expect(submitsTo(stack.gateway)).toHaveLength(2);
        await expectReplay(await create(), id);
        expect(submitsTo(stack.gateway)).toHaveLength(2);
      },
    );

    it("is not a definite no: even another request may follow under the key", async () => {
      stack.gateway.fault({ on: "submit", status: 422 });
      expect((await create()).status).toBe(422);
      const { task_id: id } = await bodyOf(await create({ seed: 2 }));
      await expectReplay(await create({ seed: 2 }), id);
      await expectError(await create(), 422, "idempotency_mismatch");
    });

    it("is not a request that was refused as invalid", async () => {
      expect((await create({ duration_seconds: 99 })).status).toBe(400);
      const { status } = await create({ duration_seconds: 5 });
      expect(status).toBe(202);
    });

    it.each(
      byDay([
        ["500", { status: 500 }],
        ["a connection closed after it was processed", { drop: "after" as const }],
        ["a 2xx without an id", { status: 200, body: {} }],
      ]),
    )(
      "is an unknown submit: after %s the same is the failed task, never a second call",
      async (_name, answer) => {
        stack.gateway.fault({ on: "submit", ...answer });
        const failed = await bodyOf(await create());
        expect(failed).toMatchObject({ status: "failed", error: { code: "submit_unknown" } });
        const replayed = await expectReplay(await create(), failed.task_id);
        expect(replayed).toEqual(failed);
        await expectError(await create({ seed: 2 }), 422, "idempotency_mismatch");
        expect(submitsTo(stack.gateway)).toHaveLength(1);
      },
    );

    it("is a submit that waits for the upstream to have room", async () => {
      stack.gateway.fault({ on: "submit", status: 429, headers: { "retry-after": "1" } });
      const { task_id: id, status } = await bodyOf(await create());
      expect(status).toBe("queued");
      expect(await expectReplay(await create(), id)).toMatchObject({ status: "queued", submitted_at: null });
      await stack.task(id, isTerminal);
      expect(submitsTo(stack.gateway)).toHaveLength(2);
    });

    it("is a definite no that came after the answer", async () => {
      stack.gateway.fault({ on: "submit", status: 402 });
      const { task_id: id } = await bodyOf(await create({}, { prefer: "respond-async" }));
      await stack.task(id, isTerminal);
      const replayed = await expectReplay(await create(), id);
      expect(replayed).toMatchObject({ status: "failed", error: { code: "upstream_payment_required" } });
      expect(submitsTo(stack.gateway)).toHaveLength(1);
    });
  });
});

describe("when the Worker is started again", () => {
  const FIRST = "the first secret of this deployment, 1";
  const SECOND = "the second secret of this deployment, 2";
  let folder: string;
  let stack: Stack;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "ringback-idempotency-"));
    stack = await startStack({
      persistTo: folder,
      settings: { RINGBACK_SECRET: FIRST },
      gateway: {
        taskPlan: ({ prompt }) => (prompt === "long" ? NEVER_ENDS : { queueSeconds: 0, runSeconds: 0.1 }),
      },
    });
  });
  afterEach(async () => {
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const keyed = (key: string) => ({ "idempotency-key": key });

  async function secrets(): Promise<{
    secret: string;
    previous: { secret: string; expires_at: string | null }[];
  }> {
    const response = await stack.call("/v1/webhooks/secret");
    expect(response.status).toBe(200);
    return (await response.json()) as Awaited<ReturnType<typeof secrets>>;
  }

  function signaturesOf(hook: Hook): string[] {
    return String(hook.received()[0]?.headers["webhook-signature"]).split(" ");
  }

  function expectSignedUnder(hook: Hook, secret: string): void {
    const [callback] = hook.received();
    new Webhook(secret).verify(callback?.body ?? "", callback?.headers as Record<string, string>);
  }

  it("a keyed task survives another secret without the previous one, under an id that can be read", async () => {
    const fields = { prompt: "short", metadata: { order: 7 } };
    const before = await bodyOf(await stack.create(fields, keyed("survivor")));
    const ended = await stack.task(before.task_id, isTerminal);
    const unkeyed = await bodyOf(await stack.create({ prompt: "short" }));
    await stack.task(unkeyed.task_id, isTerminal);

    await stack.restart({ RINGBACK_SECRET: SECOND });
    for (const id of [before.task_id, unkeyed.task_id])
      expect((await stack.call(`/v1/videos/${id}`)).status).toBe(404);
    await expectError(
      await stack.create({ prompt: "other" }, keyed("survivor")),
      422,
      "idempotency_mismatch",
    );
    const response = await stack.create(fields, keyed("survivor"));
    expect(response.headers.get("idempotent-replayed")).toBe("true");
    const { task_id: id, ...replayed } = await bodyOf(response);
    expect(response.headers.get("location")).toMatch(new RegExp(`/v1/videos/${id}$`));
    expect(id).not.toBe(before.task_id);
    // The upstream's last words were sealed under the secret that is gone.
    const { id: _same, task_id: _id, upstream: _upstream, ...facts } = ended;
    expect(replayed.id).toBe(id);
    expect(replayed).toMatchObject(facts);
    expect(await stack.task(id)).toMatchObject({ task_id: id, ...facts });
    await expectReplay(await stack.create(fields, keyed("survivor")), id);
    expect(submitsTo(stack.gateway)).toHaveLength(2);
  });

  it("an unknown submit is not sent again after another secret either", async () => {
    stack.gateway.fault({ on: "submit", drop: "after" });
    const failed = await bodyOf(await stack.create({ prompt: "short" }, keyed("unknown")));
    await stack.restart({ RINGBACK_SECRET: SECOND });
    const response = await stack.create({ prompt: "short" }, keyed("unknown"));
    expect(response.headers.get("idempotent-replayed")).toBe("true");
    const replayed = await bodyOf(response);
    expect(replayed).toMatchObject({ status: "failed", error: failed.error });
    expect(await stack.task(replayed.task_id)).toMatchObject({ error: { code: "submit_unknown" } });
    expect(submitsTo(stack.gateway)).toHaveLength(1);
  });

  it("with the previous secret, old ids read on, unfinished tasks go on, and callbacks are signed under both", async () => {
    const [long, queued, later] = [newHook(stack), newHook(stack), newHook(stack)];
    const old = await secrets();
    expect(old.previous).toEqual([]);
    const done = await bodyOf(await stack.create({ prompt: "short" }, keyed("done")));
    const ended = await stack.task(done.task_id, isTerminal);
    const running = await bodyOf(
      await stack.create({
        prompt: "long",
        callback_url: long.url,
        callback_headers: { "x-make-apikey": "sealed under the first" },
      }),
    );
    await stack.task(running.task_id, ({ status }) => status === "running");
    stack.gateway.fault({ on: "submit", status: 429, headers: { "retry-after": "2" } });
    const waiting = await bodyOf(await stack.create({ prompt: "short", seed: 1, callback_url: queued.url }));
    expect(waiting.status).toBe("queued");

    await stack.restart({ RINGBACK_SECRET: SECOND, RINGBACK_SECRET_PREVIOUS: FIRST });
    expect(await stack.task(done.task_id)).toEqual(ended);
    const replayed = await stack.create({ prompt: "short" }, keyed("done"));
    expect(replayed.headers.get("idempotent-replayed")).toBe("true");
    expect(await stack.task((await bodyOf(replayed)).task_id)).toMatchObject({ status: "succeeded" });
    const now = await secrets();
    expect(now.secret).not.toBe(old.secret);
    expect(now.previous).toEqual([{ secret: old.secret, expires_at: null }]);

    // The sealed key opens: the running task is polled on, the waiting one is submitted with the very same body.
    stack.gateway.finish(running.upstream_task_id ?? "", "succeeded");
    await long.waitFor(1);
    await queued.waitFor(1);
    expect(await stack.task(running.task_id, isTerminal)).toMatchObject({ status: "succeeded" });
    expect(long.received()[0]?.headers["x-make-apikey"]).toBe("sealed under the first");
    const [, , refused, accepted, ...others] = submitsTo(stack.gateway);
    expect(others).toEqual([]);
    expect(accepted?.body.equals(refused?.body ?? Buffer.alloc(0))).toBe(true);
    expect(accepted?.authorization).toBe(refused?.authorization);
    await bodyOf(await stack.create({ prompt: "short", callback_url: later.url }));
    await later.waitFor(1);
    for (const hook of [long, queued, later]) {
      expect(hook.received()).toHaveLength(1);
      expect(signaturesOf(hook)).toHaveLength(2);
      expectSignedUnder(hook, old.secret);
      expectSignedUnder(hook, now.secret);
    }
  });

  it("without the previous secret, callbacks are signed under the new one only", async () => {
    const old = await secrets();
    await stack.restart({ RINGBACK_SECRET: SECOND });
    const now = await secrets();
    expect(now.secret).not.toBe(old.secret);
    expect(now.previous).toEqual([]);
    const hook = newHook(stack);
    await bodyOf(await stack.create({ prompt: "short", callback_url: hook.url }));
    await hook.waitFor(1);
    expect(signaturesOf(hook)).toHaveLength(1);
    expectSignedUnder(hook, now.secret);
  });

  it("a submit in whose middle the Worker died is unknown: one call, one failed task, one callback", async () => {
    const hook = newHook(stack);
    const fields = { prompt: "short", callback_url: hook.url };
    stack.gateway.fault({ on: "submit", process: true, delayMs: 5000 });
    const lost = stack.create(fields, keyed("lost")).catch(() => null);
    await eventually(
      async () => submitsTo(stack.gateway).length,
      (count) => count === 1,
    );
    await stack.restart({});
    expect((await lost)?.status).not.toBe(202);

    const response = await eventually(
      async () => stack.create(fields, keyed("lost")),
      ({ status }) => status !== 409,
    );
    expect(response.headers.get("idempotent-replayed")).toBe("true");
    const task = await bodyOf(response);
    expect(task).toMatchObject({ status: "failed", error: { code: "submit_unknown" } });
    await hook.waitFor(1);
    await stack.task(task.task_id, ({ callback }) => callback?.status === "delivered");
    expect(hook.received().map(({ body }) => (JSON.parse(body) as { type: string }).type)).toEqual([
      "video.failed",
    ]);
    expect(submitsTo(stack.gateway)).toHaveLength(1);
  });
});
