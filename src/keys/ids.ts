import { formatTaskId, nameInTaskId, tagInput, taskName } from "../domain/task/task-id.ts";
import { base32 } from "../domain/text/base32.ts";
import { tagKey } from "./derive.ts";
import { equalBytes, sha256 } from "./digest.ts";

const encoder = new TextEncoder();

/** 26 letters and digits, 128 random bits. */
export function randomName(): string {
  return taskName(crypto.getRandomValues(new Uint8Array(16)));
}

/** A message's id: constant across its attempts, no `.` in it (the signed content is split at dots). */
export function newMessageId(): string {
  return `msg_${base32(crypto.getRandomValues(new Uint8Array(16)))}`;
}

export function newEndpointId(): string {
  return `ep_${base32(crypto.getRandomValues(new Uint8Array(16)))}`;
}

/** A kept file's: 26 letters and digits, 128 random bits. Its holder can fetch the file. */
export function newFileId(): string {
  return base32(crypto.getRandomValues(new Uint8Array(16)));
}

export function newRecoveryId(): string {
  return `rec_${base32(crypto.getRandomValues(new Uint8Array(16)))}`;
}

/** The same account and idempotency key lead to the same object, whatever `RINGBACK_SECRET` is. */
export async function keyedName(account: string, idempotencyKey: string): Promise<string> {
  return taskName(await sha256(`ringback task v1\n${account}\n${idempotencyKey}`));
}

/** The account of a caller with an upstream key of its own: a digest that does not lead back to the key. */
export async function ownKeyAccount(upstreamKey: string): Promise<string> {
  return `key:${base32((await sha256(`ringback account v1\n${upstreamKey}`)).subarray(0, 20))}`;
}

export function isOwnKeyAccount(account: string): boolean {
  return account.startsWith("key:");
}

/** The account of an operator's client. */
export function namedAccount(name: string): string {
  return `name:${name}`;
}

/** How an account is shown: the name that the operator gave it, or the end of its digest. */
export function accountName(account: string): string {
  return account.startsWith("name:") ? account.slice("name:".length) : `key …${account.slice(-4)}`;
}

export async function taskIdOf(root: string, name: string, account: string): Promise<string> {
  const mac = await crypto.subtle.sign("HMAC", await tagKey(root), encoder.encode(tagInput(name, account)));
  return formatTaskId(name, new Uint8Array(mac));
}

/** The object's name if the id was issued to this account under one of the root secrets, else null. */
export async function openTaskId(
  roots: readonly string[],
  taskId: string,
  account: string,
): Promise<string | null> {
  const name = nameInTaskId(taskId);
  if (name === null) return null;
  for (const root of roots) {
    const expected = await taskIdOf(root, name, account);
    if (equalBytes(encoder.encode(expected), encoder.encode(taskId))) return name;
  }
  return null;
}
