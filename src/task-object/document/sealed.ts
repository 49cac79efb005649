import { nameInTaskId } from "../../domain/task/task-id.ts";
import type { Task } from "../../domain/task/task.ts";
import { seal, SealError, unseal } from "../../keys/seal.ts";
import * as text from "../../keys/seal-text.ts";
import { concat } from "../../net/concat.ts";
import type { TaskDeps } from "../deps.ts";
import type { SealedValues, TaskDocument } from "./document.ts";

/** What a task keeps sealed, and how it is opened. Purposes are bound into each seal, so none stands in for another. */

/** A value holds 2 MB; a request of 16 MiB takes 16 of these. */
const PART_BYTES = 1_048_576;

/** `elsewhere`: a receiver that one attempt goes to. */
type Purpose = keyof SealedValues | "elsewhere";
type SealDeps = Pick<TaskDeps, "settings">;

/** What a seal is bound to. */
type SealedTask = Pick<Task, "taskId">;

function context(task: SealedTask, purpose: string): { task: string; purpose: string } {
  return { task: nameInTaskId(task.taskId) ?? "", purpose };
}

/** As base64, to stand in the task's document. */
export async function sealText(
  { settings }: SealDeps,
  task: SealedTask,
  purpose: Purpose,
  clear: string,
): Promise<string> {
  return text.sealText(settings.roots[0], context(task, purpose), clear);
}

/** A value of the document; null: there is none. @throws SealError */
export async function openText(
  deps: SealDeps,
  { task, sealed }: TaskDocument,
  purpose: keyof SealedValues,
): Promise<string | null> {
  const value = sealed[purpose];
  return value === null ? null : unsealText(deps, task, purpose, value);
}

/** What `sealText` has sealed. @throws SealError */
export async function unsealText(
  { settings }: SealDeps,
  task: SealedTask,
  purpose: Purpose,
  value: string,
): Promise<string> {
  return text.unsealText(settings.roots, context(task, purpose), value);
}

export async function sealParts(
  { settings }: SealDeps,
  task: SealedTask,
  body: Uint8Array,
): Promise<Uint8Array[]> {
  const count = Math.max(1, Math.ceil(body.byteLength / PART_BYTES));
  const parts: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const piece = body.subarray(index * PART_BYTES, (index + 1) * PART_BYTES);
    // The position and the count are bound in: pieces cannot be dropped or swapped unnoticed.
    parts.push(await seal(settings.roots[0], context(task, `part ${index} of ${count}`), piece));
  }
  return parts;
}

/** @throws SealError */
export async function openParts({ settings, store }: TaskDeps, task: Task): Promise<Uint8Array> {
  const parts = store.parts();
  if (parts.length === 0) throw new SealError("the request body is not there");
  const pieces: Uint8Array[] = [];
  for (const [index, sealed] of parts.entries()) {
    pieces.push(await unseal(settings.roots, context(task, `part ${index} of ${parts.length}`), sealed));
  }
  return concat(pieces);
}
