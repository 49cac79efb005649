import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TaskDeps } from "../../../src/task-object/deps.ts";
import { RunningSteps } from "../../../src/task-object/running-steps.ts";
import {
  deleteFilesStep,
  eraseStep,
  removeTask,
  finishRemoval,
} from "../../../src/task-object/steps/remove.ts";
import { TaskStore } from "../../../src/task-object/document/store.ts";
import { aDocument, aKeep, aTask, FILE_ID, T0 } from "../../support/builders.ts";
import { MemoryStorage } from "../../support/model/simulated/memory-storage.ts";

/*
 * scenario                                             requirement (design.md, Kept files)
 * a task that is deleted, or whose retention is over   its file goes, too; what fails is repeated until it succeeds
 * a copy that may still be on its way                  leaves nothing: the deletion is repeated when it must be over
 * a create under the key of a deleted task whose file  keeps the file's deletion: no task is gone without its file
 * is still in the bucket
 */

const DAY = 86_400_000;
const ACCOUNT = "key:somebody";
/** A kept task's copies are over by then. */
const OVER = T0 + 180_000;

let now = T0;
let storage: MemoryStorage;
let bucket: Set<string>;
let answers: "ok" | "fails" | "hangs";
let told: string[];
let logged: string[];

/** As a process that knows nothing yet. */
function aProcess(): TaskDeps {
  return {
    store: new TaskStore(storage, { now: () => now, retentionMs: () => 1000 }),
    running: new RunningSteps(),
    sendTombstone: async ({ name }) => void told.push(name),
    deleteFile: async (fileId) => {
      if (answers === "hangs") await new Promise(() => {});
      if (answers === "fails") throw new Error("an internal error of the bucket");
      bucket.delete(fileId);
    },
    log: (event) => void logged.push(event),
  } as Partial<TaskDeps> as TaskDeps;
}

/** A task whose result was kept at `T0`. */
function aKeptTask(createId: string, fileId = FILE_ID, createdAt = T0 - 60_000): ReturnType<typeof aTask> {
  const keep = aKeep({ fileId, succeededAt: T0 });
  return aTask({ createId, createdAt, keep, fingerprint: "f", status: "succeeded", finishedAt: T0 });
}

/** What is stored. */
function keys(): string[] {
  return Array.from(storage.kv.list(), ([key]) => key);
}

beforeEach(() => {
  vi.useFakeTimers();
  now = T0;
  storage = new MemoryStorage(() => undefined);
  bucket = new Set([FILE_ID]);
  answers = "ok";
  told = [];
  logged = [];
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a task that is deleted", () => {
  it("takes its file along at once", async () => {
    const deps = aProcess();
    deps.store.create(aDocument({ task: aKeptTask("create-1") }), null);
    expect(await removeTask(deps, ACCOUNT)).toBe(true);
    expect([...bucket]).toEqual([]);
    expect(logged).toEqual(["task.deleted"]);
  });

  it.each(["fails", "hangs"] as const)(
    "does not wait for a bucket that %s, and repeats it",
    async (state) => {
      const deps = aProcess();
      deps.store.create(aDocument({ task: aKeptTask("create-1") }), null);
      answers = state;
      const removed = removeTask(deps, ACCOUNT);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(await removed).toBe(true);
      expect(logged).toEqual(["task.deleted", "file.undeleted"]);
      expect(storage.alarm).toBe(T0 + 1);
      now = OVER;
      const failed = expect(finishRemoval(deps)).rejects.toThrow("the bucket did not delete a file");
      await vi.advanceTimersByTimeAsync(10_000);
      await failed;
      // Its account has heard of it, and may hear of it again.
      expect(told).toHaveLength(1);
      answers = "ok";
      await finishRemoval(aProcess());
      expect([...bucket]).toEqual([]);
      expect(keys()).toEqual(["remains"]);
      expect(aProcess().store.deletedKey()).not.toBeNull();
      expect(storage.alarm).toBe(T0 - 60_000 + DAY);
    },
  );

  it("ends the copy under way first, and deletes what that has stored", async () => {
    const deps = aProcess();
    deps.store.create(aDocument({ task: aKeptTask("create-1") }), null);
    bucket.clear();
    const { deletion } = deps.running;
    const copy = new Promise<void>((resolve) => {
      deletion.addEventListener("abort", () => {
        bucket.add(FILE_ID);
        resolve();
      });
    });
    void deps.running.track("copy", copy);
    await removeTask(deps, ACCOUNT);
    expect([deletion.aborted, [...bucket], logged]).toEqual([true, [], ["task.deleted"]]);
    // A task that is created anew under this id begins afresh.
    expect(deps.running.deletion.aborted).toBe(false);
  });

  it("is deleted in the bucket once more when no copy can be on its way any more", async () => {
    const deps = aProcess();
    const copy = { url: "https://cdn.acme.com/v.mp4", needsKey: false, dueAt: T0, failures: 0, reason: null };
    const task = aTask({ keep: aKeep({ succeededAt: T0, copy }), status: "running", progress: 100 });
    deps.store.create(aDocument({ task }), null);
    await removeTask(deps, ACCOUNT);
    await finishRemoval(deps);
    // The copy of a process that is gone, or superseded.
    bucket.add(FILE_ID);
    expect(storage.alarm).toBe(OVER);
    now = OVER;
    await finishRemoval(aProcess());
    expect([[...bucket], keys(), storage.alarm]).toEqual([[], [], null]);
  });

  it.each([null, aKeep()])("without a success asks the bucket for nothing (%#)", async (keep) => {
    answers = "fails";
    const deps = aProcess();
    deps.store.create(aDocument({ task: aTask({ keep }) }), null);
    await removeTask(deps, ACCOUNT);
    await finishRemoval(deps);
    expect([logged, keys()]).toEqual([["task.deleted"], []]);
  });
});

