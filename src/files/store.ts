import type { MediaType } from "../contract/words.ts";

/** What is known of a kept file. */
export interface StoredFile {
  bytes: number;
  contentType: MediaType;
}

/** From `offset` on, `length` bytes, all inside the file. */
export interface ByteRange {
  offset: number;
  length: number;
}

/** Where copies of results are kept, by the ids of their files. Each is written once and never changes. */
export interface FileStore {
  /** Null: it is not there. */
  head(fileId: string): Promise<StoredFile | null>;
  /** The whole file, or a part of it; null: it is not there. */
  read(fileId: string, range: ByteRange | null): Promise<{ file: StoredFile; body: ReadableStream } | null>;
  /**
   * Streams a file in. `length`: of the body; null: not known.
   * @throws Error if the body or the store breaks off: then nothing is stored
   */
  write(
    fileId: string,
    contentType: MediaType,
    body: ReadableStream<Uint8Array>,
    length: number | null,
  ): Promise<void>;
  /** Does nothing if it is not there. @throws Error if the store does not answer */
  delete(fileId: string): Promise<void>;
}
