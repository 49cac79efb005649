import { base32 } from "../text/base32.ts";

/**
 * A task id is `task_` + 26 characters that name the object (128 bits, random or a digest) + 16 characters of tag
 * (80 bits of an HMAC over them and the account). With the tag the Worker refuses a made-up id, or one of another
 * account, without waking an object.
 */
const PREFIX = "task_";
const NAME_LENGTH = 26;
const NAME_BYTES = 16;
const TAG_BYTES = 10;
const SHAPE = /^task_[a-z2-7]{42}$/;

/** The object's name from 16 or more bytes of entropy or digest. */
export function taskName(bytes: Uint8Array): string {
  return base32(bytes.subarray(0, NAME_BYTES));
}

/** What the tag is computed over. The separator cannot stand in a name. */
export function tagInput(name: string, account: string): string {
  return `${name}\n${account}`;
}

/** The public id of a task from its name and the HMAC of `tagInput`. */
export function formatTaskId(name: string, mac: Uint8Array): string {
  return PREFIX + name + base32(mac.subarray(0, TAG_BYTES));
}

/** The object's name in a public id, or null if the id does not even have the shape. */
export function nameInTaskId(taskId: string): string | null {
  if (!SHAPE.test(taskId)) return null;
  return taskId.slice(PREFIX.length, PREFIX.length + NAME_LENGTH);
}
