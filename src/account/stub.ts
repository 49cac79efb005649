import type { SigningVersion } from "../domain/task.ts";
import type { AccountObject } from "./object.ts";

export type AccountNamespace = DurableObjectNamespace<AccountObject>;

/** A callback does not wait longer for its account. */
const PATIENCE_MS = 1000;

/** The account's signing secrets in force. @throws Error if it does not answer within a second */
export async function signingVersions(
  accounts: AccountNamespace,
  account: string,
): Promise<readonly SigningVersion[]> {
  const stub = accounts.get(accounts.idFromName(account));
  let timer: ReturnType<typeof setTimeout> | null = null;
  const impatience = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("the account did not answer in time")), PATIENCE_MS);
  });
  try {
    return await Promise.race([stub.signingVersions(), impatience]);
  } finally {
    clearTimeout(timer);
  }
}
