import type { FileReason, MediaType } from "../contract/words.ts";
import { wait } from "../net/wait.ts";
import type { FileStore, StoredFile } from "./store.ts";

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

/** Large enough that a video of 512 MB takes 2,000 turns of the event loop, not 130,000. */
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
  signal: AbortSignal,
): Promise<StoredFile | FileReason | "there"> {
  const { fileId, length } = incoming;
  const reader = incoming.body.getReader({ mode: "byob" });
  const first = await readChunk(reader, new Uint8Array(CHUNK_BYTES), signal);
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
  const late = isAborted(signal);
  const stored = store.write(fileId, contentType, readable, length).catch(() => "storage" as const);
  const pumped = pump({ reader, writer, first }, incoming, signal);
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
  signal: AbortSignal,
): Promise<number | FileReason> {
  let bytes = 0;
  for (let chunk = first as Uint8Array | null; chunk !== null;) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return "too_large";
    if (bytes > (length ?? maxBytes)) return "connection";
    if (!(await isDone(writer.write(chunk)))) return "storage";
    // Written means taken: the next chunk comes in the same memory.
    const next = await readChunk(reader, new Uint8Array(chunk.buffer as ArrayBuffer), signal);
    if (typeof next === "string") return next;
    chunk = next;
  }
  if (bytes < (length ?? 0)) return "connection";
  return (await isDone(writer.close())) ? bytes : "storage";
}

/** As much as `memory` holds, or what is left; null: the body has ended. */
async function readChunk(
  reader: Reader,
  memory: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array | FileReason | null> {
  try {
    const { value, done } = await reader.readAtLeast(memory.byteLength, memory);
    return value && value.byteLength > 0 && !done ? value : null;
  } catch {
    // Cut off, reset, or out of time.
    return signal.aborted ? "timeout" : "connection";
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
