import { beforeEach, describe, expect, it } from "vitest";
import type { TaskBody } from "../../support/stack.ts";
import { useStack } from "../../support/use-stack.ts";

/*
 * scenario                                                     requirement
 * a field that is none                                         contract, POST /v1/webhooks/…: 400
 * a made-up key                                                contract, Who is calling: the known-key rule
 * delete: nothing more is sent, kept or found                  contract, DELETE /v1/videos/{id}
 */

const stack = useStack({ gateway: { poorKeys: [] } });
beforeEach(() => {
  stack.receiver.received.length = 0;
});

async function post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  return stack.call(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    ...sent,
  });
}

/** A caller of its own, so that one test's rotations do not stand in another's way. */
function as(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

describe("what has no unknown fields", () => {
  it.each([
    ["secret/rotate", { overlap_seconds: 0, overlap: 5 }, ["overlap"]],
    ["secret/rotate", { overlapSeconds: 0, Overlap_Seconds: 0 }, ["overlapSeconds", "Overlap_Seconds"]],
    ["ping", { callback_url: "ftp://x", callback_events: "ping" }, ["callback_events", "callback_url"]],
    ["ping", { Callback_Url: "http://127.0.0.1:9/" }, ["Callback_Url", "callback_url"]],
  ])("is %s, which names them in %j and does nothing", async (path, body, named) => {
    const before = await (await stack.call("/v1/webhooks/secret")).json();
    const response = await post(`/v1/webhooks/${path}`, body);
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { issues: { path: string }[] } };
    expect(error.issues.map((issue) => issue.path).toSorted()).toEqual(named.toSorted());
    expect(await (await stack.call("/v1/webhooks/secret")).json()).toEqual(before);
    expect(stack.receiver.received).toEqual([]);
  });

  it("is a redelivery", async () => {
    const created = await stack.create({ callback_url: stack.receiver.url, test: "failed" });
    const { task_id: id } = (await created.json()) as TaskBody;
    const response = await post(`/v1/videos/${id}/redeliver`, { messageId: "msg_x", callback_url: "x" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { issues: [{ path: "messageId" }, { path: "callback_url" }] },
    });
  });
});

it("a made-up key gets 401 for respond-async and test tasks, before the body is looked at where that is possible", async () => {
  const made = { ...as("another-made-up-key"), prefer: "respond-async", "content-type": "application/json" };
  const broken = await stack.call("/v1/videos", { method: "POST", headers: made, body: "{" });
  expect(broken.status).toBe(401);
  const test = await stack.create(
    { test: "succeeded", callback_url: stack.receiver.url },
    as("another-made-up-key"),
  );
  expect(test.status).toBe(401);
  expect(stack.receiver.received).toEqual([]);
});

it("a made-up key gets 401 from each of them, and nothing is sent anywhere", async () => {
  const sent = stack.gateway.calls.length;
  const headers = as("a-made-up-key");
  for (const path of ["secret/rotate", "ping", "verify"]) {
    const response = await post(`/v1/webhooks/${path}`, { callback_url: stack.receiver.url }, headers);
    expect([path, response.status]).toEqual([path, 401]);
  }
  expect(stack.receiver.received).toEqual([]);
  expect(stack.gateway.calls.slice(sent).every(({ path }) => path === "/v1/models")).toBe(true);
});

describe("deleting a task", () => {
  it("answers 204 and leaves nothing: no read, no poll, no callback", async () => {
    stack.receiver.defaultReply({ status: 503 });
    const { task_id: id } = (await (
      await stack.create({ callback_url: stack.receiver.url })
    ).json()) as TaskBody;
    const path = `/v1/videos/${id}`;
    expect((await stack.call(path, { method: "DELETE" })).status).toBe(204);
    expect((await stack.call(path)).status).toBe(404);
    expect((await stack.call(`${path}/deliveries`)).status).toBe(404);
    expect((await stack.call(path, { method: "DELETE" })).status).toBe(404);

    // A later task goes all its way; by then the deleted one would have polled and called.
    stack.receiver.defaultReply({ status: 200 });
    const polled = stack.gateway.calls.filter(({ method }) => method === "GET").length;
    const other = (await (await stack.create({ callback_url: stack.receiver.url })).json()) as TaskBody;
    await stack.receiver.waitFor(1);
    expect(stack.receiver.received.map(({ body }) => JSON.parse(body).data.task_id)).toEqual([other.task_id]);
    const upstreamIds = stack.gateway.calls
      .filter(({ method }) => method === "GET")
      .slice(polled)
      .map(({ path: polledPath }) => polledPath.split("/").at(-1));
    expect(new Set(upstreamIds)).toEqual(new Set([other.upstream_task_id]));
  });

  it("leaves a digest under an idempotency key: a repeat is 409, another body 422", async () => {
    const key = { "idempotency-key": "to-be-deleted" };
    const { task_id: id } = (await (await stack.create({}, key)).json()) as TaskBody;
    expect((await stack.call(`/v1/videos/${id}`, { method: "DELETE" })).status).toBe(204);
    const submits = stack.gateway.calls.filter(({ method }) => method === "POST").length;
    const repeat = await stack.create({}, key);
    expect(repeat.status).toBe(409);
    expect(await repeat.json()).toMatchObject({ error: { code: "idempotency_deleted" } });
    expect((await stack.create({ prompt: "another" }, key)).status).toBe(422);
    expect(stack.gateway.calls.filter(({ method }) => method === "POST")).toHaveLength(submits);
  });

  it("is refused to another account with the bytes of a task that is not there", async () => {
    const { task_id: id } = (await (await stack.create()).json()) as TaskBody;
    const foreign = await stack.call(`/v1/videos/${id}`, {
      method: "DELETE",
      headers: as("sk-somebody-else"),
    });
    expect(foreign.status).toBe(404);
    expect(await foreign.json()).toEqual({
      error: {
        code: "task_not_found",
        message: "No such task.",
        request_id: foreign.headers.get("x-request-id"),
      },
    });
    expect((await stack.call(`/v1/videos/${id}`)).status).toBe(200);
  });
});
