import type { MediaType } from "../contract/words.ts";
import { isMediaType } from "../domain/files/media-type.ts";
import type { ByteRange, FileStore, OpenFile, StoredFile, WriteOutcome } from "./store.ts";

/** The smallest part that R2 takes, the last one aside. All parts of a file have this size. */
const PART_BYTES = 5 * 1_048_576;

/** The runtime takes memory of its own for as much as a read asks for, so a whole part in one read would take it twice. */
const READ_BYTES = 262_144;

/** A bucket of the platform. The ids of files are its keys. */
export class R2Store implements FileStore {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  async head(fileId: string): Promise<StoredFile | null> {
    return storedFile(await this.#bucket.head(fileId));
  }

  async read(fileId: string, range: ByteRange | null): Promise<OpenFile | null> {
    const object = await this.#bucket.get(fileId, range === null ? {} : { range });
    const file = storedFile(object);
    if (object !== null && file !== null) return { ...file, body: object.body };
    await object?.body.cancel();
    return null;
  }

  async write(
    fileId: string,
    contentType: MediaType,
    body: ReadableStream<Uint8Array>,
    length: number | null,
  ): Promise<WriteOutcome> {
    const httpMetadata = { contentType };
    if (length === null) {
      const upload = await this.#bucket.createMultipartUpload(fileId, { httpMetadata });
      // An upload of parts takes no condition, so Ringback asks itself. Between its question and the end of the upload another
      // try may still end; its copy of the same result is then replaced.
      return writeParts(upload, body, async () => (await this.#bucket.head(fileId)) !== null);
    }
    const written = await this.#bucket.put(fileId, body, {
      httpMetadata,
      onlyIf: { etagDoesNotMatch: "*" },
    });
    return written === null ? "there" : "written";
  }

  async delete(fileId: string): Promise<void> {
    await this.#bucket.delete(fileId);
  }
}

/**
 * A part is filled, and then sent, in the same memory, so a file takes one buffer, however long it is. To fill a second one
 * meanwhile would gain little beside a source that is slower than the bucket, and takes as much again for each copy.
 */
async function writeParts(
  upload: R2MultipartUpload,
  body: ReadableStream<Uint8Array>,
  isThere: () => Promise<boolean>,
): Promise<WriteOutcome> {
  const reader = body.getReader({ mode: "byob" });
  const sent: R2UploadedPart[] = [];
  try {
    let part = await filled(reader, new ArrayBuffer(PART_BYTES));
    while (part.byteLength > 0) {
      sent.push(await upload.uploadPart(sent.length + 1, part));
      if (part.byteLength < PART_BYTES) break;
      part = await filled(reader, part.buffer);
    }
    if (await isThere()) {
      await abort(upload);
      return "there";
    }
    await upload.complete(sent);
    return "written";
  } catch (error) {
    reader.cancel(error).catch(() => undefined);
    await abort(upload);
    throw error;
  }
}

/** The memory with as much in it as there is, from its start on; it moves with what is read. */
async function filled(
  reader: ReadableStreamBYOBReader,
  memory: ArrayBuffer,
): Promise<Uint8Array<ArrayBuffer>> {
  let buffer = memory;
  let length = 0;
  while (length < PART_BYTES) {
    const room = new Uint8Array(buffer, length, Math.min(READ_BYTES, PART_BYTES - length));
    const { value, done } = await reader.read(room);
    if (value) buffer = value.buffer;
    if (done || !value || value.byteLength === 0) break;
    length += value.byteLength;
  }
  return new Uint8Array(buffer, 0, length);
}

async function abort(upload: R2MultipartUpload): Promise<void> {
  // R2 forgets an unfinished upload after a week by itself.
  await upload.abort().catch(() => undefined);
}

/** Null: there is none, or none that Ringback has written. */
function storedFile(object: R2Object | null): StoredFile | null {
  const contentType = object?.httpMetadata?.contentType ?? "";
  return object !== null && isMediaType(contentType) ? { bytes: object.size, contentType } : null;
}
