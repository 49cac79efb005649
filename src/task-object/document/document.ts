import { isNews } from "../../domain/account/summary.ts";
import type { Delivery } from "../../domain/delivery/delivery.ts";
import type { MessageBody } from "../../domain/task/events/announce.ts";
import type { TaskState } from "../../domain/task/state.ts";
import { leftFile, type LeftFile } from "../../domain/task/keep.ts";

/**
 * Everything that an object knows of its task: its messages and their attempts, too. Written whole, so every change of it is
 * one row.
 */
export interface TaskDocument extends TaskState {
  /** The texts of the deliveries' messages. */
  bodies: readonly MessageBody[];
  sealed: SealedValues;
  /** How many sealed pieces of the request body stand beside the document. */
  parts: number;
}

/** Sealed values, base64; null: there is none, or it was erased. */
export interface SealedValues {
  /** The caller's own upstream key. */
  key: string | null;
  /** The callback's headers. */
  headers: string | null;
  /** The upstream's last JSON answer. */
  answer: string | null;
  /** The result's URL while Ringback copies it, if the URL contains the upstream key. */
  source: string | null;
}

/** What one step writes, all or nothing, together with the alarm that follows from it. */
export interface Change extends Partial<Pick<TaskDocument, "task" | "schedule" | "sync" | "leftFiles">> {
  /** Changed ones and new ones; the others stay. */
  deliveries?: readonly Delivery[];
  /** New ones. */
  bodies?: readonly MessageBody[];
  sealed?: Partial<SealedValues>;
  /** The sealed pieces of the request body; null erases them. */
  parts?: readonly Uint8Array[] | null;
  /** Not written: a new process finds it out again. The alarm is set all the same. */
  inMemory?: true;
}

export type NewDocument = Omit<TaskDocument, "version" | "deliveries" | "bodies" | "parts">;

export function newDocument(fields: NewDocument, parts: readonly Uint8Array[] | null): TaskDocument {
  return { ...fields, deliveries: [], bodies: [], version: 1, parts: parts?.length ?? 0 };
}

/** The copies in the bucket that only this document knows of. */
export function leftFilesOf({ task, leftFiles = [] }: TaskDocument): readonly LeftFile[] {
  const own = leftFile(task);
  return own === null ? leftFiles : [...leftFiles, own];
}

/** The document after a change. */
export function changed(document: TaskDocument, change: Change): TaskDocument {
  const leftFiles = change.leftFiles ?? document.leftFiles;
  const after = {
    task: change.task ?? document.task,
    schedule: change.schedule ?? document.schedule,
    sync: change.sync ?? document.sync,
    deliveries: merged(document.deliveries, change.deliveries ?? []),
    bodies: change.bodies?.length ? [...document.bodies, ...change.bodies] : document.bodies,
    sealed: change.sealed ? { ...document.sealed, ...change.sealed } : document.sealed,
    parts: change.parts === undefined ? document.parts : (change.parts?.length ?? 0),
    ...(leftFiles?.length ? { leftFiles } : {}),
  };
  return { ...after, version: document.version + (isNews(document, after) ? 1 : 0) };
}

function merged(before: readonly Delivery[], changes: readonly Delivery[]): readonly Delivery[] {
  if (changes.length === 0) return before;
  const bySeq = new Map([...before, ...changes].map((delivery) => [delivery.seq, delivery]));
  return [...bySeq.values()].toSorted((a, b) => a.seq - b.seq);
}
