import type { FileReason, MediaType } from "../contract/words.ts";
import { mediaType, namedType, SNIFF_BYTES } from "../domain/files/media-type.ts";
import type { CopyResult } from "../domain/task/keep.ts";
import { discardBody } from "../net/discard.ts";
import { announcedBytes } from "../net/read-bytes.ts";
import { wait } from "../net/wait.ts";
import { CopySlots } from "./copy-slots.ts";
import type { CopyOrder } from "./order.ts";
import { openSource } from "./source.ts";
import { streamIn } from "./stream-in.ts";
import type { FileStore, StoredFile } from "./store.ts";
import { TryTime } from "./try-time.ts";

/** Each may hold two buffers of 5 MiB, and an isolate has 128 MB for all that it does. */
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
): Promise<CopyResult> {
  if (store === null) return failed("storage");
  const known = await keptAlready(store, order);
  if (known !== null) return known;
  if (!(await takeSlot(order))) return failed("timeout");
  const time = new TryTime(order.until - Date.now(), silenceMs, order.signal);
  try {
    return await copy(store, order, time);
  } finally {
    time.clear();
    slots.giveBack(order);
  }
}

/** Null: it is not there. */
async function keptAlready(store: FileStore, { fileId }: CopyOrder): Promise<CopyResult | null> {
  try {
    const known = await store.head(fileId);
    return known && kept(known);
  } catch {
    return failed("storage");
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

async function copy(store: FileStore, order: CopyOrder, time: TryTime): Promise<CopyResult> {
  const response = await openSource(order, time);
  if (typeof response === "string") return failed(response);
  const reason = refusal(response, order.maxBytes);
  if (reason !== null || response.body === null) {
    discardBody(response);
    return failed(reason ?? "not_media");
  }
  const named = response.headers.get("content-type");
  const result = await streamIn(
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
  if (result === "there") return (await keptAlready(store, order)) ?? failed("storage");
  return typeof result === "string" ? failed(result) : kept(result);
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

function kept({ bytes, contentType }: StoredFile): CopyResult {
  return { kind: "kept", bytes, contentType };
}

function failed(reason: FileReason): CopyResult {
  return { kind: "failed", reason };
}
