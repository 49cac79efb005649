import { sessionKey } from "../keys/derive.ts";
import { seal, SealError, unseal } from "../keys/seal.ts";

/** A session is the API's bearer itself, so the console can do what its holder can do, and no more. */
export interface Session {
  bearer: string;
  /** Epoch milliseconds. Never prolonged: a copy of the cookie is good for this long at most. */
  expiresAt: number;
  /** The name of the account that an operator looks into; null: none is chosen, or the bearer is an account's own. */
  account: string | null;
}

export const SESSION_MS = 12 * 3_600_000;
/** Browsers keep 4096 bytes of a cookie; base64, the seal and the attributes take their part. */
export const BEARER_MAX_LENGTH = 2800;
/** Format byte, nonce and tag: nothing shorter was ever sealed. */
const SEALED_MIN_BYTES = 29;

const CONTEXT = { task: "console", purpose: "session" };

/** The cookie's value. */
export async function sealSession(root: string, { bearer, expiresAt, account }: Session): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify([expiresAt, bearer, account]));
  return toBase64Url(await seal(root, CONTEXT, bytes, sessionKey));
}

/** Null: expired, made up, damaged, or sealed under a secret that is gone. All of them mean "sign in". */
export async function openSession(
  roots: readonly string[],
  cookie: string,
  now: number,
): Promise<Session | null> {
  const sealed = fromBase64Url(cookie);
  if (sealed === null || sealed.length < SEALED_MIN_BYTES) return null;
  try {
    const text = new TextDecoder().decode(await unseal(roots, CONTEXT, sealed, sessionKey));
    const [expiresAt, bearer, account = null] = JSON.parse(text) as [number, string, (string | null)?];
    return expiresAt > now ? { bearer, expiresAt, account } : null;
  } catch (error) {
    if (error instanceof SealError) return null;
    throw error;
  }
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array | null {
  if (!/^[\w-]{1,6000}$/.test(text)) return null;
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (char) => char.charCodeAt(0));
  } catch {
    // A length that no bytes have.
    return null;
  }
}
