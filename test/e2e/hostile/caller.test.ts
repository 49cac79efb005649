import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { codeOf, send } from "../../support/wire/send.ts";
import {
  eventually,
  MODEL,
  newHook,
  submitsTo,
  type RawAnswer,
  type StackOptions,
  type TaskBody,
} from "../../support/stack.ts";
import { useStack } from "../../support/use-stack.ts";
import { PATIENT } from "./patience.ts";

/*
 * A caller that wants what belongs to others.
 *
 * scenario                                            requirement
 * foreign and missing ids on every route              contract, ids: 404, same bytes; guarantee 8; threats T8
 * one idempotency key, two accounts                   guarantee 8; threats T7
 */

const tokenHash = (token: string) => createHash("sha256").update(token).digest("hex");
const ALICE = "rb-alice";
const BOB = "rb-bob";

const OPERATOR: StackOptions = {
  token: ALICE,
  settings: {
    AIO_API_KEY: "sk-the-operators-key",
    RINGBACK_KEYS: `alice:${tokenHash(ALICE)},alice:${tokenHash("rb-alice-2")},bob:${tokenHash(BOB)}`,
  },
};

describe.each<[name: string, options: StackOptions, owner: string, stranger: string]>([
  ["own keys", { token: "sk-owner" }, "sk-owner", "sk-stranger"],
  ["the operator's key", OPERATOR, ALICE, BOB],
])("with %s, another account", (_name, options, owner, stranger) => {
  const stack = useStack({
    ...options,
    settings: { ...options.settings, CALLBACK_RETRY_SECONDS: "600", ...PATIENT },
  });

  /** All that a client sees, but for what names the request and the moment. */
  function seen({ status, headers, body }: RawAnswer): string {
    const { "x-request-id": requestId, date: _, ...rest } = headers;
    return JSON.stringify([status, rest, body.replaceAll(String(requestId), "")]);
  }

  it("sees of a task on no route more than of one that never was", async () => {
    stack.receiver.defaultReply({ status: 503 });
    const hook = newHook(stack);
    const created = await stack.create({ callback_url: hook.url, metadata: { canary: "canary" } });
    const { task_id: id } = (await created.json()) as TaskBody;
    await hook.waitFor(1);
    const messageId = (await stack.deliveries(id))[0]?.message_id;
    const deleted = (await (await stack.create()).json()) as TaskBody;
    expect(
      (await send(stack, `/v1/videos/${deleted.task_id}`, { method: "DELETE", key: owner })).status,
    ).toBe(204);

    const bent = id.slice(0, -1) + (id.endsWith("a") ? "b" : "a");
    const asked: [key: string, id: string][] = [
      [stranger, id],
      [stranger, deleted.task_id],
      [stranger, bent],
      [stranger, `task_${"a".repeat(42)}`],
      [stranger, "task_1"],
      [stranger, id.toUpperCase()],
      [owner, bent],
      [owner, deleted.task_id],
    ];
    const routes: [method: string, suffix: string, body?: unknown][] = [
      ["GET", ""],
      ["GET", "?wait=1"],
      ["GET", "/events"],
      ["DELETE", ""],
      ["GET", "/deliveries"],
      ["POST", "/redeliver"],
      ["POST", "/redeliver", {}],
      ["POST", "/redeliver", { message_id: messageId }],
      ["POST", "/redeliver", { message_id: "msg_none" }],
      ["POST", "/redeliver", { message_id: 5 }],
      ["POST", "/redeliver", "no JSON"],
    ];
    for (const [method, suffix, body] of routes) {
      // Of a task that was the caller's own a body that is none may be the first complaint.
      const isBad = body === "no JSON" || JSON.stringify(body) === '{"message_id":5}';
      const answers = await Promise.all(
        asked
          .filter(([key, taskId]) => !isBad || key !== owner || taskId !== deleted.task_id)
          .map(async ([key, taskId]) => send(stack, `/v1/videos/${taskId}${suffix}`, { method, key, body })),
      );
      expect([method, suffix, new Set(answers.map(seen)).size]).toEqual([method, suffix, 1]);
      expect(answers.map(codeOf)).toEqual(answers.map(() => "task_not_found"));
      expect(answers.map(seen).join("")).not.toContain("canary");
    }
    // Nothing of that has touched the owner's task.
    expect((await stack.deliveries(id))[0]?.attempts).toHaveLength(1);
    expect(hook.received()).toHaveLength(1);
    stack.receiver.defaultReply({ status: 200 });
  });

  it("with the same Idempotency-Key has a task of its own, whatever becomes of the first", async () => {
    const key = { "idempotency-key": "order-1" };
    const create = async (caller: string, fields: object = {}) =>
      send(stack, "/v1/videos", {
        method: "POST",
        key: caller,
        headers: key,
        body: { model: MODEL, prompt: "A lighthouse.", ...fields },
      });
    const before = submitsTo(stack.gateway).length;
    // While the first is on its way the key is taken for its account alone.
    stack.gateway.fault({ on: "submit", delayMs: 1500, process: true });
    const first = create(owner, { metadata: { canary: "canary" } });
    await eventually(
      async () => submitsTo(stack.gateway).length,
      (count) => count > before,
    );
    expect(codeOf(await create(owner, { metadata: { canary: "canary" } }))).toBe("idempotency_in_progress");
    const theirs = await create(stranger);
    const mine = await first;
    expect([mine.status, theirs.status]).toEqual([202, 202]);
    expect(theirs.headers["idempotent-replayed"]).toBeUndefined();
    expect(theirs.body).not.toContain("canary");
    const [mineId, theirsId] = [mine, theirs].map(({ body }) => (JSON.parse(body) as TaskBody).task_id);
    expect(theirsId).not.toBe(mineId);
    // Another body is a mismatch to its own account only, and so is the deleted one's digest.
    expect(codeOf(await create(owner, { seed: 1 }))).toBe("idempotency_mismatch");
    expect((await send(stack, `/v1/videos/${mineId}`, { method: "DELETE", key: owner })).status).toBe(204);
    expect(codeOf(await create(owner, { metadata: { canary: "canary" } }))).toBe("idempotency_deleted");
    const again = await create(stranger);
    expect(again.headers["idempotent-replayed"]).toBe("true");
    expect((JSON.parse(again.body) as TaskBody).task_id).toBe(theirsId);
    expect(submitsTo(stack.gateway)).toHaveLength(before + 2);
  });
});
