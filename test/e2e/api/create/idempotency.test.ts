import { describe, expect, it } from "vitest";
import { eventually, MODEL, newHook, submitsTo } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import { PROMPT, bodyOf, expectError, expectReplay, post, useKeys } from "./replays.ts";

/*
 * scenario                                               requirement (contract, Idempotency, unless said otherwise)
 * the same request again, however it is spelled          the task as it is now, nothing submitted twice; after coercion, any order
 * another request under the key                          422, judged first
 * 50 at once, and one while the upstream is slow         409 with Retry-After: 1, or a replay; one upstream call
 * quoted, bare and bad keys                              1–255 visible characters; other routes ignore it
 * two accounts with one key                              guarantee 8
 */

describe("under one secret", () => {
  const { stack, key, create } = useKeys();

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
      const { task_id: id } = await bodyOf(await post(stack, `{${base},${first}}`, key()));
      const submits = submitsTo(stack.gateway).length;
      await expectReplay(await post(stack, `{${again},${base}}`, key()), id);
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
      const { task_id: id } = await bodyOf(await post(stack, `{${base},${first}}`, key()));
      await expectError(await post(stack, `{${base},${other}}`, key()), 422, "idempotency_mismatch");
      await expectReplay(await post(stack, `{${base},${first}}`, key()), id);
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
});
