import { createHash, randomBytes } from "node:crypto";

/**
 * `npm run -s key -- NAME`: a token for a caller of an operator's deployment, and the entry for `RINGBACK_KEYS` that
 * lets it in. Ringback knows the digest only, so the token is shown this once.
 */

const name = process.argv[2] ?? "";
if (!/^[A-Za-z0-9._-]{1,64}$/.test(name)) {
  console.error("Usage: npm run -s key -- NAME   (1 to 64 of A-Z a-z 0-9 . _ -)");
  process.exit(1);
}
const token = `rbk_${randomBytes(32).toString("base64url")}`;
console.log(`token for ${name}, to be handed over: ${token}`);
console.log(`entry for RINGBACK_KEYS:  ${name}:${createHash("sha256").update(token).digest("hex")}`);
