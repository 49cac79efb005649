// Code by Zapier, Run Javascript. Inputs: body, id, timestamp, signature, secrets.
const { createHmac, timingSafeEqual } = require("crypto");

const TOLERANCE_SECONDS = 300;
const { body = "", id = "", timestamp = "", signature = "", secrets = "" } = inputData;

const age = Math.abs(Date.now() / 1000 - Number(timestamp));
if (!/^\d+$/.test(timestamp) || age > TOLERANCE_SECONDS) throw new Error("The callback is too old.");

const keys = secrets
  .split(/[\s,]+/)
  .filter((secret) => secret.startsWith("whsec_"))
  .map((secret) => Buffer.from(secret.slice("whsec_".length), "base64"))
  // An attacker can sign with an empty key.
  .filter((key) => key.length >= 24);
if (keys.length === 0) throw new Error("The input `secrets` has no whsec_… in it.");

const given = signature
  .split(" ")
  .filter((one) => one.startsWith("v1,"))
  .map((one) => Buffer.from(one.slice("v1,".length), "base64"));
const isProved = keys.some((key) => {
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest();
  return given.some((one) => one.length === expected.length && timingSafeEqual(one, expected));
});
if (!isProved) throw new Error("The callback is not from your Ringback, or the secret is not this one.");

const event = JSON.parse(body);
// The flat format is already what the next steps want; of the standard one they get the task.
return event.data === undefined ? event : { message_id: event.id, event: event.type, ...event.data };
