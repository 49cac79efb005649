// Delivers again what was not delivered at a host: BASE_URL=… KEY=… HOST=app.example.com node recover.mjs
import { Ringback } from "ringback-client";

const ringback = new Ringback({ baseUrl: process.env.BASE_URL, apiKey: process.env.KEY });
const missed = { callback_host: process.env.HOST };

const { matched, tasks } = await ringback.previewRecovery(missed);
console.log(`${matched} to deliver again, the oldest of them ${tasks.join(", ")}`);
if (matched === 0) process.exit();

let recovery = await ringback.recover(missed);
while (recovery.status === "running") {
  await new Promise((resolve) => setTimeout(resolve, Number(process.env.EVERY_MS ?? 2000)));
  recovery = await ringback.recovery(recovery.id);
  console.log(`${recovery.delivered} delivered, ${recovery.failed} failed, ${recovery.remaining} remain`);
}
console.log(recovery.status);
