import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  eventually,
  isTerminal,
  newHook,
  startStack,
  submitsTo,
  type Hook,
  type Stack,
} from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import { bodyOf, expectError, expectReplay, useKeys } from "./replays.ts";

/*
 * scenario                                               requirement (contract, Idempotency, unless said otherwise)
 * after a definite no, an unknown, a queued submit       every 2xx is remembered, a definite no given as an answer is not
 * the Worker dies in the middle of a submit              guarantee 2: begun without an outcome is unknown
 * RINGBACK_SECRET changes                                keys survive; with RINGBACK_SECRET_PREVIOUS all else does too
 */

const NEVER_ENDS = { queueSeconds: 0, runSeconds: 3600 };

describe("under one secret", () => {
  const { stack, create } = useKeys();

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
