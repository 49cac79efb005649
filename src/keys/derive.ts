/** Every key comes from one root secret: HKDF-SHA256 (RFC 5869) with a label each, so that no key reveals another. */

const encoder = new TextEncoder();

/** What `importKey` makes; named by the call, because Workers and Node name the type differently. */
export type SecretKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

async function rootKey(root: string): Promise<SecretKey> {
  return crypto.subtle.importKey("raw", encoder.encode(root), "HKDF", false, ["deriveBits"]);
}

/** 32 bytes for a purpose. The label is part of the format: a changed label is a changed key. */
async function deriveBytes(root: string, label: string): Promise<Uint8Array> {
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: encoder.encode(label) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, await rootKey(root), 256));
}

/** Keys by root and label, for the life of the isolate: two roots and a handful of labels. */
const cache = new Map<string, Promise<SecretKey>>();

async function cachedKey(
  root: string,
  label: string,
  make: (bytes: Uint8Array) => Promise<SecretKey>,
): Promise<SecretKey> {
  const name = `${label}\n${root}`;
  const known = cache.get(name);
  if (known) return known;
  const made = deriveBytes(root, label).then(make);
  cache.set(name, made);
  return made;
}

/** AES-256-GCM key for sealing. */
export async function sealingKey(root: string): Promise<SecretKey> {
  return cachedKey(root, "ringback seal v1", async (bytes) =>
    crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]),
  );
}

/** AES-256-GCM key for the console's sessions: its own, so that a task's sealed value never passes as a cookie. */
export async function sessionKey(root: string): Promise<SecretKey> {
  return cachedKey(root, "ringback console session v1", async (bytes) =>
    crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]),
  );
}

/** HMAC-SHA256 key for the tags of task ids. */
export async function tagKey(root: string): Promise<SecretKey> {
  return cachedKey(root, "ringback task id v1", async (bytes) =>
    crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]),
  );
}

/** Signing secrets of accounts with recent callbacks; deriving a secret costs as much as signing with it. */
const secrets = new Map<string, string>();
const SECRETS_MAX = 1000;

/** The signing secret of an account, as Standard Webhooks spells it: `whsec_` + base64 of 32 bytes. */
export async function signingSecret(root: string, account: string, version: number): Promise<string> {
  const label = `ringback signing v1\n${account}\n${version}`;
  const name = `${label}\n${root}`;
  const known = secrets.get(name);
  if (known !== undefined) return known;
  const secret = `whsec_${btoa(String.fromCharCode(...(await deriveBytes(root, label))))}`;
  if (secrets.size >= SECRETS_MAX) secrets.clear();
  secrets.set(name, secret);
  return secret;
}

/** Those of these versions, in their order: each under the current root secret, then under the previous one. */
export async function signingSecrets(
  roots: readonly string[],
  account: string,
  versions: readonly { version: number }[],
): Promise<string[]> {
  return Promise.all(
    versions.flatMap(({ version }) => roots.map(async (root) => signingSecret(root, account, version))),
  );
}
