import type { FileReason, MediaType } from "../contract/words.ts";
import { mediaType, namedType, SNIFF_BYTES } from "../domain/files/media-type.ts";
import { copyFailed, type CopyOutcome } from "../domain/task/keep.ts";
import { discardBody } from "../net/discard.ts";
import { announcedBytes } from "../net/read-bytes.ts";
import { wait } from "../net/wait.ts";
import { CopySlots } from "./copy-slots.ts";
import type { CopyOrder } from "./order.ts";
import { openSource } from "./source.ts";
import { streamIn } from "./stream-in.ts";
import type { FileStore } from "./store.ts";
import { TryTime } from "./try-time.ts";

/** Each may hold a part of 5 MiB, and an isolate has 128 MB for all that it does. */
const COPIES_MAX = 4;
const ASK_AGAIN_MS = 200;
/**
 * A source that sends no header or no byte for so long ends the try: a next one may find a host that answers, and others
 * have the place meanwhile. A slow source that goes on sending has the whole patience.
 */
const SILENCE_MS = 15_000;

const slots = new CopySlots(COPIES_MAX);

/** Copies a result into the store; if it is there already, it is kept. Never throws: what fails is a result. */
export async function copyResult(
  store: FileStore | null,
  order: CopyOrder,
  silenceMs = SILENCE_MS,
): Promise<CopyOutcome> {
  if (store === null) return copyFailed("storage");
  const known = await keptAlready(store, order);
  if (known !== null) return known;
  if (!(await takeSlot(order))) return copyFailed("timeout");
  const time = new TryTime(order.until - Date.now(), silenceMs, order.signal);
  try {
    return await copy(store, order, time);
  } finally {
    time.clear();
    slots.giveBack(order);
  }
}

/** Null: it is not there. */
async function keptAlready(store: FileStore, { fileId }: CopyOrder): Promise<CopyOutcome | null> {
  try {
    const known = await store.head(fileId);
    return known && { kind: "kept", ...known };
  } catch {
    return copyFailed("storage");
  }
}

/** False: the time of the copy is over, or its file is not wanted any more. */
async function takeSlot(order: CopyOrder): Promise<boolean> {
  for (;;) {
    const leftMs = order.signal.aborted ? 0 : order.until - Date.now();
    if (leftMs > 0 && slots.tryTake(order, Date.now())) return true;
    if (leftMs <= 0) {
      slots.giveBack(order);
      return false;
    }
    await wait(Math.min(ASK_AGAIN_MS, leftMs));
  }
}

async function copy(store: FileStore, order: CopyOrder, time: TryTime): Promise<CopyOutcome> {
  const source = await openSource(order, time);
  if (source.kind === "failed") return source;
  const { response } = source;
  const reason = refusal(response, order.maxBytes);
  if (reason !== null || response.body === null) {
    discardBody(response);
    return copyFailed(reason ?? "not_media");
  }
  const named = response.headers.get("content-type");
  const outcome = await streamIn(
    store,
    {
      fileId: order.fileId,
      body: response.body,
      length: announcedBytes(response) || null,
      maxBytes: order.maxBytes,
      typeOf: (bytes): MediaType | null => mediaType(named, bytes.subarray(0, SNIFF_BYTES)),
    },
    time,
  );
  // What is there and cannot be read is not a file of Ringback's, or is deleted already.
  if (outcome.kind === "there") return (await keptAlready(store, order)) ?? copyFailed("storage");
  return outcome;
}

/** The runtime unpacks these by itself; what is packed in another way would be kept as it is. */
const UNPACKED = new Set(["", "identity", "gzip", "br"]);

/** Why nothing of an answer needs to be read; null: it may be a result. */
function refusal(response: Response, maxBytes: number): FileReason | null {
  const encoding = response.headers.get("content-encoding") ?? "";
  const isMedia = namedType(response.headers.get("content-type")) !== null;
  if (!isMedia || !UNPACKED.has(encoding.trim().toLowerCase())) return "not_media";
  return announcedBytes(response) > maxBytes ? "too_large" : null;
}
