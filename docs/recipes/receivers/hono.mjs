// Receives Ringback's callbacks with Hono, in Node 20.3 or later.
//
//   npm install hono @hono/node-server     and Ringback's client: docs/client.md says how
//   RINGBACK_WEBHOOK_SECRETS=whsec_… PORT=9000 node hono.mjs
//
// callback_url: https://callbacks.example.com/hook
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { CallbackError, verifyCallback } from "ringback-client";

const MAX_BODY_BYTES = 64 * 1024; // Ringback sends less than 20 KB.
const SECRETS = secretsOf(process.env.RINGBACK_WEBHOOK_SECRETS);
const seen = new Set();

const app = new Hono();

app.post("/hook", bodyLimit({ maxSize: MAX_BODY_BYTES }), async (c) => {
  // The signature is over the bytes as they came: no c.req.json() here.
  const event = await trusted(new Uint8Array(await c.req.arrayBuffer()), c.req.raw.headers);
  if (event === null) return c.body(null, 400);
  const id = c.req.header("webhook-id");
  // First the answer, then the work: after 15 s without one Ringback calls again.
  if (remember(id)) setImmediate(work, id, event);
  return c.body(null, 204);
});

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 9000), hostname: "127.0.0.1" });

/** The event, or null: forged, too old, or not an event at all. */
async function trusted(body, headers) {
  try {
    const event = await verifyCallback(body, headers, SECRETS);
    return typeof (event?.type ?? event?.event) === "string" ? event : null;
  } catch (error) {
    if (error instanceof CallbackError || error instanceof SyntaxError) return null;
    throw error;
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

/** Your own work goes here: fetch `video_url`, send a message. The `flat` format has `event` and `task_id` at the top. */
function work(id, event) {
  const type = event.type ?? event.event;
  const taskId = event.data?.task_id ?? event.task_id ?? null;
  console.log(JSON.stringify({ accepted: id, type, task_id: taskId }));
}

/** Several during a rotation. It refuses an empty secret, because an attacker could sign with it. */
function secretsOf(text = "") {
  const secrets = text.split(/[\s,]+/).filter(Boolean);
  if (secrets.length > 0 && secrets.every((one) => /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/.test(one)))
    return secrets;
  throw new Error("RINGBACK_WEBHOOK_SECRETS must hold one or more whsec_… secrets");
}
