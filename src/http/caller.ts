import type { Settings } from "../env.ts";
import { equalBytes, hex, sha256 } from "../keys/digest.ts";
import { namedAccount, ownKeyAccount } from "../keys/ids.ts";

export type Caller =
  /** Bring your own key: the upstream judges it. */
  | { mode: "own"; account: string; apiKey: string }
  /** A token of this deployment; the operator's key is used for the upstream. */
  | { mode: "operator"; account: string };

/** One Bearer token of visible ASCII; anything else is no token. */
const BEARER = /^Bearer +([\x21-\x7e]{1,4096})$/i;

/** The caller of an `Authorization` header, or null: the response does not reveal whether it is missing or unknown. */
export async function identify(
  authorization: string | undefined,
  settings: Settings,
): Promise<Caller | null> {
  const token = tokenIn(authorization);
  if (token === null) return null;
  if (settings.mode === "own") return { mode: "own", account: await ownKeyAccount(token), apiKey: token };
  const name = await nameOfToken(token, settings.keys);
  return name === null ? null : { mode: "operator", account: namedAccount(name) };
}

/** The account that an operator calls for, or null: there is none of that name. */
export function callerNamed(name: string, { keys, mode }: Settings): Caller | null {
  return mode === "operator" && keys.some((key) => key.name === name)
    ? { mode, account: namedAccount(name) }
    : null;
}

/** The name of the operator's token in an `Authorization` header, or null: it holds another or none. */
export async function identifyOperator(
  authorization: string | undefined,
  { operatorTokens }: Settings,
): Promise<string | null> {
  const token = tokenIn(authorization);
  return token === null || operatorTokens.length === 0 ? null : nameOfToken(token, operatorTokens);
}

function tokenIn(authorization: string | undefined): string | null {
  return BEARER.exec(authorization?.trim() ?? "")?.[1] ?? null;
}

/** Compares digests, so that the time reveals neither the token's length nor a common beginning. */
async function nameOfToken(token: string, keys: Settings["keys"]): Promise<string | null> {
  const encoder = new TextEncoder();
  const digest = encoder.encode(hex(await sha256(token)));
  let found: string | null = null;
  for (const { name, sha256: expected } of keys) {
    if (equalBytes(encoder.encode(expected), digest)) found = name;
  }
  return found;
}
