import { abortAllDurableObjects, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RecoveryAnswer, RecoveryOrder } from "../../../src/domain/recovery/order.ts";
import { ownKeyAccount } from "../../../src/keys/ids.ts";
import { bodyKey } from "../../support/model/world.ts";
import { ownAccount } from "../support/account.ts";
import { rewriteDocument, storedOf } from "../support/stored.ts";
import {
  callbacks,
  create,
  created,
  ELSEWHERE,
  fakeNetwork,
  hangs,
  isReceiver,
  network,
  read,
  RECEIVER,
  request,
  stubOf,
  type TaskBody,
  until,
  upstream,
  type Wire,
} from "../support/world.ts";

/*
 * A recovery's order to the task's object, in workerd itself.
 *
 * scenario                                            requirement
 * an exhausted delivery, and a receiver that is well  contract, Recovery: sent once more, same id and body
 * the same order again, at once or later              sent once
 * a crash while the attempt is on the wire            guarantee 5; its outcome is unknown, which is a failure, and not sent again
 * another URL and its headers                         contract, Recovery: a success counts; without the stored headers
 * another attempt is on the wire                      one in flight per delivery
 */

const HEADER = "a secret of the receiver";

beforeEach(fakeNetwork);

afterEach(async () => {
  await reset();
  vi.restoreAllMocks();
});

function receiverSays(...statuses: number[]): void {
  const good = upstream();
  network.answer = (call) => {
    if (!isReceiver(call.url)) return good(call);
    const [status = 200] = statuses.length > 1 ? statuses.splice(0, 1) : statuses;
    return new Response("heard", { status });
  };
}

async function recover(
  id: string,
  order: Partial<RecoveryOrder> = {},
  account?: string,
): Promise<RecoveryAnswer> {
  const whole = {
    recoveryId: "rec_1",
    statuses: ["exhausted"],
    endpoint: null,
    target: null,
    ...order,
  } as const;
  return stubOf(id).recover(account ?? (await ownAccount()), whole);
}

/** A task whose callback is exhausted; the calls so far are forgotten. */
async function anExhausted(fields: object = {}): Promise<string> {
  receiverSays(500);
  const { task_id: id } = await created({ callback_headers: { "x-make-apikey": HEADER }, ...fields });
  await until(
    async () => read(id),
    ({ callback }) => callback.status === "exhausted",
  );
  network.calls.length = 0;
  return id;
}

function elsewhere(): Wire[] {
  return network.calls.filter(({ url }) => url === ELSEWHERE);
}

interface Attempts {
  data: {
    status: string;
    attempts: { number: number; trigger: string; outcome: string; reason: string }[];
  }[];
}

async function deliveriesOf(id: string): Promise<Attempts["data"]> {
  const response = await request("GET", `/v1/videos/${id}/deliveries`);
  return ((await response.json()) as Attempts).data;
}

