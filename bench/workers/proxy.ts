import { Hono } from "hono";
import * as z from "zod";

/**
 * The smallest proxy between a caller and the upstream: hono, zod, one fetch. It keeps nothing and makes no callback.
 */

const CREATE = z.looseObject({ model: z.string().min(1), prompt: z.string().max(2500).optional() });

const app = new Hono<{ Bindings: { AIO_BASE_URL: string } }>();
app.post("/v1/videos", async (context) => {
  const parsed = CREATE.safeParse(await context.req.json());
  if (!parsed.success) return context.json({ error: "invalid" }, 400);
  const { callback_url: _, ...body } = parsed.data;
  const response = await fetch(`${context.env.AIO_BASE_URL}/videos`, {
    method: "POST",
    headers: {
      authorization: context.req.header("authorization") ?? "",
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
  return context.body(await response.text(), 202, { "content-type": "application/json" });
});

export default app;
