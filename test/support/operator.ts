import { createHash } from "node:crypto";

/** A deployment with the operator's key: two callers, and an operator who looks into their accounts. */

export const ALICE = "rb-token-of-alice";
export const OPERATOR = "op-token-of-mallory";

/** As `RINGBACK_KEYS` lists a token. */
export function tokenDigest(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

export const OPERATOR_SETTINGS: Record<string, string> = {
  AIO_API_KEY: "sk-the-operators",
  RINGBACK_KEYS: `bob:${tokenDigest("rb-token-of-bob")},alice:${tokenDigest(ALICE)}`,
  RINGBACK_OPERATOR_KEYS: `mallory:${tokenDigest(OPERATOR)}`,
  CALLBACK_RETRY_SECONDS: "60",
};
