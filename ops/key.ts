import { createHash, randomBytes } from "node:crypto";

/**
 * `npm run -s key -- NAME`: a token for a caller of an operator's deployment, and the entry for `RINGBACK_KEYS` that
 * lets it in; with `--operator` one for an operator, and `RINGBACK_OPERATOR_KEYS`. Ringback knows the digest only, so
 * the token is shown this once.
 */

const words = process.argv.slice(2);
const isOperator = words.includes("--operator");
const [name = "", ...more] = words.filter((word) => word !== "--operator");
if (!/^[A-Za-z0-9._-]{1,64}$/.test(name) || more.length > 0) {
  console.error("Usage: npm run -s key -- NAME [--operator]   (1 to 64 of A-Z a-z 0-9 . _ -)");
  process.exit(1);
}
const setting = isOperator ? "RINGBACK_OPERATOR_KEYS" : "RINGBACK_KEYS";
const token = `${isOperator ? "rbo" : "rbk"}_${randomBytes(32).toString("base64url")}`;
console.log(`token for ${name}, to be handed over: ${token}`);
console.log(`entry for ${setting}:  ${name}:${createHash("sha256").update(token).digest("hex")}`);
