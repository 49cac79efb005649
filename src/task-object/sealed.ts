import { nameInTaskId } from "../domain/task/task-id.ts";
import type { Task } from "../domain/task/task.ts";
import { seal, SealError, unseal } from "../keys/seal.ts";
import { concat } from "../net/concat.ts";
import type { TaskDeps } from "./deps.ts";

/** What a task keeps sealed, and how it is opened. Purposes are bound into each seal, so none stands in for another. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** Rows hold 2 MB; a request of 16 MiB takes 16 of these. */
const PART_BYTES = 1_048_576;

type Purpose = "key" | "headers" | "answer";

function context(task: Task, purpose: string): { task: string; purpose: string } {
  return { task: nameInTaskId(task.taskId) ?? "", purpose };
}

export async function sealText(
  deps: TaskDeps,
  task: Task,
  purpose: Purpose,
  text: string,
): Promise<Uint8Array> {
  return seal(deps.settings.roots[0], context(task, purpose), encoder.encode(text));
}

/** @throws SealError */
export async function openText(deps: TaskDeps, task: Task, purpose: Purpose): Promise<string | null> {
  const sealed = deps.store.rows.sealed(purpose);
  if (sealed === null) return null;
  return decoder.decode(await unseal(deps.settings.roots, context(task, purpose), sealed));
}

export async function sealParts(deps: TaskDeps, task: Task, body: Uint8Array): Promise<Uint8Array[]> {
  const count = Math.max(1, Math.ceil(body.byteLength / PART_BYTES));
  const parts: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const piece = body.subarray(index * PART_BYTES, (index + 1) * PART_BYTES);
    // The position and the count are bound in: pieces cannot be dropped or swapped unnoticed.
    parts.push(await seal(deps.settings.roots[0], context(task, `part ${index} of ${count}`), piece));
  }
  return parts;
}

/** @throws SealError */
export async function openParts(deps: TaskDeps, task: Task): Promise<Uint8Array> {
  const parts = deps.store.rows.parts();
  if (parts.length === 0) throw new SealError("the request body is not there");
  const pieces: Uint8Array[] = [];
  for (const [index, sealed] of parts.entries()) {
    pieces.push(await unseal(deps.settings.roots, context(task, `part ${index} of ${parts.length}`), sealed));
  }
  return concat(pieces);
}
