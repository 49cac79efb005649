import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { DiskFiles } from "../../../ops/worker/disk-files.ts";
import { R2Store } from "../../../src/files/r2-store.ts";
import type { FileStore, WriteOutcome } from "../../../src/files/store.ts";
import { newFileId } from "../../../src/keys/ids.ts";
import { ObjectDeps } from "../../../src/task-object/object-deps.ts";

/*
 * What every store of kept files does, on the platform and on one machine.
 *
 * scenario                                   requirement
 * bodies of known and unknown length         contract, Kept files: streamed, byte for byte
 * bodies that break off, lie about it        contract, Kept files: nothing is stored
 * a second file of the same id               contract, Kept files: write-once
 * two tries at a time                        neither harms the file of the other
 * a note that a loss of power has torn       is no file, and may be written anew
 * parts of a file                            contract, `GET /v1/files`: one range
 * deletions, where there is no store, too    contract, Kept files: repeated until it succeeds
 */

const bound = env as unknown as { RESULTS: R2Bucket; DISK: Fetcher };

type ObjectParts = ConstructorParameters<typeof ObjectDeps>[0];

const stores: [name: string, store: FileStore][] = [
  ["a bucket", new R2Store(bound.RESULTS)],
  ["a folder", new DiskFiles(bound.DISK)],
];

const MIB = 1_048_576;
const CHUNK = 65_536;

const RANDOM = new Uint8Array(12 * MIB);
for (let at = 0; at < RANDOM.byteLength; at += CHUNK) crypto.getRandomValues(RANDOM.subarray(at, at + CHUNK));

function bytesOf(size: number): Uint8Array<ArrayBuffer> {
  return RANDOM.slice(0, size);
}

interface Flow {
  /** The body breaks off before this byte. */
  breaksAt?: number;
  /** What the body is said to have. */
  announced?: number | null;
}

/** As a copy hands it over: through a stream of the runtime, with its length if that is known. */
async function write(
  store: FileStore,
  fileId: string,
  bytes: Uint8Array<ArrayBuffer>,
  flow: Flow = {},
): Promise<WriteOutcome> {
  const { announced = null, breaksAt = Infinity } = flow;
  const { readable, writable } =
    announced === null ? new IdentityTransformStream() : new FixedLengthStream(announced);
  const stored = store.write(fileId, "video/mp4", readable, announced);
  const writer = writable.getWriter();
  const pumped = (async () => {
    for (let at = 0; at < bytes.byteLength; at += CHUNK) {
      if (at >= breaksAt) return writer.abort(new Error("the source broke off"));
      await writer.write(bytes.slice(at, at + CHUNK));
    }
    return writer.close();
  })();
  pumped.catch(() => undefined);
  return stored;
}

async function contentOf(
  store: FileStore,
  fileId: string,
  range: [offset: number, length: number] | null = null,
): Promise<Uint8Array | null> {
  const part = range && { offset: range[0], length: range[1] };
  const found = await store.read(fileId, part);
  return found && new Uint8Array(await new Response(found.body).arrayBuffer());
}

/** What a read says of the whole file, even where it asks for a byte of it. */
async function opened(store: FileStore, fileId: string): Promise<object | null> {
  const found = await store.read(fileId, { offset: 0, length: 1 });
  if (found === null) return null;
  const { body, ...file } = found;
  await body.cancel();
  return file;
}

/** To compare megabytes takes `toEqual` seconds. */
function isSame(one: Uint8Array | null, other: Uint8Array): boolean {
  return one?.byteLength === other.byteLength && crypto.subtle.timingSafeEqual(one, other);
}

async function expectNothing(store: FileStore, fileId: string): Promise<void> {
  expect(await store.head(fileId)).toBeNull();
  expect(await store.read(fileId, null)).toBeNull();
  expect(await store.read(fileId, { offset: 0, length: 1 })).toBeNull();
}

