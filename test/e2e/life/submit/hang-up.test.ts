import { request } from "node:http";
import { expect, it } from "vitest";
import { eventually, isTerminal, MODEL, OWN_KEY, type TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

/*
 * scenario                                   requirement
 * the caller disconnects during the submit   contract, Submit: it does not depend on the caller's connection
 */

const stack = useStack();

it("a caller that disconnects in the middle of the submit loses nothing: the key finds the task, submitted once", async () => {
  stack.gateway.fault({ on: "submit", process: true, delayMs: 400 });
  const headers = { "idempotency-key": "hang-up" };
  const body = JSON.stringify({
    model: MODEL,
    prompt: "A lighthouse at dusk.",
    callback_url: stack.receiver.url,
  });
  const outgoing = request(`${stack.worker.url}/v1/videos`, {
    method: "POST",
    headers: { ...headers, authorization: `Bearer ${OWN_KEY}`, "content-type": "application/json" },
  });
  outgoing.on("error", () => undefined);
  outgoing.end(body);
  await eventually(
    async () => stack.gateway.calls.length + stack.gateway.tasks.size,
    (count) => count > 0,
  );
  outgoing.destroy();

  const replay = async (): Promise<Response> => stack.create({ callback_url: stack.receiver.url }, headers);
  const response = await eventually(replay, ({ status }) => status !== 409);
  expect(response.status).toBe(202);
  expect(response.headers.get("idempotent-replayed")).toBe("true");
  const { task_id: id } = (await response.json()) as TaskBody;
  const [callback] = await stack.receiver.waitFor(1);
  expect(JSON.parse(callback?.body ?? "")).toMatchObject({ type: "video.succeeded", data: { task_id: id } });
  expect(await stack.task(id, isTerminal)).toMatchObject({ status: "succeeded" });
  expect(stack.gateway.calls.filter(({ method }) => method === "POST")).toHaveLength(1);
});
