import published from "../../../support/receivers/standard-webhooks-vectors.json" with { type: "json" };
import { createHmac } from "node:crypto";
import type { Accepted } from "../../../support/receivers/receivers.ts";

export const VECTORS = published.vectors;
export const CURRENT = VECTORS[0]?.secret ?? "";
export const OLD = VECTORS[1]?.secret ?? "";

export const STRANGER = `whsec_${Buffer.alloc(32, "stranger").toString("base64")}`;
export const MAX_BODY_BYTES = 64 * 1024;
/** Spaces, an escape and a last line feed: a program that parses it and prints it again has other bytes. */
export const BODY =
  '{ "type": "video.succeeded", "data": { "task_id": "task_1", "metadata": "灯塔 \\u00e9 🌊" }, "n": 1.0 }\n';
const FLAT = '{"message_id":"m","event":"video.failed","task_id":"task_2","metadata_order":"42"}';

let messages = 0;

/** Not by Ringback's own code; the published vectors hold it to the standard. */
export function sign(secret: string, id: string, timestamp: string, body: string | Buffer): string {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64")}`;
}

export interface Message {
  id: string;
  headers: Record<string, string>;
  body: string;
}

interface Making {
  body?: string;
  /** Of the timestamp, from now. */
  seconds?: number;
  timestamp?: string;
  signers?: string[];
}

/** A genuine callback unless the options say otherwise. */
export function message({ body = BODY, seconds = 0, signers = [CURRENT], ...rest }: Making = {}): Message {
  messages += 1;
  const id = `msg_${messages}`;
  const timestamp = rest.timestamp ?? String(Math.floor(Date.now() / 1000) + seconds);
  const signature = signers.map((secret) => sign(secret, id, timestamp, body)).join(" ");
  return {
    id,
    headers: { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature },
    body,
  };
}

/** A genuine callback of which a header was changed, or taken away. */
function withHeader(name: string, change: (value: string) => string | null): Message {
  const made = message();
  const { [name]: value = "", ...others } = made.headers;
  const changed = change(value);
  return { ...made, headers: changed === null ? others : { ...others, [name]: changed } };
}

/** A ping of so many bytes. */
export function padded(bytes: number): string {
  const ping = { type: "ping", data: {}, pad: "" };
  return JSON.stringify({ ...ping, pad: "x".repeat(bytes - JSON.stringify(ping).length) });
}

export const GENUINE: [string, () => Message, Omit<Accepted, "accepted">][] = [
  ["as it was sent", () => message(), { type: "video.succeeded", task_id: "task_1" }],
  ["in the flat format", () => message({ body: FLAT }), { type: "video.failed", task_id: "task_2" }],
  ["without a task", () => message({ body: '{"type":"ping","data":{}}' }), { type: "ping", task_id: null }],
  [
    "signed with the second secret of a rotation",
    () => message({ signers: [OLD] }),
    { type: "video.succeeded", task_id: "task_1" },
  ],
  [
    "with two signatures, of which the second is known",
    () => message({ signers: [STRANGER, CURRENT] }),
    { type: "video.succeeded", task_id: "task_1" },
  ],
  [
    "with a signature of a later version before the known one",
    () => withHeader("webhook-signature", (value) => `v2,AAAA v1a,%% ${value}`),
    { type: "video.succeeded", task_id: "task_1" },
  ],
  [
    "by a clock 4 minutes behind",
    () => message({ seconds: -240 }),
    { type: "video.succeeded", task_id: "task_1" },
  ],
  [
    "by a clock 4 minutes ahead",
    () => message({ seconds: 240 }),
    { type: "video.succeeded", task_id: "task_1" },
  ],
  ["as long as is allowed", () => message({ body: padded(MAX_BODY_BYTES) }), { type: "ping", task_id: null }],
];

export const REFUSED: [string, () => Message][] = [
  ["whose body was changed", () => ({ ...message(), body: BODY.replace("task_1", "task_9") })],
  [
    "whose body was parsed and printed again",
    () => ({ ...message(), body: JSON.stringify(JSON.parse(BODY)) }),
  ],
  ["without a body", () => ({ ...message(), body: "" })],
  ["whose id was changed", () => ({ ...message(), ...withHeader("webhook-id", (id) => `${id}9`) })],
  ["with a wrong secret", () => message({ signers: [STRANGER] })],
  ["from 6 minutes ago", () => message({ seconds: -360 })],
  ["of 6 minutes from now", () => message({ seconds: 360 })],
  ["whose timestamp is no number", () => message({ timestamp: "soon" })],
  ["whose timestamp is a fraction", () => message({ timestamp: `${Math.floor(Date.now() / 1000)}.5` })],
  ["without an id", () => withHeader("webhook-id", () => null)],
  ["without a timestamp", () => withHeader("webhook-timestamp", () => null)],
  ["without a signature", () => withHeader("webhook-signature", () => null)],
  ["with an empty signature", () => withHeader("webhook-signature", () => "v1,")],
  [
    "with its signature under v2 only",
    () => withHeader("webhook-signature", (value) => value.replace("v1", "v2")),
  ],
  ["with a signature without its version", () => withHeader("webhook-signature", (value) => value.slice(3))],
  ["with a signature that is no base64", () => withHeader("webhook-signature", () => "v1,%%% v1,é")],
  ["with half a signature", () => withHeader("webhook-signature", (value) => value.slice(0, 25))],
  ["that is signed, and not JSON", () => message({ body: "not JSON" })],
  ["that is signed, and null", () => message({ body: "null" })],
  ["that is signed, and a list", () => message({ body: "[1]" })],
  ["that is signed, and no event", () => message({ body: '{"type":7}' })],
  ...VECTORS.map(({ name, id, timestamp, signature, payload }): [string, () => Message] => [
    `of long ago, the published vector ${name}`,
    () => ({
      id,
      headers: { "webhook-id": id, "webhook-timestamp": String(timestamp), "webhook-signature": signature },
      body: payload,
    }),
  ]),
];