describe.each(stores)("kept files in %s", (_name, store) => {
  it.each([1, 5 * MIB - 1, 5 * MIB, 10 * MIB, 11 * MIB + 3])(
    "are stored byte for byte, %d of them, with and without a length",
    async (size) => {
      const bytes = bytesOf(size);
      for (const announced of [size, null]) {
        const fileId = newFileId();
        await write(store, fileId, bytes, { announced });
        const file = { bytes: size, contentType: "video/mp4" };
        expect(await store.head(fileId)).toEqual(file);
        expect(await opened(store, fileId)).toEqual(file);
        expect(isSame(await contentOf(store, fileId), bytes)).toBe(true);
        await store.delete(fileId);
      }
    },
  );

  it.each([
    { what: "breaks off at once", breaksAt: 0, announced: null },
    { what: "breaks off", breaksAt: CHUNK, announced: null },
    { what: "breaks off after a part", breaksAt: 6 * MIB, announced: null },
    { what: "of a known length breaks off", breaksAt: CHUNK, announced: 8 * MIB },
    { what: "is shorter than announced", announced: 9 * MIB },
    { what: "is longer than announced", announced: 8 * MIB - 1 },
  ])("have nothing of a body that $what", async (flow) => {
    const fileId = newFileId();
    await expect(write(store, fileId, bytesOf(8 * MIB), flow)).rejects.toThrow();
    await expectNothing(store, fileId);
    // The next try finds no trace of it.
    const bytes = bytesOf(3);
    await write(store, fileId, bytes, { announced: 3 });
    expect(await contentOf(store, fileId)).toEqual(bytes);
    await store.delete(fileId);
  });

  it("are written once: a second one changes nothing, and is told so", async () => {
    const fileId = newFileId();
    const bytes = bytesOf(CHUNK);
    expect(await write(store, fileId, bytes, { announced: CHUNK })).toBe("written");
    for (const announced of [5, null])
      expect(await write(store, fileId, bytesOf(5), { announced })).toBe("there");
    expect(isSame(await contentOf(store, fileId), bytes)).toBe(true);
    await store.delete(fileId);
  });

  it.each([
    { ends: "breaks off", announced: null },
    { ends: "breaks off", announced: CHUNK },
    { ends: "comes to its end", announced: null },
    { ends: "comes to its end", announced: CHUNK },
  ])("stay as they are when an earlier try $ends ($announced)", async ({ ends, announced }) => {
    const fileId = newFileId();
    const [early, late] = [bytesOf(CHUNK), bytesOf(3 * CHUNK)];
    const { readable, writable } =
      announced === null ? new IdentityTransformStream() : new FixedLengthStream(announced);
    const earlier = store.write(fileId, "video/mp4", readable, announced);
    const outcome = earlier.catch(() => "failed");
    const writer = writable.getWriter();
    await writer.write(early.slice(0, 9));
    expect(await write(store, fileId, late)).toBe("written");
    if (ends === "breaks off") await writer.abort(new Error("the source broke off"));
    else {
      await writer.write(early.slice(9));
      await writer.close();
    }
    expect(await outcome).toBe(ends === "breaks off" ? "failed" : "there");
    expect(isSame(await contentOf(store, fileId), late)).toBe(true);
    await store.delete(fileId);
    await expectNothing(store, fileId);
  });

  it("are read in parts", async () => {
    const fileId = newFileId();
    const bytes = bytesOf(6 * MIB + 5);
    await write(store, fileId, bytes);
    const last = bytes.byteLength - 1;
    for (const [offset, length] of [
      [0, 1],
      [0, bytes.byteLength],
      [last, 1],
      [5 * MIB - 2, 4],
      [CHUNK, 5 * MIB],
    ] as const) {
      const part = await contentOf(store, fileId, [offset, length]);
      expect(isSame(part, bytes.slice(offset, offset + length))).toBe(true);
    }
    await store.delete(fileId);
  });

  it("are apart from each other, each with its type", async () => {
    const [one, other] = [newFileId(), newFileId()];
    await store.write(one, "image/png", new Blob(["one"]).stream(), 3);
    await store.write(other, "video/webm", new Blob(["other"]).stream(), 5);
    expect(await store.head(one)).toEqual({ bytes: 3, contentType: "image/png" });
    expect(await store.head(other)).toEqual({ bytes: 5, contentType: "video/webm" });
    await store.delete(one);
    await expectNothing(store, one);
    expect(await store.head(other)).not.toBeNull();
    await store.delete(other);
  });

  it("are deleted as often as one likes, and then not there", async () => {
    const fileId = newFileId();
    await store.delete(fileId);
    await expectNothing(store, fileId);
    await write(store, fileId, bytesOf(9));
    expect(await store.head(fileId)).toEqual({ bytes: 9, contentType: "video/mp4" });
    await store.delete(fileId);
    await store.delete(fileId);
    await expectNothing(store, fileId);
  });
});

describe("a folder", () => {
  const store = new DiskFiles(bound.DISK);

  it.each(["", "\0\0\0", "{", "null", "[]", '"body"', '{"bytes":9,"contentType":"video/mp4"}'])(
    "whose note is %j has no file, and takes one anew",
    async (note) => {
      const fileId = newFileId();
      await write(store, fileId, bytesOf(9));
      await bound.DISK.fetch(`http://disk/${fileId}/kept.json`, { method: "PUT", body: note });
      await expectNothing(store, fileId);
      expect(await write(store, fileId, bytesOf(CHUNK))).toBe("written");
      expect(isSame(await contentOf(store, fileId), bytesOf(CHUNK))).toBe(true);
      await store.delete(fileId);
    },
  );

  it("whose body is shorter than noted, or gone, has no file, and takes one anew", async () => {
    for (const body of ["1234", null]) {
      const fileId = newFileId();
      await write(store, fileId, bytesOf(9));
      const noted = await bound.DISK.fetch(`http://disk/${fileId}/kept.json`);
      const path = `http://disk/${fileId}/${(await noted.json<{ body: string }>()).body}`;
      await bound.DISK.fetch(path, body === null ? { method: "DELETE" } : { method: "PUT", body });
      expect([await store.head(fileId), await store.read(fileId, null)]).toEqual([null, null]);
      expect(await write(store, fileId, bytesOf(9))).toBe("written");
      await store.delete(fileId);
    }
  });
});

describe("a deployment without a store", () => {
  // The binding may come back with the next deploy, and the files with it.
  it("has deleted no file", async () => {
    for (const RESULTS of [undefined, null]) {
      const deps = new ObjectDeps({ env: { ...env, RESULTS } } as unknown as ObjectParts);
      await expect(deps.deleteFile(newFileId())).rejects.toThrow("RESULTS is not bound");
    }
  });
});
