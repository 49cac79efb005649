import { beforeEach, describe, expect, it } from "vitest";
import type { Received } from "../../../../dev/receiver.ts";
import type { EndpointJson } from "../../../../src/contract/shapes/endpoint.ts";
import { eventually, type Hook, type TaskBody } from "../../../support/stack.ts";
import { SLOW, isSettled, messageId, useThreeReceivers } from "./three-receivers.ts";

/*
 * What changes at a registered endpoint while a task sends there, over HTTP.
 *
 * scenario                                           requirement (contract, Registered endpoints)
 * URL and headers changed between two attempts       hold from the next attempt on
 * deleted or disabled between two attempts           what is pending becomes stopped
 * 410 at an endpoint                                 disables it; what follows is stopped, and recovered after `enabled`
 * 501 at an endpoint                                 stops that delivery only
 * 410 at the task's own receiver                     stops nothing at endpoints, nor the other way round
 */

const { newHooks, receiverOf, call, register, change, create, at, isOver } = useThreeReceivers();

let own: Hook;
let first: Hook;
let second: Hook;
beforeEach(() => {
  [own, first, second] = newHooks();
});

describe("between two attempts", () => {
  /** A task whose first attempt there has failed; the next one is 1.5 s later. */
  async function failedOnce(hook: Hook, endpoint: string): Promise<string> {
    receiverOf(hook).reply({ status: 500 });
    const id = await create({ callback_url: own.url });
    await at(endpoint, id, ([one]) => one?.attempts[0]?.outcome === "retryable");
    return id;
  }

  it("a new URL and new headers hold", async () => {
    const { id: endpoint } = await register(first, { headers: { "x-app-key": "old" } });
    const id = await failedOnce(first, endpoint);
    await change(endpoint, { url: second.url, headers: { "x-app-key": "new" } });
    const [moved] = await second.waitFor(1);
    expect(moved?.headers["x-app-key"]).toBe("new");
    expect(moved && messageId(moved)).toBe(messageId(first.received()[0] as Received));
    expect(moved?.body).toBe(first.received()[0]?.body);
    const [delivery] = await at(endpoint, id, isSettled("delivered"));
    expect(delivery?.attempts.map(({ status_code: code }) => code)).toEqual([500, 200]);
    expect(first.received()).toHaveLength(1);
  });

  it.each([
    ["deleted", async (id: string) => call("DELETE", `/webhooks/endpoints/${id}`, undefined, 204)],
    ["disabled", async (id: string) => change(id, { enabled: false })],
  ])("what is pending for an endpoint that is %s becomes stopped", async (_name, stop) => {
    const { id: endpoint } = await register(first);
    const id = await failedOnce(first, endpoint);
    await stop(endpoint);
    const [delivery] = await at(endpoint, id, isSettled("stopped"));
    expect(delivery?.attempts.filter(({ status_code: code }) => code !== null)).toHaveLength(1);
    expect(first.received()).toHaveLength(1);
    await isOver(id);
  });
});

describe("an endpoint that answers", () => {
  it("410 is disabled; what follows is stopped, and sent by a recovery once it is enabled", async () => {
    const { id: endpoint } = await register(first);
    receiverOf(first).reply({ status: 410 });
    const refused = await create({ callback_url: own.url });
    await at(endpoint, refused, isSettled("stopped"));
    await isOver(refused);
    const gone = await eventually(
      async () => call<EndpointJson>("GET", `/webhooks/endpoints/${endpoint}`),
      ({ status }) => status === "disabled",
    );
    expect(gone).toMatchObject({ status: "disabled", disabled_reason: "gone" });

    const stopped = await create();
    const [recorded] = await at(endpoint, stopped, isSettled("stopped"));
    expect(recorded).toMatchObject({ event: "video.succeeded" });
    expect(first.received()).toHaveLength(1);

    expect(await change(endpoint, { enabled: true })).toMatchObject({
      status: "active",
      disabled_reason: null,
    });
    const filter = { endpoint, statuses: ["stopped"] };
    await eventually(
      async () => call<{ matched: number }>("POST", "/webhooks/recoveries", { ...filter, dry_run: true }),
      ({ matched }) => matched === 2,
    );
    const { id } = await call<{ id: string }>("POST", "/webhooks/recoveries", filter, 202);
    const ended = await eventually(
      async () => call<{ status: string }>("GET", `/webhooks/recoveries/${id}`),
      ({ status }) => status !== "running",
    );
    expect(ended).toMatchObject({ status: "done", matched: 2, delivered: 2, failed: 0, remaining: 0 });
    const sent = first.received().slice(1);
    expect(new Set(sent.map(({ body }) => (JSON.parse(body) as { data: TaskBody }).data.task_id))).toEqual(
      new Set([refused, stopped]),
    );
    expect(sent).toHaveLength(2);
  });

  it("501 has that delivery stopped, and gets the next task's", async () => {
    const { id: endpoint } = await register(first);
    receiverOf(first).reply({ status: 501 });
    const refused = await create();
    await at(endpoint, refused, isSettled("stopped"));
    const next = await create();
    await at(endpoint, next, isSettled("delivered"));
    expect(await call("GET", `/webhooks/endpoints/${endpoint}`)).toMatchObject({ status: "active" });
  });

  it("410 stops nothing at the task's own receiver, nor that one's 410 anything at endpoints", async () => {
    const events = ["video.running", "video.succeeded"];
    const [gone, active] = [await register(first, { events }), await register(second, { events })];
    receiverOf(first).reply({ status: 410 });
    receiverOf(own).reply({ status: 410 });
    const id = await create({
      callback_url: own.url,
      callback_events: events,
      // That an endpoint is disabled holds a second later at most.
      prompt: SLOW,
    });
    await at(gone.id, id, isSettled("stopped"));
    await eventually(
      async () => call<EndpointJson>("GET", `/webhooks/endpoints/${gone.id}`),
      ({ status }) => status === "disabled",
    );
    const received = await second.waitFor(2);
    expect(received.map(({ body }) => (JSON.parse(body) as { type: string }).type)).toEqual(events);
    expect(await at(active.id, id, isSettled("delivered"))).toHaveLength(2);
    expect(await at(gone.id, id, isSettled("stopped"))).toHaveLength(2);
    expect(await at(null, id, isSettled("stopped"))).toHaveLength(2);
    expect([own.received().length, first.received().length]).toEqual([1, 1]);
    expect(await call("GET", `/webhooks/endpoints/${active.id}`)).toMatchObject({ status: "active" });
  });
});
