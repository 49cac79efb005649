import type { SigningSecrets } from "../../contract/shapes/account.ts";
import { CALLBACK_HEADERS } from "../callbacks.ts";
import { CALLBACK_URL, standardMessage, SUCCEEDED_DATA } from "../examples.ts";
import { ref, type JsonSchema } from "../json-schema.ts";
import { bodyOf, type Paths } from "../operation.ts";
import { answer, errors, KNOWN_KEY, NO_LOOP, WITH_BODY } from "../responses.ts";

/** `/v1/webhooks`: the signing secret, and ways to try a receiver out. */

const SECRETS: SigningSecrets = {
  secret: "whsec_bm90IGEgcmVhbCBzZWNyZXQsIG9ubHkgYW4gZXhhbXBsZQ==",
  previous: [],
};
const ROTATED: SigningSecrets = {
  secret: "whsec_YW5vdGhlciBvbmUsIGFuZCBhbHNvIG9ubHkgYW4gZXhhbXBsZQ==",
  previous: [{ secret: SECRETS.secret, expires_at: "2026-11-24T15:10:02.120Z" }],
};

/** The received headers, sent on as they came: one that is missing is an answer, not an error. */
function receivedHeaders(): JsonSchema[] {
  return ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => ({
    name,
    in: "header",
    description: "As it was received.",
    // Whatever it is: `no_match` is an answer, too.
    schema: { type: "string" },
    example: CALLBACK_HEADERS[name]?.["example"],
  }));
}

export const SIGNING_PATHS: Paths = {
  "/v1/webhooks/secret": {
    get: {
      operationId: "getSigningSecret",
      summary: "Read the signing secret",
      description: "What signs the callbacks of this account.",
      tags: ["Signing"],
      responses: {
        "200": answer("The secret.", "SigningSecrets", { examples: { one: { value: SECRETS } } }),
        ...errors(["invalid_request", ...KNOWN_KEY]),
      },
    },
  },
  "/v1/webhooks/secret/rotate": {
    post: {
      operationId: "rotateSigningSecret",
      summary: "Change the signing secret",
      description: "A new secret signs from now on; the old one signs, too, until its overlap is over.",
      tags: ["Signing"],
      requestBody: bodyOf(ref("RotateSecret"), false, {
        day: { summary: "A day of overlap", value: { overlap_seconds: 86_400 } },
      }),
      responses: {
        "200": answer("The new secret, and those that still sign.", "SigningSecrets", {
          examples: { rotated: { value: ROTATED } },
        }),
        ...errors(["too_many_secrets", "unsupported_media_type", ...WITH_BODY, ...NO_LOOP, ...KNOWN_KEY]),
      },
    },
  },
  "/v1/webhooks/ping": {
    post: {
      operationId: "ping",
      summary: "Try a receiver",
      description: "Sends one signed `ping` now and says what the receiver answered.",
      tags: ["Signing"],
      requestBody: bodyOf(ref("Ping"), true, {
        ping: { value: { callback_url: CALLBACK_URL } },
      }),
      responses: {
        "200": answer("What came of it.", "PingResult", {
          examples: {
            delivered: {
              value: {
                delivered: true,
                status_code: 200,
                duration_ms: 61,
                reason: null,
                response_excerpt: "ok",
              },
            },
            refused: {
              value: {
                delivered: false,
                status_code: null,
                duration_ms: 4,
                reason: "connection",
                response_excerpt: null,
              },
            },
          },
        }),
        ...errors(["unsupported_media_type", "rate_limited", ...WITH_BODY, ...NO_LOOP, ...KNOWN_KEY]),
      },
    },
  },
  "/v1/webhooks/verify": {
    post: {
      operationId: "verify",
      summary: "Check a callback",
      description:
        "For tools that cannot compute an HMAC: send the received `webhook-*` headers and the raw body, to 64 KB and of " +
        "any type, as they came.",
      tags: ["Signing"],
      parameters: receivedHeaders(),
      requestBody: {
        required: true,
        content: {
          "*/*": {
            schema: {},
            examples: { callback: { value: standardMessage("video.succeeded", SUCCEEDED_DATA) } },
          },
        },
      },
      responses: {
        "200": answer("Whether it is genuine.", "VerifyResult", {
          examples: {
            valid: { value: { valid: true, reason: null } },
            invalid: { value: { valid: false, reason: "no_match" } },
          },
        }),
        ...errors([...WITH_BODY, ...NO_LOOP, ...KNOWN_KEY]),
      },
    },
  },
};
