import { env, exports } from "cloudflare:workers";
import { listDurableObjectIds } from "cloudflare:test";
import { expect, it } from "vitest";

it("answers without waking an object", async () => {
  const response = await exports.default.fetch("http://ringback.test/v1/videos/task_abc", {
    headers: { authorization: "Bearer sk-x" },
  });
  expect(response.status).toBe(404);
  expect(await listDurableObjectIds(env.TASKS)).toEqual([]);
});
