// The same as two halves: BASE_URL=…, of Ringback now, KEY=… SECRETS=whsec_… PORT=9000 PUBLIC_URL=https://… node callback.mjs
import { createServer } from "node:http";
import { Ringback, verifyCallback } from "ringback-client";

const { BASE_URL, KEY, SECRETS, PORT, PUBLIC_URL } = process.env;
const MAX_BODY_LENGTH = 64 * 1024;

// Half two, wherever you take requests: what stood behind the loop.
createServer((request, response) => {
  verified(request)
    .then(
      (event) => {
        response.writeHead(204).end();
        return goOn(event);
      },
      () => response.writeHead(400).end(),
    )
    .catch(console.error);
}).listen(Number(PORT), "127.0.0.1");

async function verified(request) {
  let body = "";
  for await (const text of request.setEncoding("utf8")) {
    body += text;
    if (body.length > MAX_BODY_LENGTH) throw new Error("too long for a callback");
  }
  return verifyCallback(body, request.headers, SECRETS.split(" "));
}

/** A callback may come twice: keep event.id with what you do, and leave it if it is there. */
function goOn({ type, data }) {
  if (type === "video.succeeded") console.log(`order ${data.metadata.order}: ${data.video_url}`);
  if (type === "video.failed") console.error(`order ${data.metadata.order}: ${data.error_message}`);
}

// Half one, wherever the loop began: it ends here, and nothing has to stay alive for the video.
const ringback = new Ringback({ baseUrl: BASE_URL, apiKey: KEY });
const order = 42;
await ringback.create(
  {
    model: "doubao-seedance-2-0-260128",
    prompt: "A lighthouse at dusk.",
    callback_url: `${PUBLIC_URL}/hook`,
    metadata: { order },
  },
  { idempotencyKey: `order-${order}` },
);
