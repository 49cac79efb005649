/**
 * How a body ended: `complete`, `capped` (longer than asked for, or out of time; the rest cancelled), `refused`
 * (no room for it; cancelled) or `broken`.
 */
export interface ReadResult {
  bytes: Uint8Array;
  end: "complete" | "capped" | "refused" | "broken";
}

export interface ReadOptions {
  /** When it settles, what has come is the result. */
  until?: Promise<void>;
  /** Asked for each chunk before it is kept. */
  admit?: (bytes: number) => boolean;
}

/**
 * Reads a body up to a cap and gives the connection back. The cap counts decompressed bytes, so a small answer that
 * unpacks to gigabytes stops at the cap; a body that never ends is ended by the `AbortSignal` of its fetch, or by `until`.
 */
export async function readBytes(
  body: ReadableStream<Uint8Array> | null,
  capBytes: number,
  { until, admit }: ReadOptions = {},
): Promise<ReadResult> {
  if (body === null) return { bytes: new Uint8Array(0), end: "complete" };
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stopped = until?.then(() => "stopped" as const);
  const end = async (): Promise<ReadResult["end"]> => {
    for (;;) {
      const next = reader.read().catch(() => "broken" as const);
      const read = await (stopped ? Promise.race([next, stopped]) : next);
      if (read === "broken") return "broken";
      if (read === "stopped") return "capped";
      if (read.done) return "complete";
      const room = capBytes - length;
      const chunk = read.value.subarray(0, room);
      if (admit && !admit(chunk.byteLength)) return "refused";
      chunks.push(chunk);
      length += chunk.byteLength;
      if (read.value.byteLength > room) return "capped";
    }
  };
  const how = await end();
  // The other side may be gone already; there is nobody left to tell.
  if (how === "capped" || how === "refused") reader.cancel().catch(() => undefined);
  return { bytes: join(chunks, length), end: how };
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const only = chunks[0];
  if (chunks.length === 1 && only) return only;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
