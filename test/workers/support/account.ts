import { env } from "cloudflare:workers";
import { ownKeyAccount } from "../../../src/keys/ids.ts";
import { AUTHORIZATION } from "./world.ts";

/** The name of the account of the tests' key. */
export async function ownAccount(): Promise<string> {
  return ownKeyAccount(AUTHORIZATION.replace("Bearer ", ""));
}

/** Its object. */
export async function account() {
  return env.ACCOUNTS.get(env.ACCOUNTS.idFromName(await ownAccount()));
}
