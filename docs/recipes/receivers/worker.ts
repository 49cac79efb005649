// Receives Ringback's callbacks in a Cloudflare Worker.
//
//   Ringback's client is its one dependency: docs/client.md says how to install it
//   npx wrangler deploy worker.ts --name callbacks --compatibility-date 2026-10-20
//   npx wrangler secret put RINGBACK_WEBHOOK_SECRETS --name callbacks
//   on your machine: npx wrangler dev worker.ts --port 9000 --var RINGBACK_WEBHOOK_SECRETS:whsec_…
//
// callback_url: https://callbacks.example.com/hook
import { CallbackError, verifyCallback, type CallbackEvent, type FlatEvent } from "ringback-client";

interface Env {
  RINGBACK_WEBHOOK_SECRETS: string;
}

type Received = CallbackEvent | FlatEvent;

const MAX_BODY_BYTES = 64 * 1024; // Ringback sends less than 20 KB.
const seen = new Set<string>();

export default {
  async fetch(request, env, context) {
    if (request.method !== "POST") return new Response(null, { status: 405, headers: { allow: "POST" } });
    if (new URL(request.url).pathname !== "/hook") return new Response(null, { status: 404 });
    const secrets = secretsOf(env.RINGBACK_WEBHOOK_SECRETS);
    // The signature is over the bytes as they came: no request.json() here.
    const body = await readBounded(request);
    if (body === null) return new Response(null, { status: 413 });
    const event = await trusted(body, request.headers, secrets);
    if (event === null) return new Response(null, { status: 400 });
    const id = request.headers.get("webhook-id") ?? "";
    // First the answer, then the work: after 15 s without one Ringback calls again.
    if (remember(id)) context.waitUntil(work(id, event));
    return new Response(null, { status: 204 });
  },
} satisfies ExportedHandler<Env>;

/** Null: larger than any callback is. */
async function readBounded(request: Request): Promise<Uint8Array | null> {
  const body = new Uint8Array(MAX_BODY_BYTES);
  let length = 0;
  for await (const chunk of request.body ?? []) {
    if (length + chunk.length > MAX_BODY_BYTES) return null;
    body.set(chunk, length);
    length += chunk.length;
  }
  return body.subarray(0, length);
}

/** The event, or null: forged, too old, or not an event at all. */
async function trusted(body: Uint8Array, headers: Headers, secrets: string[]): Promise<Received | null> {
  try {
    const event = await verifyCallback<Received | null>(body, headers, secrets);
    return event !== null && typeof typeOf(event) === "string" ? event : null;
  } catch (error) {
    if (error instanceof CallbackError || error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * False if it came before. A real one asks its database (D1, a Durable Object), with the id as a unique key: the memory of
 * one isolate is short, and another isolate has its own.
 */
function remember(id: string): boolean {
  if (seen.has(id)) return false;
  seen.add(id);
  const [oldest] = seen;
  if (seen.size > 10_000 && oldest !== undefined) seen.delete(oldest);
  return true;
}

/** Your own work goes here: keep the video in R2, send a message. Work of more than seconds belongs in a Queue. */
async function work(id: string, event: Received): Promise<void> {
  console.log(JSON.stringify({ accepted: id, type: typeOf(event), task_id: taskIdOf(event) }));
}

/** The `flat` format has `event` and `task_id` at the top. */
function typeOf(event: Received): string {
  return "event" in event ? event.event : event.type;
}

function taskIdOf(event: Received): string | null {
  if ("event" in event) return event.task_id ?? null;
  return "task_id" in event.data ? event.data.task_id : null;
}

/** Several during a rotation. It refuses an empty secret, because an attacker could sign with it. */
function secretsOf(text = ""): string[] {
  const secrets = text.split(/[\s,]+/).filter(Boolean);
  if (secrets.length > 0 && secrets.every((one) => /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/.test(one)))
    return secrets;
  throw new Error("RINGBACK_WEBHOOK_SECRETS must hold one or more whsec_… secrets");
}
