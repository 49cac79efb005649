import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  CallbackError,
  verifyCallback,
  type CallbackEvent,
  type FlatEvent,
} from "../../../src/client/index.ts";
import { signatureHeader } from "../../../src/webhook/sign.ts";
import published from "../../support/receivers/standard-webhooks-vectors.json" with { type: "json" };

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const NOW = 1_795_446_707_000;
const BODY =
  '{"id":"msg_1","type":"video.succeeded","timestamp":"2026-11-23T15:11:47.957Z","data":{"prompt":"灯塔 🌊"}}';

type Headers3 = Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>;

async function headersOf(body = BODY, secrets = [SECRET], seconds = NOW / 1000): Promise<Headers3> {
  return {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(seconds),
    "webhook-signature": await signatureHeader(secrets, "msg_1", seconds, body),
  };
}

/** Why it was refused; null: it was not. */
async function refusal(verified: Promise<unknown>): Promise<string | null> {
  return verified.then(
    () => null,
    (error: unknown) => (error instanceof CallbackError ? error.reason : String(error)),
  );
}

describe("a received callback", () => {
  it.each(published.vectors)("is proved as the published vector $name", async (vector) => {
    const headers = {
      "webhook-id": vector.id,
      "webhook-timestamp": String(vector.timestamp),
      "webhook-signature": vector.signature,
    };
    const options = { now: vector.timestamp * 1000 };
    expect(await verifyCallback(vector.payload, headers, vector.secret, options)).toEqual(
      JSON.parse(vector.payload),
    );
  });

  it("may come as text or bytes, its headers as the standard's, Node's or a framework's", async () => {
    const headers = await headersOf();
    const bytes = new TextEncoder().encode(BODY);
    for (const body of [BODY, bytes]) {
      for (const given of [
        headers,
        new Headers(headers),
        { get: (name: string) => new Headers(headers).get(name) },
      ]) {
        expect(await verifyCallback(body, given, SECRET, { now: NOW })).toEqual(JSON.parse(BODY));
      }
    }
  });

  it("is proved by either secret while one replaces the other", async () => {
    for (const signers of [[SECRET], [OLD_SECRET], [SECRET, OLD_SECRET]]) {
      const headers = await headersOf(BODY, signers);
      expect(await refusal(verifyCallback(BODY, headers, [SECRET, OLD_SECRET], { now: NOW }))).toBeNull();
    }
    const both = await headersOf(BODY, [SECRET, OLD_SECRET]);
    expect(await refusal(verifyCallback(BODY, both, OLD_SECRET, { now: NOW }))).toBeNull();
  });

  it.each([
    [-300, null],
    [300, null],
    [-301, "timestamp_out_of_range"],
    [301, "timestamp_out_of_range"],
  ])("that was sent %i s from now is refused as %s", async (seconds, reason) => {
    const headers = await headersOf(BODY, [SECRET], NOW / 1000 + seconds);
    expect(await refusal(verifyCallback(BODY, headers, SECRET, { now: NOW }))).toBe(reason);
  });

  it("is judged by another tolerance on request", async () => {
    const headers = await headersOf(BODY, [SECRET], NOW / 1000 - 60);
    const verified = async (toleranceSeconds: number) =>
      refusal(verifyCallback(BODY, headers, SECRET, { now: NOW, toleranceSeconds }));
    expect([await verified(60), await verified(59)]).toEqual([null, "timestamp_out_of_range"]);
  });

  it.each(["webhook-id", "webhook-timestamp", "webhook-signature"] as const)(
    "without %s is refused",
    async (name) => {
      const { [name]: _, ...rest } = await headersOf();
      expect(await refusal(verifyCallback(BODY, rest, SECRET, { now: NOW }))).toBe("missing_header");
      expect(await refusal(verifyCallback(BODY, { ...rest, [name]: "" }, SECRET, { now: NOW }))).toBe(
        "missing_header",
      );
    },
  );

  it.each(["", "abc", "-1", "1e9", "NaN", "Infinity", "0x6", "1795446707.0", " 1795446707", "9".repeat(20)])(
    "with the timestamp %j is refused",
    async (timestamp) => {
      const headers = { ...(await headersOf()), "webhook-timestamp": timestamp };
      expect(await refusal(verifyCallback(BODY, headers, SECRET, { now: NOW }))).toMatch(
        /missing|out_of_range/,
      );
    },
  );

  it.each([
    ["another id", { "webhook-id": "msg_2" }],
    ["another time", { "webhook-timestamp": String(NOW / 1000 + 1) }],
    [
      "another version of the scheme",
      { "webhook-signature": "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" },
    ],
    ["no base64", { "webhook-signature": "v1,***" }],
    ["an empty signature", { "webhook-signature": "v1," }],
    ["half a signature", { "webhook-signature": "v1,g0hM9SsE+OTPJTGt" }],
    ["a thousand wrong ones", { "webhook-signature": "v1,AAAA ".repeat(1000) }],
  ])("with %s is refused", async (_name, other) => {
    const headers = { ...(await headersOf()), ...other };
    expect(await refusal(verifyCallback(BODY, headers, SECRET, { now: NOW }))).toBe("no_match");
  });

  it("with any one character changed is refused", async () => {
    const headers = await headersOf();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(BODY.length - 1),
        fc.string({ minLength: 1, maxLength: 1 }),
        async (index, char) => {
          const forged = BODY.slice(0, index) + char + BODY.slice(index + 1);
          const reason = await refusal(verifyCallback(forged, headers, SECRET, { now: NOW }));
          expect(reason).toBe(forged === BODY ? null : "no_match");
        },
      ),
    );
  });

  it("is never proved by a secret that is none", async () => {
    const headers = await headersOf();
    for (const secret of ["", "whsec_", "whsec_***"]) {
      await expect(verifyCallback(BODY, headers, secret, { now: NOW })).rejects.toThrow(TypeError);
    }
    expect(await refusal(verifyCallback(BODY, headers, [], { now: NOW }))).toBe("no_match");
  });

  it("has a type that its `type` tells apart", () => {
    const told = (event: CallbackEvent): string | null => {
      switch (event.type) {
        case "video.succeeded":
          expectTypeOf(event.data.video_url).toEqualTypeOf<string | null>();
          return event.data.video_url;
        case "video.failed":
          expectTypeOf(event.data.error.code).not.toEqualTypeOf<never>();
          return event.data.error.code;
        default:
          return null;
      }
    };
    expectTypeOf<FlatEvent["metadata_order"]>().toEqualTypeOf<string | number | boolean | null>();
    expect(told({ id: "msg_1", type: "ping", timestamp: "", data: {} })).toBeNull();
  });
});
