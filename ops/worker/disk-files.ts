import type { ByteRange, FileStore, StoredFile } from "../../src/files/store.ts";

/**
 * Kept files in a folder, by workerd's disk service: `FILE_ID/body` has the bytes, and `FILE_ID/kept.json`, which is written
 * after it, what is known of them. The disk service takes a body that breaks off for one that ends, so a body alone is no file.
 */
export class DiskFiles implements FileStore {
  readonly #folder: Pick<Fetcher, "fetch">;

  constructor(folder: Pick<Fetcher, "fetch">) {
    this.#folder = folder;
  }

  async head(fileId: string): Promise<StoredFile | null> {
    const noted = await this.#ask("GET", `${fileId}/kept.json`);
    if (noted === null) return null;
    const file = JSON.parse(new TextDecoder().decode(await noted.arrayBuffer())) as StoredFile;
    // A machine that loses power may keep the one and lose of the other.
    return (await this.#size(fileId)) === file.bytes ? file : null;
  }

  async read(
    fileId: string,
    range: ByteRange | null,
  ): Promise<{ file: StoredFile; body: ReadableStream } | null> {
    const file = await this.head(fileId);
    if (file === null) return null;
    const headers = range && { range: `bytes=${range.offset}-${range.offset + range.length - 1}` };
    const found = await this.#ask("GET", `${fileId}/body`, headers ? { headers } : {});
    return found?.body ? { file, body: found.body } : null;
  }

  async write(
    fileId: string,
    contentType: StoredFile["contentType"],
    body: ReadableStream<Uint8Array>,
    length: number | null,
  ): Promise<void> {
    if ((await this.head(fileId)) !== null) {
      await body.cancel();
      throw new Error("the file is there already");
    }
    const { readable, writable } = new IdentityTransformStream();
    const put = this.#ask("PUT", `${fileId}/body`, { body: readable });
    try {
      const [bytes] = await Promise.all([pump(body, writable, length), put]);
      const file: StoredFile = { bytes, contentType };
      await this.#ask("PUT", `${fileId}/kept.json`, { body: JSON.stringify(file) });
    } catch (error) {
      await put.catch(() => undefined);
      // What this cannot delete goes with the task, or at the next start.
      await this.delete(fileId).catch(() => undefined);
      throw error;
    }
  }

  async delete(fileId: string): Promise<void> {
    await this.#ask("DELETE", fileId);
  }

  async #size(fileId: string): Promise<number | null> {
    const found = await this.#ask("HEAD", `${fileId}/body`);
    return found && Number(found.headers.get("content-length"));
  }

  /** Null: it is not there. @throws Error for every other refusal */
  async #ask(method: string, path: string, init: RequestInit = {}): Promise<Response | null> {
    const response = await this.#folder.fetch(`http://disk/${path}`, { method, ...init });
    if (response.ok) return response;
    await response.body?.cancel();
    if (response.status === 404) return null;
    throw new Error(`the disk answered ${response.status}`);
  }
}

/** Moves a body on, and counts it. @throws Error if it breaks off, or has another length than it should have */
async function pump(
  body: ReadableStream<Uint8Array>,
  to: WritableStream<Uint8Array>,
  length: number | null,
): Promise<number> {
  const reader = body.getReader();
  const writer = to.getWriter();
  try {
    let bytes = 0;
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      bytes += value.byteLength;
      await writer.write(value);
    }
    if (length !== null && bytes !== length) throw new Error(`a body of ${bytes} bytes, not of ${length}`);
    await writer.close();
    return bytes;
  } catch (error) {
    reader.cancel(error).catch(() => undefined);
    // To abort it would write a stack into the log, and would not keep the disk service from storing what it has.
    writer.close().catch(() => undefined);
    throw error;
  }
}
