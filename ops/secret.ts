import { randomBytes } from "node:crypto";

/** `npm run -s secret`: a new `RINGBACK_SECRET`, 43 characters of 256 random bits, and nothing else on the line. */
console.log(randomBytes(32).toString("base64url"));
