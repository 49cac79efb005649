import { TaskStore } from "../../../src/task-object/document/store.ts";
import type { TaskStorage } from "../../../src/task-object/document/storage.ts";
import type { Delivery } from "../../../src/domain/delivery/delivery.ts";
import { bodyKey, type LoggedAttempt, type Rows } from "./world.ts";

/** What is stored, as a process would find it that knows nothing yet. */
export function readRows(storage: Pick<TaskStorage, "kv">): Omit<Rows, "alarm" | "endpoints"> {
  const store = freshStore(storage);
  const document = store.load();
  const keys = Array.from(storage.kv.list(), ([key]) => key);
  return {
    state: document,
    attempts: document?.deliveries.flatMap(loggedAttempts) ?? [],
    bodies: new Map(document?.bodies.map((body) => [bodyKey(body), body.text])),
    key: document !== null && document.sealed.key !== null,
    parts: keys.filter((name) => name.startsWith("part ")).length,
    digest: store.deletedKey() !== null,
    keys,
  };
}

function loggedAttempts({ seq, finished, onTheWire }: Delivery): LoggedAttempt[] {
  const open = onTheWire ? [{ ...onTheWire, result: null }] : [];
  return [...finished, ...open].map((attempt) => Object.assign({ seq }, attempt));
}

/** For reading only. */
export function freshStore(storage: Pick<TaskStorage, "kv">): TaskStore {
  return new TaskStore(storage as TaskStorage, { now: () => Date.now(), retentionMs: () => 0 });
}
