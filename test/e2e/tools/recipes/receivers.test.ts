import { createHmac } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { installClient } from "../../../support/programs/installed-client.ts";
import {
  RECIPES,
  type Accepted,
  type Places,
  type RunningReceiver,
} from "../../../support/receivers/receivers.ts";
import published from "../../../support/receivers/standard-webhooks-vectors.json" with { type: "json" };
import { sendRaw, startStack, type Stack, type TaskBody } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";

/*
 * The receivers that users copy, each a real program on loopback.
 *
 * scenario                                    requirement
 * a task's callback, in either format         delivered at the first attempt, accepted once
 * a rotation                                  any of its secrets, any of the header's signatures
 * forged, old, incomplete, not an event       400, and nothing is accepted
 * larger than any callback                    413
 * the same message again, and at once         2xx, accepted once
 * no secret, or an empty one                  nothing is accepted
 * the page's lines for a library              the event, by whichever library; anything else throws
 */

const [CURRENT, OLD] = published.vectors.map(({ secret }) => secret) as [string, string];
const STRANGER = `whsec_${Buffer.alloc(32, "stranger").toString("base64")}`;
const MAX_BODY_BYTES = 64 * 1024;
/** Spaces, an escape and a last line feed: a program that parses it and prints it again has other bytes. */
const BODY =
  '{ "type": "video.succeeded", "data": { "task_id": "task_1", "metadata": "灯塔 \\u00e9 🌊" }, "n": 1.0 }\n';
const FLAT = '{"message_id":"m","event":"video.failed","task_id":"task_2","metadata_order":"42"}';

const folder = mkdtempSync(join(tmpdir(), "ringback-receivers-"));
let stack: Stack;
let outgoing: string;
let consumer: string;
let messages = 0;

beforeAll(async () => {
  ({ consumer } = await installClient(folder));
  stack = await startStack();
  // The account has a new secret that no receiver knows: its callbacks carry two signatures.
  const rotated = await stack.call("/v1/webhooks/secret/rotate", { method: "POST" });
  const { previous } = (await rotated.json()) as { previous: [{ secret: string }] };
  outgoing = previous[0].secret;
}, 60_000);
afterAll(async () => {
  await stack?.close();
  rmSync(folder, { recursive: true, force: true });
});

function places(): Places {
  return { consumer, scratch: mkdtempSync(join(folder, "scratch-")) };
}

/** Not by Ringback's own code; the published vectors hold it to the standard. */
function sign(secret: string, id: string, timestamp: string, body: string | Buffer): string {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64")}`;
}

