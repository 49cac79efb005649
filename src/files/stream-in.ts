import type { FileReason, MediaType } from "../contract/words.ts";
import { wait } from "../net/wait.ts";
import type { FileStore, StoredFile } from "./store.ts";
import type { TryTime } from "./try-time.ts";

/** What streams in, and the rules for it. */
interface Incoming {
  fileId: string;
  body: ReadableStream<Uint8Array>;
  /** In bytes; null: not known. */
  length: number | null;
  maxBytes: number;
  /** By the first bytes; null: it is not kept. */
  typeOf(firstBytes: Uint8Array): MediaType | null;
}

/** A read takes what has come: with so much room 20 MB from loopback were 127 reads, or 355 without a length. */
const CHUNK_BYTES = 262_144;
/** A store that was told to stop gets this long to take back what it has begun. */
const GIVE_UP_MS = 1_000;

type Reader = ReadableStreamBYOBReader;
type Writer = WritableStreamDefaultWriter<Uint8Array>;

/**
 * Streams a body into the store: all of it, or nothing is stored. The file, or why there is none; `there`: another try has
 * written it.
 */
export async function streamIn(
  store: FileStore,
  incoming: Incoming,
  time: TryTime,
): Promise<StoredFile | FileReason | "there"> {
  const { fileId, length } = incoming;
  const reader = incoming.body.getReader({ mode: "byob" });
  const first = await readChunk(reader, new Uint8Array(CHUNK_BYTES), time);
  if (typeof first === "string") return first;
  const contentType = first === null ? null : incoming.typeOf(first);
  if (first === null || contentType === null) {
    cancel(reader);
    return "not_media";
  }
  const { readable, writable } =
    length === null ? new IdentityTransformStream() : new FixedLengthStream(length);
  const writer: Writer = writable.getWriter();
  // A failure is seen where something is written.
  writer.closed.catch(() => undefined);
  const late = isAborted(time.signal);
  const stored = store.write(fileId, contentType, readable, length).catch(() => "storage" as const);
  const pumped = pump({ reader, writer, first }, incoming, time);
  // A store that fails does not read on, and one that hangs does not fail.
  const ended = stored.then(async (outcome) => (outcome === "written" ? pumped : outcome));
  const moved = await Promise.race([pumped, ended, late]);
  const outcome = typeof moved === "string" ? moved : await Promise.race([stored, late]);
  if (typeof moved === "number" && outcome === "written") return { bytes: moved, contentType };
  cancel(reader);
  writer.abort(new Error("the copy has ended")).catch(() => undefined);
  // A store that has the file may have stopped reading before it says so.
  const told = await Promise.race([stored, wait(GIVE_UP_MS)]);
  if (told === "there" || outcome === "there") return "there";
  return outcome === "written" ? "storage" : outcome;
}

/** Moves the body on, counted. How many bytes it had, or why it did not come to its end. */
async function pump(
  { reader, writer, first }: { reader: Reader; writer: Writer; first: Uint8Array },
  { length, maxBytes }: Incoming,
  time: TryTime,
): Promise<number | FileReason> {
  let bytes = 0;
  for (let chunk = first as Uint8Array | null; chunk !== null;) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return "too_large";
    if (bytes > (length ?? maxBytes)) return "connection";
    if (!(await isDone(writer.write(chunk)))) return "storage";
    // Written means taken: the next chunk comes in the same memory.
    const next = await readChunk(reader, new Uint8Array(chunk.buffer as ArrayBuffer), time);
    if (typeof next === "string") return next;
    chunk = next;
  }
  if (bytes < (length ?? 0)) return "connection";
  return (await isDone(writer.close())) ? bytes : "storage";
}

/** As much as `memory` holds, or what is left; null: the body has ended. */
async function readChunk(
  reader: Reader,
  memory: Uint8Array<ArrayBuffer>,
  time: TryTime,
): Promise<Uint8Array | FileReason | null> {
  let { buffer } = memory;
  let length = 0;
  try {
    while (length < buffer.byteLength) {
      const { value, done } = await time.next(reader.read(new Uint8Array(buffer, length)));
      if (value) buffer = value.buffer;
      if (done || !value || value.byteLength === 0) break;
      length += value.byteLength;
    }
    return length === 0 ? null : new Uint8Array(buffer, 0, length);
  } catch {
    // Cut off, reset, or out of time.
    return time.signal.aborted ? "timeout" : "connection";
  }
}

async function isDone(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

async function isAborted(signal: AbortSignal): Promise<"timeout"> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve("timeout");
    signal.addEventListener("abort", () => resolve("timeout"));
  });
}

function cancel(reader: Reader): void {
  // The source may be gone already; then there is nothing to cancel.
  reader.cancel().catch(() => undefined);
}
