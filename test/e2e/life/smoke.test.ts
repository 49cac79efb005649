import { expect, it } from "vitest";
import { Webhook } from "standardwebhooks";
import { type TaskBody } from "../../support/stack.ts";
import { useStack } from "../../support/use-stack.ts";

const stack = useStack();

it("turns a create into a signed callback", async () => {
  const created = await stack.create({ callback_url: stack.receiver.url });
  expect(created.status).toBe(202);
  const { task_id: id } = (await created.json()) as TaskBody;
  const [received] = await stack.receiver.waitFor(1);
  const { secret } = (await (await stack.call("/v1/webhooks/secret")).json()) as { secret: string };
  const event = new Webhook(secret).verify(received?.body ?? "", received?.headers as Record<string, string>);
  expect(event).toMatchObject({ type: "video.succeeded", data: { task_id: id, status: "succeeded" } });
});
