// A program that installed the client: it creates a task, verifies the callback, waits, and prints what it got.
// BASE_URL and API_KEY say where; runs in Node, Deno and Bun.
import { createServer } from "node:http";
import { CallbackError, Ringback, RingbackError, verifyCallback } from "ringback-client";

const ringback = new Ringback({ baseUrl: process.env.BASE_URL, apiKey: process.env.API_KEY });
const { secret } = await ringback.secrets();

const proved = Promise.withResolvers?.() ?? deferred();
const server = createServer((request, response) => void receive(request, response));

async function receive(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  const event = await verifyCallback(body, request.headers, ["whsec_AAAA", secret]);
  const forged = await verifyCallback(`${body} `, request.headers, secret).catch((error) => error);
  response.writeHead(204).end();
  proved.resolve({ type: event.type, forged: forged instanceof CallbackError && forged.reason });
}
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const callbackUrl = `http://127.0.0.1:${server.address().port}/`;

const model = "doubao-seedance-2-0-260128";
const created = await ringback.create({ model, prompt: "A lighthouse.", callback_url: callbackUrl });
const ended = await ringback.wait(created.task_id);
const events = [];
for await (const { type } of ringback.events(created.task_id)) events.push(type);
const refused = await ringback.get("task_made_up").catch((error) => error);
process.stdout.write(
  JSON.stringify({
    status: ended.status,
    callback: await proved.promise,
    events,
    refused: refused instanceof RingbackError && refused.code,
  }),
);
server.closeAllConnections();
server.close();

function deferred() {
  let resolve;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
