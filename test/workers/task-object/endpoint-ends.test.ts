import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AccountObject } from "../../../src/account-object/object.ts";
import { watchLog } from "../../support/log-lines.ts";
import { account, ownAccount } from "../support/account.ts";
import { register, twoEndpoints } from "../support/registered.ts";
import { storedOf } from "../support/stored.ts";
import {
  created,
  ELSEWHERE,
  ENDPOINT_A,
  fakeNetwork,
  network,
  RECEIVER,
  request,
  sentTo,
  until,
  upstream,
} from "../support/world.ts";
import { DELIVERED, deliveries, says, settled } from "./endpoint-deliveries.ts";

/*
 * A task's events at registered endpoints that take them no more.
 *
 * scenario                                          requirement
 * 410 of one receiver                               stops that receiver's delivery alone; of an endpoint's URL before, that too
 * disabled, or deleted                              stopped when its turn comes, unsent; by hand a disabled one is sent
 */

beforeEach(fakeNetwork);
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

describe("a receiver that says 410", () => {
  it("stops its own delivery, if it is an endpoint, and the account hears of it", async () => {
    await register(await twoEndpoints());
    says(ENDPOINT_A, 410);
    const { task_id: id } = await created();
    expect(await settled(id)).toEqual({ ...DELIVERED, ep_a: "stopped" });
    const reports = vi.spyOn(AccountObject.prototype, "sync");
    await until(
      async () => (await account()).attemptBriefing(),
      ({ endpoints }) => endpoints.find((one) => one.id === "ep_a")?.isDisabled === true,
    );
    reports.mockRestore();
  });

  it("once the endpoint has another URL, stops what was sent there, and leaves the endpoint enabled", async () => {
    await register(await twoEndpoints());
    let answer: (response: Response) => void = () => {};
    const up = upstream();
    const slow = new Promise<Response>((resolve) => (answer = resolve));
    network.answer = async (call) => (call.url === ENDPOINT_A ? slow : up(call));
    const { task_id: id } = await created();
    await until(
      () => sentTo(ENDPOINT_A),
      ({ length }) => length === 1,
    );
    const moved = await request("PATCH", "/v1/webhooks/endpoints/ep_a", { url: ELSEWHERE, headers: {} });
    expect(moved.status).toBe(200);
    answer(new Response("", { status: 410 }));
    expect(await settled(id)).toEqual({ ...DELIVERED, ep_a: "stopped" });
    const stub = await account();
    await until(
      async () => stub.stats(),
      ({ hosts }) => hosts.some(({ host, failed }) => host === "endpoint-a.test" && failed === 1),
    );
    expect(await (await request("GET", "/v1/webhooks/endpoints/ep_a")).json()).toMatchObject({
      url: ELSEWHERE,
      status: "active",
      disabled_reason: null,
    });
  });

  it("stops the task's own deliveries, if it is the callback, and none at endpoints", async () => {
    await register(await twoEndpoints());
    says(RECEIVER, 410);
    const { task_id: id } = await created();
    expect(await settled(id)).toEqual({ ...DELIVERED, own: "stopped" });
  });
});

describe("an endpoint that is", () => {
  it.each([
    { what: "disabled", change: { disabled: { reason: "manual" as const, at: 0 } } },
    { what: "deleted", change: null },
  ])("$what is sent nothing: its delivery is stopped, and that is logged", async ({ what, change }) => {
    const [a, b] = await twoEndpoints();
    await register([{ ...a }, { ...b }]);
    network.answer = upstream({ status: "queued" });
    const { task_id: id } = await created();
    await until(
      async () => (await storedOf(id)).state?.task.endpoints,
      (known) => known?.length === 2,
    );
    const logged: string[] = [];
    watchLog((line) => logged.push(line));
    await register([...(change ? [{ ...a, ...change }] : []), { ...b }]);
    network.answer = upstream();
    expect(await settled(id)).toEqual({ ...DELIVERED, ep_a: "stopped" });
    expect(sentTo(ENDPOINT_A)).toEqual([]);
    const lines = logged.filter((line) => line.includes('"delivery.ended"'));
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { task_id: id, endpoint: "ep_a", delivery: "stopped", reason: `endpoint_${what}` },
    ]);
    const again = await request("POST", `/v1/videos/${id}/redeliver`, { endpoint: "ep_a" });
    const delivery = (await deliveries(id)).find(({ endpoint }) => endpoint?.id === "ep_a");
    const sent = await request("GET", `/v1/videos/${id}/deliveries/${delivery?.message_id}?endpoint=ep_a`);
    expect([sent.status, await sent.json()]).toEqual([
      200,
      { ...delivery, request: change && expect.objectContaining({ url: ENDPOINT_A }) },
    ]);
    if (change === null) {
      expect([again.status, await again.json()]).toMatchObject([404, { error: { code: "not_found" } }]);
      const elsewhere = { endpoint: "ep_a", callback_url: ELSEWHERE };
      expect((await request("POST", `/v1/videos/${id}/redeliver`, elsewhere)).status).toBe(202);
      await until(
        () => sentTo(ELSEWHERE),
        ({ length }) => length === 1,
      );
    } else {
      expect(again.status).toBe(202);
      expect(await settled(id)).toEqual({ ...DELIVERED, ep_a: "stopped" });
      await until(
        () => sentTo(ENDPOINT_A),
        ({ length }) => length === 1,
      );
    }
  });

  it("deleted before a recovery's attempt ends it without a request, and that is written down", async () => {
    await register(await twoEndpoints());
    says(ENDPOINT_A, 503);
    const { task_id: id } = await created();
    await until(
      () => sentTo(ENDPOINT_A),
      ({ length }) => length >= 1,
    );
    await register([]);
    const stub = env.TASKS.get(env.TASKS.idFromName(id.slice("task_".length, "task_".length + 26)));
    const order = {
      recoveryId: "rec_1",
      statuses: ["pending" as const, "exhausted" as const, "stopped" as const],
      endpoint: "ep_a",
      target: null,
    };
    const before = sentTo(ENDPOINT_A).length;
    await new Promise((resolve) => void setTimeout(resolve, 300));
    expect(await stub.recover(await ownAccount(), order)).toEqual({ kind: "interrupted" });
    expect(sentTo(ENDPOINT_A).length).toBeLessThanOrEqual(before + 1);
    const shown = (await deliveries(id)).find(({ endpoint }) => endpoint?.id === "ep_a");
    expect(shown?.attempts.at(-1)).toMatchObject({
      trigger: "manual",
      outcome: "permanent",
      reason: "endpoint_deleted",
    });
    expect(await stub.recover(await ownAccount(), { ...order, endpoint: "ep_none" })).toEqual({
      kind: "unmatched",
    });
  });
});
