import type { MediaType } from "../contract/words.ts";

/** What is known of a kept file. */
export interface StoredFile {
  bytes: number;
  contentType: MediaType;
}

/** A kept file, or a part of it, and what is known of the whole. */
export interface OpenFile extends StoredFile {
  body: ReadableStream;
}

/** From `offset` on, `length` bytes, all inside the file. */
export interface ByteRange {
  offset: number;
  length: number;
}

/** `there`: another try has written the file already, and this one has changed nothing. */
export type WriteOutcome = "written" | "there";

/** Where copies of results are kept, by the ids of their files. All that is ever written under an id is the same result. */
export interface FileStore {
  /** Null: it is not there. */
  head(fileId: string): Promise<StoredFile | null>;
  /** The whole file, or a part of it; null: it is not there. */
  read(fileId: string, range: ByteRange | null): Promise<OpenFile | null>;
  /**
   * Streams a file in, unless there is one already. `length`: of the body; null: not known. A store may ask first and write
   * then: of two writes that end in the same moment the later one may replace the file of the other.
   * @throws Error if the body or the store breaks off: then this write has stored nothing, and another one's file stays
   */
  write(
    fileId: string,
    contentType: MediaType,
    body: ReadableStream<Uint8Array>,
    length: number | null,
  ): Promise<WriteOutcome>;
  /** Does nothing if it is not there. @throws Error if the store does not answer */
  delete(fileId: string): Promise<void>;
}
