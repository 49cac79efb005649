import type { SigningVersion } from "../domain/signing-versions.ts";
import type { AccountObject } from "./object.ts";

export type AccountNamespace = DurableObjectNamespace<AccountObject>;

/** A callback does not wait longer for its account. */
const PATIENCE_MS = 1000;

function accountStub(accounts: AccountNamespace, account: string): DurableObjectStub<AccountObject> {
  return accounts.get(accounts.idFromName(account));
}

/** The account's signing secrets in force, newest first. @throws Error if it does not answer within a second */
export async function signingVersions(
  accounts: AccountNamespace,
  account: string,
): Promise<SigningVersion[]> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const impatience = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("the account did not answer in time")), PATIENCE_MS);
  });
  try {
    return await Promise.race([accountStub(accounts, account).signingVersions(), impatience]);
  } finally {
    clearTimeout(timer);
  }
}

/** A new signing secret; the current one signs on for `overlapMs`. Null if three previous ones still sign. */
export async function rotateSecret(
  accounts: AccountNamespace,
  account: string,
  overlapMs: number,
): Promise<SigningVersion[] | null> {
  return accountStub(accounts, account).rotate(overlapMs);
}
