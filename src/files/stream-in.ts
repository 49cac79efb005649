import type { MediaType } from "../contract/words.ts";
import { copyFailed, type CopyFailure, type CopyOutcome } from "../domain/task/keep.ts";
import { orAborted } from "../net/or-aborted.ts";
import { wait } from "../net/wait.ts";
import type { FileStore } from "./store.ts";
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

/** Streams a body into the store: all of it, or nothing is stored. `there`: another try has written it. */
export async function streamIn(
  store: FileStore,
  incoming: Incoming,
  time: TryTime,
): Promise<CopyOutcome | { kind: "there" }> {
  const { fileId, length } = incoming;
  const reader = incoming.body.getReader({ mode: "byob" });
  const first = await readChunk(reader, new Uint8Array(CHUNK_BYTES), time);
  if (first.kind === "failed") return first;
  const contentType = first.kind === "end" ? null : incoming.typeOf(first.bytes);
  if (first.kind === "end" || contentType === null) {
    cancel(reader);
    return copyFailed("not_media");
  }
  const { readable, writable } =
    length === null ? new IdentityTransformStream() : new FixedLengthStream(length);
  const writer: Writer = writable.getWriter();
  // A failure is seen where something is written.
  writer.closed.catch(() => undefined);
  const stored = store.write(fileId, contentType, readable, length).then(
    (kind) => ({ kind }),
    () => copyFailed("storage"),
  );
  const pumped = pump({ reader, writer, first: first.bytes }, incoming, time);
  // A store that fails does not read on, and one that hangs does not fail.
  const ended = stored.then(async (outcome) => (outcome.kind === "written" ? pumped : outcome));
  const late = copyFailed("timeout");
  const moved = await orAborted(Promise.race([pumped, ended]), time.signal, late);
  const outcome = moved.kind === "pumped" ? await orAborted(stored, time.signal, late) : moved;
  if (moved.kind === "pumped" && outcome.kind === "written")
    return { kind: "kept", bytes: moved.bytes, contentType };
  cancel(reader);
  writer.abort(new Error("the copy has ended")).catch(() => undefined);
  // A store that has the file may have stopped reading before it says so.
  const told = await Promise.race([stored, wait(GIVE_UP_MS)]);
  if (told?.kind === "there" || outcome.kind === "there") return { kind: "there" };
  return outcome.kind === "failed" ? outcome : copyFailed("storage");
}

/** Moves the body on, counted. How many bytes it had, or why it did not come to its end. */
async function pump(
  { reader, writer, first }: { reader: Reader; writer: Writer; first: Uint8Array },
  { length, maxBytes }: Incoming,
  time: TryTime,
): Promise<{ kind: "pumped"; bytes: number } | CopyFailure> {
  let bytes = 0;
  for (let chunk = first; ;) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return copyFailed("too_large");
    if (bytes > (length ?? maxBytes)) return copyFailed("connection");
    if (!(await isDone(writer.write(chunk)))) return copyFailed("storage");
    // Written means taken: the next chunk comes in the same memory.
    const next = await readChunk(reader, new Uint8Array(chunk.buffer as ArrayBuffer), time);
    if (next.kind === "failed") return next;
    if (next.kind === "end") break;
    chunk = next.bytes;
  }
  if (bytes < (length ?? 0)) return copyFailed("connection");
  return (await isDone(writer.close())) ? { kind: "pumped", bytes } : copyFailed("storage");
}

/** As much as `memory` holds, or what is left. */
async function readChunk(
  reader: Reader,
  memory: Uint8Array<ArrayBuffer>,
  time: TryTime,
): Promise<{ kind: "chunk"; bytes: Uint8Array } | { kind: "end" } | CopyFailure> {
  let { buffer } = memory;
  let length = 0;
  try {
    while (length < buffer.byteLength) {
      const { value, done } = await time.next(reader.read(new Uint8Array(buffer, length)));
      if (value) buffer = value.buffer;
      if (done || !value || value.byteLength === 0) break;
      length += value.byteLength;
    }
    return length === 0 ? { kind: "end" } : { kind: "chunk", bytes: new Uint8Array(buffer, 0, length) };
  } catch {
    // Cut off, reset, or out of time.
    return copyFailed(time.signal.aborted ? "timeout" : "connection");
  }
}

async function isDone(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

function cancel(reader: Reader): void {
  // The source may be gone already; then there is nothing to cancel.
  reader.cancel().catch(() => undefined);
}
