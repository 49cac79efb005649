import { isMediaType } from "../../src/domain/files/media-type.ts";
import type { ByteRange, FileStore, OpenFile, StoredFile, WriteOutcome } from "../../src/files/store.ts";

/** What `kept.json` holds. */
interface Note extends StoredFile {
  /** The name of the file with the bytes, beside the note. */
  body: string;
}

/**
 * Kept files in a folder, by workerd's disk service: `FILE_ID/body-UUID` has the bytes, and `FILE_ID/kept.json`, which is
 * written after it, what is known of them. The disk service takes a body that breaks off for one that ends, so a body alone is
 * no file. Each try writes a body of its own, so none can harm that of another one.
 */
export class DiskFiles implements FileStore {
  readonly #folder: Pick<Fetcher, "fetch">;

  constructor(folder: Pick<Fetcher, "fetch">) {
    this.#folder = folder;
  }

  async head(fileId: string): Promise<StoredFile | null> {
    const note = await this.#note(fileId);
    if (note === null) return null;
    const { bytes, contentType, body } = note;
    const found = await this.#ask("HEAD", `${fileId}/${body}`);
    // A machine that loses power may keep the one and lose of the other.
    return found !== null && lengthOf(found) === bytes ? { bytes, contentType } : null;
  }

  async read(fileId: string, range: ByteRange | null): Promise<OpenFile | null> {
    const note = await this.#note(fileId);
    if (note === null) return null;
    const { bytes, contentType } = note;
    const headers = range && { range: `bytes=${range.offset}-${range.offset + range.length - 1}` };
    const found = await this.#ask("GET", `${fileId}/${note.body}`, headers ? { headers } : {});
    const { body = null } = found ?? {};
    if (found !== null && body !== null && lengthOf(found) === (range?.length ?? bytes))
      return { bytes, contentType, body };
    await body?.cancel();
    return null;
  }

  async write(
    fileId: string,
    contentType: StoredFile["contentType"],
    body: ReadableStream<Uint8Array>,
    length: number | null,
  ): Promise<WriteOutcome> {
    const name = `body-${crypto.randomUUID()}`;
    const { readable, writable } = new IdentityTransformStream();
    const put = this.#ask("PUT", `${fileId}/${name}`, { body: readable });
    try {
      const [bytes] = await Promise.all([pump(body, writable, length), put]);
      // The disk service takes no condition, so Ringback asks itself. Of two tries that note in the same moment the later one
      // counts; both bodies are whole.
      if ((await this.head(fileId)) === null) {
        const note: Note = { bytes, contentType, body: name };
        await this.#ask("PUT", `${fileId}/kept.json`, { body: JSON.stringify(note) });
        return "written";
      }
    } catch (error) {
      await put.catch(() => undefined);
      await this.#drop(fileId, name);
      throw error;
    }
    await this.#drop(fileId, name);
    return "there";
  }

  async delete(fileId: string): Promise<void> {
    await this.#ask("DELETE", fileId);
  }

  async #drop(fileId: string, name: string): Promise<void> {
    // What this cannot delete goes with the task, or at the next start.
    await this.#ask("DELETE", `${fileId}/${name}`).catch(() => undefined);
  }

  /** Null: there is none, or one that a loss of power has left empty or torn. */
  async #note(fileId: string): Promise<Note | null> {
    const found = await this.#ask("GET", `${fileId}/kept.json`);
    return found && openNote(new TextDecoder().decode(await found.arrayBuffer()));
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

function openNote(text: string): Note | null {
  try {
    const { bytes, contentType, body } = JSON.parse(text) as Record<keyof Note, unknown>;
    const isNote = typeof bytes === "number" && typeof contentType === "string" && typeof body === "string";
    return isNote && isMediaType(contentType) ? { bytes, contentType, body } : null;
  } catch {
    return null;
  }
}

function lengthOf({ headers }: Response): number {
  return Number(headers.get("content-length"));
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
