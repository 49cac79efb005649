import { beforeEach, describe, expect, it } from "vitest";
import { TaskStore } from "../../../../src/task-object/document/store.ts";
import { aDelivery, aDocument, aTask, T0 } from "../../../support/builders.ts";
import { MemoryStorage } from "../../../support/model/simulated/memory-storage.ts";

/*
 * scenario                                            requirement
 * a step that decides on a task which was deleted     one check-and-set: the document as it is at that moment decides,
 * and created anew meanwhile                          and another task's is not touched
 * a change that the account would see, or not         the version grows with news, and with nothing else
 * a store of an older version                         opens, and lacks nothing
 * a transaction that fails                            document and alarm stay as they were, in memory too
 */

const RETENTION_MS = 1000;
const END = { status: "succeeded", finishedAt: T0 } as const;

let storage: MemoryStorage;
let store: TaskStore;
let news: (string | null)[];

/** As a process would find it that knows nothing yet. */
function fresh(): TaskStore {
  return new TaskStore(storage, { now: () => T0, retentionMs: () => RETENTION_MS });
}

beforeEach(() => {
  news = [];
  storage = new MemoryStorage(() => undefined);
  store = new TaskStore(storage, {
    now: () => T0,
    retentionMs: () => RETENTION_MS,
    changed: (document) => news.push(document && document.task.status),
  });
  store.create(aDocument(), null);
});

describe("a store that was written before results could be kept", () => {
  it("opens with its task, which goes on", () => {
    const stored = JSON.parse(String(storage.kv.get("document"))) as { task: Record<string, unknown> };
    for (const name of ["keep", "sourceUrl", "file"]) delete stored.task[name];
    storage.kv.put("document", JSON.stringify(stored));
    const document = fresh().load();
    expect(document?.task).toEqual(aTask());
    expect(document && fresh().steps(document)).toEqual(store.steps(aDocument()));
  });

  it("opens with what its deleted task has left, and goes in time", async () => {
    const digest = { fingerprint: "f", until: T0 + 60_000 };
    await store.erase({ digest });
    const stored = JSON.parse(String(storage.kv.get("remains"))) as Record<string, unknown>;
    delete stored.leftFiles;
    storage.kv.put("remains", JSON.stringify(stored));
    expect(fresh().deletedKey()).toEqual(digest);
    expect(fresh().leftFiles()).toEqual([]);
    await fresh().erase({ digest: null });
    expect([...storage.kv.list()]).toEqual([]);
  });
});

describe("an update", () => {
  it("decides on the document as it is, and writes what it makes of it together with the alarm", () => {
    const after = store.update("create-1", ({ task }, now) => ({
      task: { ...task, ...END, progress: now },
    }));
    expect(after?.task).toEqual(aTask({ ...END, progress: T0 }));
    expect(fresh().load()).toEqual(after);
    expect(storage.alarm).toBe(T0 + RETENTION_MS);
    expect(news).toEqual(["queued", "succeeded"]);
  });

  it("of a task that was created anew since is none", async () => {
    await store.erase();
    const anew = store.create(aDocument({ task: aTask({ createId: "create-2" }) }), null);
    expect(store.update("create-1", ({ task }) => ({ task: { ...task, ...END } }))).toBeNull();
    expect(store.load()).toBe(anew);
    expect(news).toEqual(["queued", null, "queued"]);
  });

  it("is needed for a task that is here: a second create is none", () => {
    const twin = aDocument({ task: aTask({ createId: "create-2" }) });
    expect(store.create(twin, null)).toBeNull();
    expect(store.load()?.task.createId).toBe("create-1");
  });

  it("that wants nothing writes nothing and reports nothing", () => {
    const before = [...storage.kv.list()];
    expect(store.update("create-1", () => null)).toBeNull();
    expect([...storage.kv.list()]).toEqual(before);
    expect(news).toEqual(["queued"]);
  });

  it("in memory is in the document and in the alarm, and not in the store", () => {
    const nextPollAt = T0 + 3000;
    store.update("create-1", ({ schedule }) => ({
      schedule: { ...schedule, nextPollAt },
      inMemory: true,
    }));
    expect(store.load()?.schedule.nextPollAt).toBe(nextPollAt);
    expect(storage.alarm).toBe(nextPollAt);
    expect(fresh().load()?.schedule.nextPollAt).toBe(T0 + 10_000);
  });

  it("whose transaction fails leaves the document and the alarm as they were", () => {
    const { alarm } = storage;
    const put = storage.kv.put;
    storage.kv.put = (key, value) => {
      put(key, value);
      throw new Error("the disk is full");
    };
    expect(() => store.update("create-1", ({ task }) => ({ task: { ...task, ...END } }))).toThrow("full");
    expect(store.load()?.task.status).toBe("queued");
    expect(storage.alarm).toBe(alarm);
  });
});

describe("the version", () => {
  it("begins at 1 and grows with what the account would see", () => {
    const versions = [store.load()?.version];
    const step = (change: Parameters<TaskStore["update"]>[1]): void => {
      versions.push(store.update("create-1", change)?.version);
    };
    step(({ task }) => ({ task: { ...task, progress: 40 } }));
    step(({ task }) => ({ task: { ...task, status: "running" } }));
    step(({ task }) => ({ task: { ...task, ...END }, deliveries: [aDelivery()] }));
    step(({ deliveries: [delivery = aDelivery()] }) => ({ deliveries: [{ ...delivery, attempts: 1 }] }));
    step(({ deliveries: [delivery = aDelivery()] }) => ({
      deliveries: [{ ...delivery, status: "delivered", settledAt: T0 }],
    }));
    expect(versions).toEqual([1, 1, 2, 3, 3, 4]);
  });
});

describe("the sealed pieces of a request", () => {
  it("are found in their order, and go when they are erased", async () => {
    await store.erase();
    const parts = Array.from({ length: 12 }, (_, index) => new Uint8Array([index]));
    store.create(aDocument(), parts);
    expect(fresh().parts()).toEqual(parts);
    store.update("create-1", () => ({ parts: null }));
    expect(fresh().parts()).toEqual([]);
  });
});

describe("what outlives a task", () => {
  const tombstone = { name: "a", account: "key:somebody", createdAt: T0 };

  it("is remembered without it, with an alarm that comes for it", async () => {
    store.refuse("create-9");
    const digest = { fingerprint: "f", until: T0 + 5000 };
    await store.erase({ digest, tombstone });
    const found = fresh();
    expect([found.load(), found.deletedKey(), found.tombstone()]).toEqual([null, digest, tombstone]);
    expect([found.isRefused("create-9"), found.isRefused("create-1")]).toEqual([true, false]);
    expect(found.create(aDocument(), null)).toBeNull();
    expect(storage.alarm).toBe(T0 + 1);
    await found.erase({ tombstone: null });
    expect(storage.alarm).toBe(T0 + 86_400_000);
  });

  it("is forgotten when its day is over", async () => {
    await store.erase({ digest: { fingerprint: "f", until: T0 } });
    expect([[...storage.kv.list()], storage.alarm]).toEqual([[], null]);
  });

  it("is at most the last 64 refused creates of an id", () => {
    for (let index = 0; index < 70; index++) store.refuse(`create-${index}`);
    const found = fresh();
    expect([found.isRefused("create-5"), found.isRefused("create-6")]).toEqual([false, true]);
  });
});
