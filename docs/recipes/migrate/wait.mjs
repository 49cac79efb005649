// The same without a loop of its own, nor a receiver: BASE_URL=…, of Ringback now, KEY=… node wait.mjs
import { Ringback } from "ringback-client";

const ringback = new Ringback({ baseUrl: process.env.BASE_URL, apiKey: process.env.KEY });

const created = await ringback.create(
  { model: "doubao-seedance-2-0-260128", prompt: "A lighthouse at dusk." },
  { idempotencyKey: process.env.ORDER ?? "order-1" },
);
const task = await ringback.wait(created.task_id);

if (task.status === "failed") throw new Error(task.error.message);
console.log(task.video_url);
