import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readSettings, type Settings } from "../../../src/env.ts";
import { identify } from "../../../src/http/caller.ts";
import { equalBytes } from "../../../src/keys/digest.ts";
import { verifyWebhook } from "../../../src/webhook/verify.ts";

/*
 * The caller of a request, for any header, and the comparison behind it.
 *
 * scenario                                            requirement
 * tokens of any length and any signs                  threats T21: never a throw, never a 500
 * a token that is nearly one                          contract, Who is calling: unknown is unknown
 * what a comparison looks at                          threats T21: neither length nor a common beginning shows
 * signatures of any length                            the same, POST /v1/webhooks/verify
 */

const RUNS = { numRuns: 2000 };
const ROOT = "a secret of the tests, long enough to count";
const TOKENS = ["t", "rb-alice", "x".repeat(4096)];
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

function settings(more: Record<string, string>): Settings {
  const result = readSettings({ RINGBACK_SECRET: ROOT, ...more });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.settings;
}

const operator = settings({
  AIO_API_KEY: "sk-operator",
  RINGBACK_KEYS: TOKENS.map((token, index) => `name-${index}:${sha256(token)}`).join(","),
});
const own = settings({});

/** Texts of odd lengths: empty, one, around the digest's, around the limit, megabytes. */
const LENGTHS = [0, 1, 2, 31, 32, 33, 63, 64, 65, 127, 4095, 4096, 4097, 10_000, 1_000_000];

describe("a bearer token", () => {
  it.each(LENGTHS)("of %i characters belongs to no caller, and does not throw", async (length) => {
    for (const sign of ["t", "0", " ", "é", "\0", "🙂"]) {
      for (const prefix of ["Bearer ", "bearer  ", "Bearer", "Basic ", ""]) {
        const header = prefix + sign.repeat(length);
        // The only known one among these.
        if (length === 1 && sign === "t" && /^bearer +$/i.test(prefix)) continue;
        expect(await identify(header, operator)).toBeNull();
      }
    }
  });

  it("of any text belongs to no caller, and does not throw", async () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary", maxLength: 100 }),
      fc.constantFrom(...TOKENS.map(sha256)),
    );
    await fc.assert(
      fc.asyncProperty(
        text.filter((token) => !TOKENS.includes(token.trim())),
        async (token) => {
          expect(await identify(`Bearer ${token}`, operator)).toBeNull();
          expect(await identify(token, operator)).toBeNull();
        },
      ),
      RUNS,
    );
  });

  it("is known as a whole: not without its last sign, not with one more, not in another case", async () => {
    for (const [index, token] of TOKENS.entries()) {
      expect(await identify(`Bearer ${token}`, operator)).toMatchObject({ account: `name:name-${index}` });
      const near = [
        token.slice(0, -1),
        token.slice(1),
        `${token}t`,
        `t${token}`,
        token.toUpperCase(),
        `${token},`,
      ];
      for (const other of near) expect(await identify(`Bearer ${other}`, operator)).toBeNull();
    }
  });

  it("of a caller's own is an account of its own, however little it differs", async () => {
    const visible = fc.stringMatching(/^[\x21-\x7e]{1,40}$/);
    await fc.assert(
      fc.asyncProperty(visible, visible, async (one, two) => {
        const [first, second] = [await identify(`Bearer ${one}`, own), await identify(`Bearer ${two}`, own)];
        expect(first).toMatchObject({ mode: "own", apiKey: one });
        expect(first?.account === second?.account).toBe(one === two);
        expect(first?.account).toMatch(/^key:[a-z2-7]{32}$/);
      }),
      RUNS,
    );
  });
});

/** Bytes that count how often one of them is looked at. */
function watched(bytes: Uint8Array): { bytes: Uint8Array; looks: () => number } {
  let count = 0;
  const proxy = new Proxy(bytes, {
    get: (target, property) => {
      if (typeof property === "string" && /^\d+$/.test(property)) count += 1;
      return Reflect.get(target, property, target) as unknown;
    },
  });
  return { bytes: proxy, looks: () => count };
}

describe("the comparison", () => {
  const bytes = fc.uint8Array({ maxLength: 80 });

  it("is right for bytes of any two lengths, and never throws", () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(equalBytes(a, b)).toBe(Buffer.from(a).equals(b));
        expect(equalBytes(a, Uint8Array.from(a))).toBe(true);
        // Zeros at the end are bytes like others.
        expect(equalBytes(a, Uint8Array.from([...a, 0]))).toBe(false);
        expect(equalBytes(Uint8Array.from([...a, 0]), a)).toBe(false);
      }),
      RUNS,
    );
  });

  it("looks at every byte of the first, wherever they differ and however long the second is", () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const first = watched(a);
        equalBytes(first.bytes, b);
        expect(first.looks()).toBe(a.length);
      }),
      RUNS,
    );
  });
});

describe("a signature to verify", () => {
  const secrets = ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="];
  const now = Date.UTC(2026, 10, 23);

  it("of any text and length is no match, and no throw", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(...LENGTHS.slice(1, -1).map((length) => "v".repeat(length))),
      fc.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/),
    );
    await fc.assert(
      fc.asyncProperty(text, fc.string(), fc.uint8Array(), async (signatures, id, body) => {
        const received = { id: `m${id}`, timestamp: String(now / 1000), signatures: `x${signatures}`, body };
        expect(await verifyWebhook(received, secrets, now)).toBe("no_match");
      }),
      { numRuns: 500 },
    );
  });

  const isFar = (timestamp: string) => !(Math.abs(Number(timestamp) - now / 1000) <= 300);

  it("of any time but now is out of range, and no throw", async () => {
    const times = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.constantFrom("1e9", "0x10", "-1", "Infinity", "9".repeat(400)),
    );
    await fc.assert(
      fc.asyncProperty(times.filter(isFar), async (timestamp) => {
        const received = { id: "msg_1", timestamp, signatures: "v1,x", body: new Uint8Array(0) };
        const reason = await verifyWebhook(received, secrets, now);
        expect(reason).toBe(timestamp === "" ? "missing_header" : "timestamp_out_of_range");
      }),
      { numRuns: 500 },
    );
  });
});
