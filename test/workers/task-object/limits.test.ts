import { env } from "cloudflare:workers";
import { createExecutionContext, evictDurableObject, reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "../../../src/app.ts";
import { rewriteDocument } from "../support/stored.ts";
import { caller, created, fakeNetwork, read, request, stubOf, until } from "../support/world.ts";

/*
 * scenario                                   requirement
 * an object that is overloaded, or away      contract, Errors: 503 `overloaded` + `Retry-After`
 * ten redeliveries to other URLs that wait   contract, redeliver: 429, which names its cause
 * a task that is redelivered for ever        guarantee 7: bounded attempts and stored bytes
 */

beforeEach(fakeNetwork);

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

/** A namespace whose objects all fail so, whatever they are asked. */
function failing(error: Error): unknown {
  const fail = async (): Promise<never> => {
    throw error;
  };
  const stub = new Proxy({}, { get: () => fail });
  return { idFromName: (name: string) => name, get: () => stub };
}

const overloaded = Object.assign(new Error("Durable Object is overloaded."), { overloaded: true });
const lost = new Error("Network connection lost.");
const TASK = "task";

describe("an object that cannot answer", () => {
  it.each([
    { what: "a create", method: "POST", path: "/v1/videos", away: "TASKS", error: overloaded },
    { what: "a read", method: "GET", path: TASK, away: "TASKS", error: overloaded },
    { what: "a delete", method: "DELETE", path: TASK, away: "TASKS", error: overloaded },
    { what: "the secret", method: "GET", path: "/v1/webhooks/secret", away: "ACCOUNTS", error: overloaded },
    { what: "the secret", method: "GET", path: "/v1/webhooks/secret", away: "ACCOUNTS", error: lost },
    { what: "a rotation", method: "POST", path: "/v1/webhooks/secret/rotate", away: "ACCOUNTS", error: lost },
    { what: "a check", method: "POST", path: "/v1/webhooks/verify", away: "ACCOUNTS", error: lost },
  ])(
    "makes $what a 503 that says when to come back ($error.message)",
    async ({ method, path, away, error }) => {
      const { task_id: id } = await created({ callback_url: undefined });
      const fields = path === "/v1/videos" ? { model: "m", prompt: "p" } : {};
      const body = method === "GET" || method === "DELETE" ? null : JSON.stringify(fields);
      const url = `http://ringback.test${path === TASK ? `/v1/videos/${id}` : path}`;
      const init = {
        method,
        headers: { authorization: caller.authorization, "content-type": "application/json" },
        body,
      };
      const response = await app.fetch(
        new Request(url, init),
        { ...env, [away]: failing(error) },
        createExecutionContext(),
      );
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("1");
      expect(await response.json()).toMatchObject({ error: { code: "overloaded", retryable: true } });
    },
  );
});

describe("redeliveries", () => {
  it("to other URLs are refused while ten wait for their turn, and say so", async () => {
    const { task_id: id } = await created();
    await until(
      async () => read(id),
      ({ callback }) => callback.status === "delivered",
    );
    await rewriteDocument(id, ({ deliveries, ...rest }) => ({
      ...rest,
      deliveries: deliveries.map((delivery) => ({
        ...delivery,
        elsewhere: Array.from({ length: 10 }, () => "sealed"),
      })),
    }));
    await evictDurableObject(stubOf(id));
    const elsewhere = { callback_url: "https://elsewhere.example.com/" };
    const refused = await request("POST", `/v1/videos/${id}/redeliver`, elsewhere);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    const { error } = (await refused.json()) as { error: { code: string; message: string } };
    expect(error).toMatchObject({ code: "rate_limited", message: expect.stringContaining("to other URLs") });
    // One to its own receiver does not wait behind them.
    expect(await request("POST", `/v1/videos/${id}/redeliver`)).toMatchObject({ status: 202 });
  });

  it("end at 1,000 a task, and the log with them", async () => {
    const { task_id: id } = await created();
    await until(
      async () => read(id),
      ({ callback }) => callback.status === "delivered",
    );
    await rewriteDocument(id, ({ deliveries, ...rest }) => ({
      ...rest,
      deliveries: deliveries.map((delivery) => ({ ...delivery, attempts: 1000 })),
    }));
    // What was written behind its back is seen by a new process only.
    await evictDurableObject(stubOf(id));
    expect(await request("POST", `/v1/videos/${id}/redeliver`)).toMatchObject({ status: 202 });
    const refused = await request("POST", `/v1/videos/${id}/redeliver`);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ error: { code: "too_many_redeliveries", task_id: id } });
  });
});
