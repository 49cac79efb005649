import { StallError } from "../domain/errors/stall.ts";
import { sealingKey, type SecretKey } from "./derive.ts";

/** A sealed value is one format byte, 12 bytes of nonce, then AES-256-GCM ciphertext and tag. */
const FORMAT = 1;
const NONCE_BYTES = 12;

/** None of the known keys opens this: another `RINGBACK_SECRET`, another task's bytes, or damage. */
export class SealError extends StallError {
  override name = "SealError";
}

/** What a sealed value is bound to: moved to another task or another use, it does not open. */
export interface SealContext {
  /**
   * The task's name (its id without the tag, which changes with the secret); a recovery's or an endpoint's id; of a session, `console`.
   */
  task: string;
  purpose: string;
}

function associatedData({ task, purpose }: SealContext): Uint8Array {
  return new TextEncoder().encode(`${task}\n${purpose}`);
}

/** From a root secret to the key of one use. */
type KeyOf = (root: string) => Promise<SecretKey>;

/** Seals bytes under the current root secret. */
export async function seal(
  root: string,
  context: SealContext,
  bytes: Uint8Array,
  keyOf: KeyOf = sealingKey,
): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const parameters = { name: "AES-GCM", iv, additionalData: associatedData(context) };
  const ciphertext = await crypto.subtle.encrypt(parameters, await keyOf(root), bytes);
  const sealed = new Uint8Array(1 + NONCE_BYTES + ciphertext.byteLength);
  sealed[0] = FORMAT;
  sealed.set(iv, 1);
  sealed.set(new Uint8Array(ciphertext), 1 + NONCE_BYTES);
  return sealed;
}

/**
 * Opens what `seal` made, under whichever of the root secrets it was made.
 * @throws SealError if none opens it
 */
export async function unseal(
  roots: readonly string[],
  context: SealContext,
  sealed: Uint8Array,
  keyOf: KeyOf = sealingKey,
): Promise<Uint8Array> {
  if (sealed[0] !== FORMAT) throw new SealError("unknown format of a sealed value");
  const parameters = {
    name: "AES-GCM",
    iv: sealed.subarray(1, 1 + NONCE_BYTES),
    additionalData: associatedData(context),
  };
  for (const root of roots) {
    try {
      const key = await keyOf(root);
      return new Uint8Array(await crypto.subtle.decrypt(parameters, key, sealed.subarray(1 + NONCE_BYTES)));
    } catch (error) {
      // Sealed under another root: GCM reports only that the tag does not match. Any other error is a fault of
      // Ringback.
      if (!(error instanceof DOMException)) throw error;
    }
  }
  throw new SealError("a sealed value does not open under RINGBACK_SECRET or RINGBACK_SECRET_PREVIOUS");
}