interface Message {
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
function message({ body = BODY, seconds = 0, signers = [CURRENT], ...rest }: Making = {}): Message {
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

async function post({ url }: RunningReceiver, { headers, body }: Message, sized = true): Promise<number> {
  const length: Record<string, string> = sized ? { "content-length": String(Buffer.byteLength(body)) } : {};
  const all = { "content-type": "application/json", ...length, ...headers };
  return (await sendRaw(url, { method: "POST", headers: all, chunks: [body] })).status;
}

/** What it has accepted of this id, at least so many, once a genuine callback that came after it is printed too. */
async function acceptedOf(receiver: RunningReceiver, id: string, atLeast = 1): Promise<Accepted[]> {
  const last = message();
  expect(await post(receiver, last)).toBe(204);
  const of = (wanted: string): Accepted[] => receiver.accepted.filter(({ accepted }) => accepted === wanted);
  // Threads print in any order.
  const isPrinted = (): boolean => of(last.id).length === 1 && of(id).length >= atLeast;
  await vi.waitFor(() => expect(isPrinted()).toBe(true), { timeout: 10_000, interval: 5 });
  return of(id);
}

/** A ping of so many bytes. */
function padded(bytes: number): string {
  const ping = { type: "ping", data: {}, pad: "" };
  return JSON.stringify({ ...ping, pad: "x".repeat(bytes - JSON.stringify(ping).length) });
}

const GENUINE: [string, () => Message, Omit<Accepted, "accepted">][] = [
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

const REFUSED: [string, () => Message][] = [
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
  ...published.vectors.map(({ name, id, timestamp, signature, payload }): [string, () => Message] => [
    `of long ago, the published vector ${name}`,
    () => ({
      id,
      headers: { "webhook-id": id, "webhook-timestamp": String(timestamp), "webhook-signature": signature },
      body: payload,
    }),
  ]),
];

describe("the table of these tests", () => {
  it("has every receiver of the folder, Go's where there is Go, and the page has them all", () => {
    const files = readdirSync(new URL("../../../../docs/recipes/receivers", import.meta.url));
    const page = readFileSync(new URL("../../../../docs/recipes/receivers.md", import.meta.url), "utf8");
    const tested = new Set([...RECIPES.map(({ name }) => name), "receiver.go"]);
    expect([...tested].toSorted()).toEqual(files.filter((name) => name !== "tsconfig.json").toSorted());
    for (const name of tested) expect(page).toContain(`(receivers/${name})`);
  });
});

describe("the signature of these tests", () => {
  it.each(byDay(published.vectors))("is the published one of $name", (vector) => {
    expect(sign(vector.secret, vector.id, String(vector.timestamp), vector.payload)).toBe(vector.signature);
  });
});

describe.each(RECIPES)("$name", (recipe) => {
  let receiver: RunningReceiver;
  beforeAll(async () => {
    receiver = await recipe.start(`${outgoing}, ${CURRENT} ${OLD}\n`, places());
  }, 60_000);
  afterAll(async () => receiver?.stop());

  it.each(["standard", "flat"])("takes a task's callback in the %s format, once", async (format) => {
    const fields = { callback_url: receiver.url, callback_format: format };
    const { task_id: id } = (await (await stack.create(fields)).json()) as TaskBody;
    const [delivery] = await stack.deliveries(id, ([one]) => one?.status === "delivered");
    expect(delivery?.attempts).toMatchObject([{ number: 1, status_code: 204, outcome: "delivered" }]);
    expect(await acceptedOf(receiver, delivery?.message_id ?? "")).toEqual([
      { accepted: delivery?.message_id, type: "video.succeeded", task_id: id },
    ]);
  });

  it("takes a redelivered callback, and does nothing twice", async () => {
    const fields = { callback_url: receiver.url, test: { outcome: "failed", delay_seconds: 0 } };
    const { task_id: id } = (await (await stack.create(fields)).json()) as TaskBody;
    const [{ message_id: messageId } = { message_id: "" }] = await stack.deliveries(
      id,
      ([one]) => one?.status === "delivered",
    );
    expect((await stack.call(`/v1/videos/${id}/redeliver`, { method: "POST" })).status).toBe(202);
    const [delivery] = await stack.deliveries(id, ([one]) => one?.attempts[1]?.outcome === "delivered");
    expect(delivery?.attempts.map((attempt) => attempt.status_code)).toEqual([204, 204]);
    expect(await acceptedOf(receiver, messageId)).toEqual([
      { accepted: messageId, type: "video.failed", task_id: id },
    ]);
  });

  it.each(byDay(GENUINE))("accepts a callback %s", async (_title, make, expected) => {
    const made = make();
    expect(await post(receiver, made)).toBe(204);
    expect(await acceptedOf(receiver, made.id)).toEqual([{ accepted: made.id, ...expected }]);
  });

  it.each(byDay(REFUSED))("refuses a callback %s", async (_title, make) => {
    const made = make();
    expect(await post(receiver, made)).toBe(400);
    expect(await acceptedOf(receiver, made.id, 0)).toEqual([]);
  });

  it.each(
    byDay([
      ["said", true],
      ["not said", false],
    ]),
  )("refuses a callback that is too long, its length %s", async (_title, sized) => {
    const made = message({ body: padded(MAX_BODY_BYTES + 1) });
    expect(await post(receiver, made, sized)).toBe(413);
    const far = message({ body: padded(20 * MAX_BODY_BYTES) });
    expect(await post(receiver, far, sized)).toBe(413);
    expect(await acceptedOf(receiver, made.id, 0)).toEqual([]);
  });

  it("accepts one message once, however often it comes", async () => {
    const made = message();
    const statuses = await Promise.all(Array.from({ length: 8 }, async () => post(receiver, made)));
    const again = { ...message({ seconds: 5 }), id: made.id };
    const timestamp = again.headers["webhook-timestamp"] ?? "";
    again.headers = {
      "webhook-id": made.id,
      "webhook-timestamp": timestamp,
      "webhook-signature": sign(CURRENT, made.id, timestamp, BODY),
    };
    expect([...statuses, await post(receiver, again)]).toEqual(Array.from({ length: 9 }, () => 204));
    expect(await acceptedOf(receiver, made.id)).toHaveLength(1);
  });

  it("refuses a callback first and accepts the genuine one of the same id after it", async () => {
    const made = message();
    expect(await post(receiver, { ...made, body: "{}" })).toBe(400);
    expect(await post(receiver, made)).toBe(204);
    expect(await acceptedOf(receiver, made.id)).toHaveLength(1);
  });

  it("does not take a GET for a callback", async () => {
    const { status } = await sendRaw(receiver.url);
    expect([404, 405]).toContain(status);
  });

  it.each(byDay(["", " , ", "whsec_", `${CURRENT},whsec_AAAA`]))(
    "refuses every callback with the secrets '%s'",
    async (secrets) => {
      if (recipe.withoutSecrets === "ends") {
        await expect(recipe.start(secrets, places())).rejects.toThrow("RINGBACK_WEBHOOK_SECRETS");
        return;
      }
      const bare = await recipe.start(secrets, places());
      try {
        expect(await post(bare, message({ signers: ["whsec_"] }))).toBe(500);
        expect(bare.accepted).toEqual([]);
      } finally {
        await bare.stop();
      }
    },
  );
});

describe.each(["svix", "standardwebhooks"])("the page's lines with %s", (library) => {
  type Verified = (body: string, headers: Record<string, string>, secret: string) => unknown;

  async function load(): Promise<Verified> {
    const page = readFileSync(new URL("../../../../docs/recipes/receivers.md", import.meta.url), "utf8");
    const code = /```js\n(import \{ Webhook \} from "svix";[\s\S]*?)```/.exec(page)?.[1] ?? "";
    const file = join(folder, `${library}.mjs`);
    // The file lies outside the repository, where no package is found by its name.
    writeFileSync(file, code.replace('"svix"', JSON.stringify(import.meta.resolve(library))));
    return ((await import(file)) as { verified: Verified }).verified;
  }

  it("give the event, and throw for what does not verify", async () => {
    const verified = await load();
    const { headers, body } = message();
    expect(verified(body, headers, CURRENT)).toEqual(JSON.parse(body));
    expect(() => verified(body, headers, STRANGER)).toThrow("No matching signature found");
    expect(() => verified(`${body} `, headers, CURRENT)).toThrow("No matching signature found");
    expect(() => verified(body, {}, CURRENT)).toThrow("Missing required headers");
    const old = message({ seconds: -301 });
    expect(() => verified(old.body, old.headers, CURRENT)).toThrow("too old");
    const both = message({ signers: [CURRENT, OLD] });
    expect(verified(both.body, both.headers, CURRENT)).toEqual(JSON.parse(both.body));
  });
});
