/**
 * Keys of what a recovery is for: of the task, then of its registered endpoint; the task's own callback has the task's key.
 * They sort by the task's creation, and one task's before the next one's.
 */

export function candidateKey(task: string, endpoint: string | null): string {
  return endpoint === null ? task : `${task} ${endpoint}`;
}

/** The name of the task's object, and the endpoint's id; null: its own callback. */
export function partsOf(key: string): { name: string; endpoint: string | null } {
  const [, name = "", endpoint = null] = key.split(" ");
  return { name, endpoint };
}

/** After every key of this task, and before those of the next one. */
export function endOf(task: string): string {
  return `${task} ${END}`;
}

const END = "~";

/** The key after which the rows stand whose candidates may come after `key`: its own task's is one of them, unless it is over. */
export function rowsFrom(key: string): string {
  const [time = "", name, rest] = key.split(" ");
  return name === undefined || rest === END ? key : `${time} ${name}`.slice(0, -1);
}