describe("a recovery's order", () => {
  it("sends what was not delivered once more, under the same id, and reports it to the account", async () => {
    const id = await anExhausted();
    const { bodies } = await storedOf(id);
    receiverSays(200);
    expect(await recover(id)).toEqual({ kind: "delivered" });
    const [sent, ...more] = callbacks();
    expect(more).toEqual([]);
    const messageId = sent?.headers.get("webhook-id") ?? "";
    expect(sent?.body).toBe(bodies.get(bodyKey({ messageId, format: "standard" })));
    expect(sent?.headers.get("x-make-apikey")).toBe(HEADER);
    expect(sent?.headers.get("ringback-attempt")).toBe("5");
    const [delivery] = await deliveriesOf(id);
    expect(delivery).toMatchObject({ status: "delivered" });
    expect(delivery?.attempts.at(-1)).toMatchObject({ number: 5, trigger: "manual", outcome: "delivered" });
    const listed = async (): Promise<{ data: TaskBody[] }> => (await request("GET", "/v1/videos")).json();
    await until(listed, ({ data }) => data[0]?.callback.status === "delivered");
  });

  it("that comes again is answered that it has failed, and sends nothing", async () => {
    const id = await anExhausted();
    receiverSays(503);
    expect(await recover(id)).toEqual({ kind: "failed" });
    receiverSays(200);
    // It has failed, but not again.
    expect(await recover(id)).toEqual({ kind: "interrupted" });
    await abortAllDurableObjects();
    expect(await recover(id)).toEqual({ kind: "interrupted" });
    expect(callbacks()).toHaveLength(1);
    expect(await recover(id, { recoveryId: "rec_2" })).toEqual({ kind: "delivered" });
    expect(await recover(id, { recoveryId: "rec_3" })).toEqual({ kind: "delivered" });
    expect(callbacks()).toHaveLength(2);
  });

  it("that comes twice at once is one request, and one failure of the receiver", async () => {
    const id = await anExhausted();
    receiverSays(410);
    const answers = await Promise.all([recover(id), recover(id), recover(id)]);
    expect(answers.map(({ kind }) => kind).toSorted()).toEqual(["failed", "interrupted", "interrupted"]);
    expect(callbacks()).toHaveLength(1);
    // 410 by hand stops nothing.
    expect((await deliveriesOf(id))[0]).toMatchObject({ status: "exhausted" });
  });

  it("whose process dies while its attempt is on the wire has failed, and sends nothing more", async () => {
    const id = await anExhausted();
    network.answer = hangs;
    const lost = recover(id).catch(() => "lost");
    await until(callbacks, ({ length }) => length === 1);
    expect((await storedOf(id)).attempts.at(-1)).toMatchObject({ result: null, recoveryId: "rec_1" });
    await abortAllDurableObjects();
    expect(await lost).toBe("lost");
    receiverSays(200);
    // The lease of the test is six seconds.
    expect(await recover(id)).toEqual({ kind: "interrupted" });
    expect(callbacks()).toHaveLength(1);
    expect((await deliveriesOf(id))[0]?.attempts.at(-1)).toMatchObject({
      outcome: "unknown",
      reason: "interrupted",
    });
  }, 20_000);

  it("does not send while another attempt is on the wire, and judges again after it", async () => {
    const id = await anExhausted();
    const wire = { isFree: false };
    const good = upstream();
    network.answer = async (call) => {
      if (call.url !== RECEIVER) return good(call);
      // Asked again and again: a promise resolved from outside would go on in another object's turn.
      while (!wire.isFree) await scheduler.wait(5);
      return new Response("heard");
    };
    expect((await request("POST", `/v1/videos/${id}/redeliver`)).status).toBe(202);
    await until(callbacks, ({ length }) => length === 1);
    const recovering = recover(id);
    // Time to send, if it did not wait.
    await scheduler.wait(50);
    wire.isFree = true;
    expect(await recovering).toEqual({ kind: "delivered" });
    expect(callbacks()).toHaveLength(1);
  });

  it("with a URL goes there, with its own headers and without the stored ones; a success counts", async () => {
    const id = await anExhausted();
    const target = { url: ELSEWHERE, headers: [["x-new", "its own"]] as [string, string][] };
    receiverSays(500, 200);
    expect(await recover(id, { target })).toEqual({ kind: "failed" });
    expect(await recover(id, { target, recoveryId: "rec_2" })).toEqual({ kind: "delivered" });
    expect(callbacks()).toEqual([]);
    expect(elsewhere()).toHaveLength(2);
    for (const { headers } of elsewhere()) {
      expect(headers.get("x-new")).toBe("its own");
      expect(headers.get("x-make-apikey")).toBeNull();
    }
    expect((await deliveriesOf(id))[0]).toMatchObject({ status: "delivered" });
    expect(await read(id)).toMatchObject({ callback: { url: RECEIVER, status: "delivered" } });
  });

  it("with a URL that the policy refuses sends nothing", async () => {
    const id = await anExhausted();
    const target = { url: "http://ringback.test/hook", headers: [] };
    receiverSays(200);
    expect(await recover(id, { target })).toEqual({ kind: "failed" });
    expect(network.calls).toEqual([]);
    expect((await deliveriesOf(id))[0]).toMatchObject({ status: "exhausted" });
  });

  it("needs no seal for another URL, and fails where the stored receiver's headers do not open", async () => {
    const id = await anExhausted();
    const headers = btoa("\u0001".repeat(40));
    await rewriteDocument(id, (document) => ({ ...document, sealed: { ...document.sealed, headers } }));
    await abortAllDurableObjects();
    receiverSays(200);
    expect(await recover(id)).toEqual({ kind: "interrupted" });
    expect(callbacks()).toEqual([]);
    const target = { url: ELSEWHERE, headers: [] };
    expect(await recover(id, { recoveryId: "rec_2", target })).toEqual({ kind: "delivered" });
  });

  it("does not fit, or finds no task of its account", async () => {
    const id = await anExhausted();
    expect(await recover(id, { statuses: ["stopped", "pending"] })).toEqual({ kind: "unmatched" });
    expect(await recover(id, {}, "key:another")).toEqual({ kind: "gone" });
    expect((await request("DELETE", `/v1/videos/${id}`)).status).toBe(204);
    expect(await recover(id)).toEqual({ kind: "gone" });
    network.answer = upstream({ status: "running" });
    const running = await created();
    expect(await recover(running.task_id)).toEqual({ kind: "unmatched" });
    const silent = await created({ callback_url: undefined });
    expect(await recover(silent.task_id)).toEqual({ kind: "unmatched" });
    expect(callbacks()).toEqual([]);
  });

  it("proves the key of a task whose submit the upstream did not accept", async () => {
    network.answer = (call) => {
      if (call.url.endsWith("/models")) return new Response("", { status: 401 });
      if (call.url === RECEIVER) return new Response("ok");
      return new Response("", { status: 500 });
    };
    const { task_id: id }: TaskBody = await (
      await create({}, { authorization: "Bearer sk-made-up-lately" })
    ).json();
    const account = await ownKeyAccount("sk-made-up-lately");
    const stub = env.TASKS.get(env.TASKS.idFromName(id.slice(5, 31)));
    await until(
      async () => (await storedOf(id)).state?.deliveries[0]?.status,
      (status) => status === "stopped",
    );
    expect(callbacks()).toEqual([]);
    const order = { recoveryId: "rec_1", statuses: ["stopped" as const], endpoint: null, target: null };
    expect(await stub.recover(account, order)).toEqual({ kind: "delivered" });
    const { state, key } = await storedOf(id);
    expect(state?.task.unproved).toBeNull();
    expect(key).toBe(false);
    expect(callbacks()).toHaveLength(1);
  });
});
