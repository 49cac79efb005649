import { BODY_LIMITS } from "./body-limits.ts";
import { readBytes, type ReadResult } from "./read-bytes.ts";

export interface IncomingBody {
  stream: ReadableStream<Uint8Array> | null;
  /** What its client says that the length is; 0: nothing. */
  declaredBytes: number;
  maxBytes: number;
  /** Whose it is; null: that is not known. */
  client: string | null;
  /** How much a byte of it counts; 1 unless it grows while it is read. */
  weight?: number;
}

export type CountedResult<T> =
  | { end: "complete"; value: T }
  | { end: Exclude<ReadResult["end"], "complete"> };

/** Request bytes that this isolate holds now: in all, and those of each client address. */
let inHandBytes = 0;
const bytesByClient = new Map<string, number>();

/** Reads a body, counts it as in hand while `use` runs, and gives up on it where it is too large, too slow or too much. */
export async function withCountedBody<T>(
  body: IncomingBody,
  use: (bytes: Uint8Array) => Promise<T>,
): Promise<CountedResult<T>> {
  const { stream, maxBytes, declaredBytes } = body;
  const reservation = reserveMemory(body);
  try {
    const { end, bytes } = await readBytes(stream, maxBytes, {
      tryReserve: reservation.tryReserve,
      timeoutMs: BODY_LIMITS.arrivalMs,
      expectedBytes: declaredBytes,
    });
    return end === "complete" ? { end, value: await use(bytes) } : { end };
  } finally {
    reservation.release();
  }
}

/**
 * The largest body of one client address: what is large leaves the reserve of the address's half free. A larger one could
 * not arrive even alone.
 */
export function largestBodyBytes(weight = 1): number {
  return Math.floor((BODY_LIMITS.addressMaxBytes - BODY_LIMITS.smallReserveBytes) / weight);
}

/**
 * Counts a body as it arrives: a length that is only promised takes no memory. A client whose address is not known has
 * no share of its own: all others without one would have it, too.
 */
function reserveMemory({ client, declaredBytes, weight = 1 }: IncomingBody): {
  tryReserve: (bytes: number) => boolean;
  release: () => void;
} {
  const { inHandMaxBytes, addressMaxBytes, smallMaxBytes, smallReserveBytes } = BODY_LIMITS;
  let arrived = 0;
  let reservedBytes = 0;
  const count = (bytes: number): void => {
    inHandBytes += bytes;
    reservedBytes += bytes;
    if (client === null) return;
    const held = (bytesByClient.get(client) ?? 0) + bytes;
    if (held > 0) bytesByClient.set(client, held);
    else bytesByClient.delete(client);
  };
  return {
    tryReserve: (chunkBytes) => {
      arrived += chunkBytes;
      const bytes = Math.ceil(arrived * weight) - reservedBytes;
      const isSmall = Math.max(arrived, declaredBytes) <= smallMaxBytes;
      const spareBytes = isSmall ? 0 : smallReserveBytes;
      const held = client === null ? 0 : (bytesByClient.get(client) ?? 0);
      if (inHandBytes + bytes > inHandMaxBytes - spareBytes) return false;
      if (held + bytes > addressMaxBytes - spareBytes) return false;
      count(bytes);
      return true;
    },
    release: () => count(-reservedBytes),
  };
}
