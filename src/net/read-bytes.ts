/**
 * How a body ended: `complete`, `capped` (longer than asked for), `late` (out of time), `refused` (no room for it),
 * each of these with the rest cancelled, or `broken`.
 */
export interface ReadResult {
  bytes: Uint8Array;
  end: "complete" | "capped" | "late" | "refused" | "broken";
}

interface ReadOptions {
  /** After this, what has come is the result. */
  timeoutMs?: number;
  /** Asked for each chunk before it is kept. */
  tryReserve?: (bytes: number) => boolean;
  /**
   * The length that the sender announces; 0: none. It takes memory only once half of it has arrived. With all of it
   * here the body is complete, because HTTP ends a body there.
   */
  expectedBytes?: number;
}

/**
 * Reads a body up to a cap and frees the connection. The cap counts decompressed bytes, so a small answer that unpacks
 * to gigabytes stops at the cap. The `AbortSignal` of its fetch, or `timeoutMs`, ends a body that never ends.
 */
export async function readBytes(
  body: ReadableStream<Uint8Array> | null,
  capBytes: number,
  { timeoutMs, tryReserve, expectedBytes = 0 }: ReadOptions = {},
): Promise<ReadResult> {
  if (body === null) return { bytes: new Uint8Array(0), end: "complete" };
  const reader = body.getReader();
  let bytes = new Uint8Array(0);
  let length = 0;
  let timer = null as ReturnType<typeof setTimeout> | null;
  const outOfTime =
    timeoutMs === undefined
      ? null
      : new Promise<"late">((resolve) => {
          timer = setTimeout(() => resolve("late"), timeoutMs);
        });
  const end = async (): Promise<ReadResult["end"]> => {
    for (;;) {
      const next = reader.read().catch(() => "broken" as const);
      const read = await (outOfTime ? Promise.race([next, outOfTime]) : next);
      if (read === "broken" || read === "late") return read;
      if (read.done) return "complete";
      const room = capBytes - length;
      const chunk = read.value.subarray(0, room);
      if (tryReserve && !tryReserve(chunk.byteLength)) return "refused";
      const needed = length + chunk.byteLength;
      if (needed > bytes.byteLength) bytes = grown(bytes, needed, Math.min(expectedBytes, capBytes));
      bytes.set(chunk, length);
      length = needed;
      if (read.value.byteLength > room) return "capped";
      // Asking for the end would be one more turn of the event loop.
      if (length === expectedBytes) return "complete";
    }
  };
  const how = await end().finally(() => {
    // An open timer keeps an object awake, and the platform bills that.
    if (timer !== null) clearTimeout(timer);
  });
  // The sender may be gone already; then there is nothing to cancel.
  if (how !== "complete" && how !== "broken") reader.cancel().catch(() => undefined);
  return { bytes: bytes.subarray(0, length), end: how };
}

/** The runtime reads a short uncompressed body of known length in one go: its frame ends it there. */
const SHORT_MAX_BYTES = 65_536;

export interface TextResult {
  text: string;
  end: ReadResult["end"];
}

/** How long an answer says that its body is; 0: nothing, or the body is packed. */
export function announcedBytes({ headers }: Response): number {
  return headers.has("content-encoding") ? 0 : Number(headers.get("content-length")) || 0;
}

/** The body of an answer to a fetch, as text. */
export async function readText(response: Response, capBytes: number): Promise<TextResult> {
  const announced = announcedBytes(response);
  if (announced > 0 && announced <= Math.min(SHORT_MAX_BYTES, capBytes)) {
    try {
      return { text: await response.text(), end: "complete" };
    } catch {
      return { text: "", end: "broken" };
    }
  }
  const { bytes, end } = await readBytes(response.body, capBytes);
  return { text: new TextDecoder().decode(bytes), end };
}

/** Room for `needed` bytes. Doubling keeps the copying linear; the last step is exactly the announced length. */
function grown(bytes: Uint8Array<ArrayBuffer>, needed: number, announced: number): Uint8Array<ArrayBuffer> {
  const doubled = Math.max(needed, 2 * bytes.byteLength, 1024);
  const larger = new Uint8Array(announced >= needed && announced <= doubled ? announced : doubled);
  larger.set(bytes);
  return larger;
}
