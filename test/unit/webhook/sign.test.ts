import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { signature, signatureHeader } from "../../../src/webhook/sign.ts";
import published from "../../support/receivers/standard-webhooks-vectors.json" with { type: "json" };

describe("a Standard Webhooks signature", () => {
  it.each(published.vectors)(
    "equals the published vector $name",
    async ({ secret, id, timestamp, payload, signature: expected }) => {
      expect(await signature(secret, id, timestamp, payload)).toBe(expected);
    },
  );

  it("is verified by the standardwebhooks package, under each of several secrets", async () => {
    const secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"];
    const timestamp = Math.floor(Date.now() / 1000);
    const body = JSON.stringify({ type: "video.succeeded", data: { prompt: "灯塔 🌊" } });
    const header = await signatureHeader(secrets, "msg_1", timestamp, body);
    expect(header.split(" ")).toHaveLength(2);
    const headers = {
      "webhook-id": "msg_1",
      "webhook-timestamp": String(timestamp),
      "webhook-signature": header,
    };
    for (const secret of secrets) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
  });

  it("is the same for a body as text and as bytes", async () => {
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const text = '{"a":"é"}';
    expect(await signature(secret, "msg_1", 1, new TextEncoder().encode(text))).toBe(
      await signature(secret, "msg_1", 1, text),
    );
  });
});
