import { BODY_LIMITS } from "./body-limits.ts";
import { readBytes, type ReadResult } from "./read-bytes.ts";

interface IncomingBody {
  stream: ReadableStream<Uint8Array> | null;
  /** The length that the client announces; 0: none. */
  declaredBytes: number;
  maxBytes: number;
  /** The client's address; null: unknown. */
  client: string | null;
  /** How much a byte of it counts; 1 unless it grows while it is read. */
  weight?: number;
}

export type CountedResult<T> =
  | { end: "complete"; value: T }
  | { end: Exclude<ReadResult["end"], "complete"> };

/** The bytes of one body now, each times its weight. */
interface Held {
  client: string | null;
  bytes: number;
  /**
   * A request that still holds it by then is gone: the runtime may never resume a request whose client disconnected.
   */
  deadAt: number;
}

/** The bodies that this isolate holds now. */
const inHand = new Set<Held>();

/**
 * Reads a body, counts its memory while `use` runs, and stops when the body is too large, too slow, or needs more
 * memory than is free.
 */
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
 * The largest body of one client address: a large body leaves the reserve of the address's half free, so a larger one
 * could not be read even alone.
 */
export function largestBodyBytes(weight = 1): number {
  return Math.floor((BODY_LIMITS.addressMaxBytes - BODY_LIMITS.smallReserveBytes) / weight);
}

/**
 * Counts a body as it arrives: an announced length takes no memory. Clients without a known address have no share of
 * their own: all of them together would be one client.
 */
function reserveMemory({ client, declaredBytes, weight = 1 }: IncomingBody): {
  tryReserve: (bytes: number) => boolean;
  release: () => void;
} {
  const { inHandMaxBytes, addressMaxBytes, smallMaxBytes, smallReserveBytes, heldMaxMs } = BODY_LIMITS;
  const mine: Held = { client, bytes: 0, deadAt: Date.now() + heldMaxMs };
  inHand.add(mine);
  let arrived = 0;
  return {
    tryReserve: (chunkBytes) => {
      arrived += chunkBytes;
      const bytes = Math.ceil(arrived * weight) - mine.bytes;
      const isSmall = Math.max(arrived, declaredBytes) <= smallMaxBytes;
      const spareBytes = isSmall ? 0 : smallReserveBytes;
      const held = heldBytes(client);
      if (held.inAll + bytes > inHandMaxBytes - spareBytes) return false;
      if (client !== null && held.byClient + bytes > addressMaxBytes - spareBytes) return false;
      mine.bytes += bytes;
      return true;
    },
    release: () => void inHand.delete(mine),
  };
}

/** Added up again for each chunk: there are few bodies at a time, and most come in one chunk. */
function heldBytes(client: string | null): { inAll: number; byClient: number } {
  const now = Date.now();
  let inAll = 0;
  let byClient = 0;
  for (const held of inHand) {
    if (held.deadAt <= now) inHand.delete(held);
    else {
      inAll += held.bytes;
      if (held.client === client) byClient += held.bytes;
    }
  }
  return { inAll, byClient };
}
