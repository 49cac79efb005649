// Receives Ringback's callbacks with Node 20 or later, without a dependency.
//
//   RINGBACK_WEBHOOK_SECRETS=whsec_… PORT=9000 node node.mjs
//
// callback_url: https://callbacks.example.com/hook
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const MAX_BODY_BYTES = 64 * 1024; // Ringback sends less than 20 KB.
const TOLERANCE_SECONDS = 300;
const KEYS = keysOf(process.env.RINGBACK_WEBHOOK_SECRETS);

const seen = new Set();

createServer((request, response) => {
  receive(request).then(
    (status) => response.writeHead(status).end(),
    () => response.destroy(),
  );
}).listen(Number(process.env.PORT ?? 9000), "127.0.0.1");

async function receive(request) {
  if (request.url !== "/hook") return 404;
  if (request.method !== "POST") return 405;
  // The signature is over the bytes as they came.
  const body = await readBounded(request);
  if (body === null) return 413;
  if (!isGenuine(request.headers, body)) return 400;
  const event = eventIn(body);
  if (event === null) return 400;
  const id = request.headers["webhook-id"];
  // First the answer, then the work: after 15 s without one Ringback calls again.
  if (remember(id)) setImmediate(work, id, event);
  return 204;
}

/** Null: larger than any callback is. */
async function readBounded(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return length > MAX_BODY_BYTES ? null : Buffer.concat(chunks);
}

/** Standard Webhooks 1.0.0: HMAC-SHA256 over id.timestamp.body, one signature for each secret in force. */
function isGenuine(headers, body) {
  const {
    "webhook-id": id,
    "webhook-timestamp": timestamp = "",
    "webhook-signature": signatures = "",
  } = headers;
  if (!id || !/^[0-9]{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  return KEYS.some((key) => {
    const digest = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
    const expected = Buffer.from(`v1,${digest}`);
    return signatures.split(" ").some((signature) => {
      const given = Buffer.from(signature);
      // timingSafeEqual takes as long for a near miss as for a far one; === does not.
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
  });
}

/** The event, or null. The `flat` format has `event` and `task_id` at the top. */
function eventIn(body) {
  try {
    const event = JSON.parse(body.toString());
    return typeof (event?.type ?? event?.event) === "string" ? event : null;
  } catch {
    return null;
  }
}

/**
 * False if it came before. A real one keeps the id in its database, as a unique key, and writes the work to be done in the
 * same transaction: then neither a restart nor a second process does it twice, or never.
 */
function remember(id) {
  if (seen.has(id)) return false;
  seen.add(id);
  if (seen.size > 10_000) seen.delete(seen.values().next().value);
  return true;
}

/** Your own work goes here: fetch `video_url`, send a message. */
function work(id, event) {
  const type = event.type ?? event.event;
  const taskId = event.data?.task_id ?? event.task_id ?? null;
  console.log(JSON.stringify({ accepted: id, type, task_id: taskId }));
}

/** Several during a rotation. It refuses an empty secret, because an attacker could sign with it. */
function keysOf(text = "") {
  const secrets = text.split(/[\s,]+/).filter(Boolean);
  if (secrets.length > 0 && secrets.every((one) => /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/.test(one)))
    return secrets.map((secret) => Buffer.from(secret.slice("whsec_".length), "base64"));
  throw new Error("RINGBACK_WEBHOOK_SECRETS must hold one or more whsec_… secrets");
}
