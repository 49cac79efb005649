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
import { sendRaw, startStack, type Stack, type TaskBody } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import {
  BODY,
  CURRENT,
  GENUINE,
  MAX_BODY_BYTES,
  OLD,
  REFUSED,
  STRANGER,
  message,
  padded,
  sign,
  type Message,
  VECTORS,
} from "./callbacks.ts";

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

const folder = mkdtempSync(join(tmpdir(), "ringback-receivers-"));
let stack: Stack;
let outgoing: string;
let consumer: string;

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
  it.each(byDay(VECTORS))("is the published one of $name", (vector) => {
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
