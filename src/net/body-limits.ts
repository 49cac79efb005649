/** In a module of its own, so that a test can replace them, and need not wait or fill the machine's memory. */
export const BODY_LIMITS = {
  /** An isolate has 128 MB; a request's bytes are held up to three times (read, forwarded, handed to the object). */
  inHandMaxBytes: 50_331_648,
  /** The bodies of one client address, half of that: an upload that does not end must not exclude other clients. */
  addressMaxBytes: 25_165_824,
  /** A body up to this size is small. */
  smallMaxBytes: 65_536,
  /** The part of both that larger bodies leave free, so that small ones always fit. */
  smallReserveBytes: 4_194_304,
  /** How long a body may take to arrive. */
  arrivalMs: 30_000,
  /** No request holds its body longer: it arrives, Ringback asks about its key, submits it, and asks once more. */
  heldMaxMs: 180_000,
};