describe("a task whose retention is over", () => {
  it("goes after its file, and not before", async () => {
    now = OVER + 1000;
    const deps = aProcess();
    deps.store.create(aDocument({ task: aKeptTask("create-1") }), null);
    answers = "fails";
    await expect(eraseStep(deps)).rejects.toThrow("the bucket did not delete a file");
    expect(keys()).toEqual(["document"]);
    answers = "ok";
    await eraseStep(deps);
    expect([[...bucket], keys(), storage.alarm]).toEqual([[], [], null]);
  });

  it.each(["succeeded", "failed"] as const)(
    "and that has %s without a copy needs no bucket",
    async (status) => {
      for (const keep of status === "failed" ? [null, aKeep()] : [null]) {
        now = OVER + 1000;
        answers = "fails";
        const deps = aProcess();
        deps.store.create(aDocument({ task: aTask({ keep, status, finishedAt: T0 }) }), null);
        await eraseStep(deps);
        expect([keys(), storage.alarm]).toEqual([[], null]);
      }
    },
  );

  it("that is over within the patience leaves the file's id until no copy can come", async () => {
    const deps = aProcess();
    deps.store.create(aDocument({ task: aKeptTask("create-1") }), null);
    await eraseStep(deps);
    expect([deps.store.load(), keys(), storage.alarm]).toEqual([null, ["remains"], OVER]);
    now = OVER;
    await finishRemoval(deps);
    expect([keys(), storage.alarm]).toEqual([[], null]);
  });

  it("is not erased if it was deleted, and created anew, while the bucket answered", async () => {
    now = OVER + 1000;
    const deps = aProcess();
    deps.store.create(aDocument({ task: aKeptTask("create-1", FILE_ID, T0 - DAY) }), null);
    const anew = aTask({ createId: "create-2" });
    const deleteFile = deps.deleteFile;
    deps.deleteFile = async () => {
      deps.deleteFile = deleteFile;
      await removeTask(deps, ACCOUNT);
      deps.store.create(aDocument({ task: anew }), null);
    };
    await eraseStep(deps);
    expect(aProcess().store.load()?.task).toEqual(anew);
  });
});

describe("a task that is created under the key of a deleted one whose file is still there", () => {
  const OTHER = "z".repeat(26);

  /** The earlier task was created more than a day ago, so its key is free again. */
  async function created(task: ReturnType<typeof aTask>): Promise<TaskDeps> {
    const deps = aProcess();
    deps.store.create(aDocument({ task: aKeptTask("create-1", FILE_ID, T0 - DAY) }), null);
    answers = "fails";
    await removeTask(deps, ACCOUNT);
    now = OVER;
    expect(deps.store.create(aDocument({ task }), null)).not.toBeNull();
    return deps;
  }

  it("deletes it itself, as soon as the bucket answers", async () => {
    await created(aTask({ createId: "create-2", createdAt: OVER }));
    const later = aProcess();
    const document = later.store.load();
    expect(document && later.store.steps(document)).toContainEqual({ kind: "delete_files", dueAt: OVER });
    await expect(deleteFilesStep(later)).rejects.toThrow("the bucket did not delete a file");
    answers = "ok";
    await deleteFilesStep(later);
    expect([...bucket]).toEqual([]);
    expect(aProcess().store.load()?.leftFiles).toBeUndefined();
  });

  it("leaves it to what outlives it when it is deleted in turn", async () => {
    bucket.add(OTHER);
    const deps = await created(aKeptTask("create-2", OTHER, T0 - DAY));
    await removeTask(deps, ACCOUNT);
    expect([...bucket]).toEqual([FILE_ID, OTHER]);
    answers = "ok";
    await finishRemoval(aProcess());
    expect([[...bucket], keys(), storage.alarm]).toEqual([[], [], null]);
  });

  it("leaves it to what outlives it when the upstream refuses it", async () => {
    const deps = await created(aTask({ createId: "create-2" }));
    await deps.store.erase();
    answers = "ok";
    expect(storage.alarm).toBe(OVER + 1);
    await finishRemoval(aProcess());
    expect([[...bucket], keys(), storage.alarm]).toEqual([[], [], null]);
  });
});
