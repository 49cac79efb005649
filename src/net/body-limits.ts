/** In a module of its own, so that a test need not wait for them, nor fill a machine's memory. */
export const BODY_LIMITS = {
  /** An isolate has 128 MB; a request's bytes are held up to three times (read, forwarded, handed to the object). */
  inHandMaxBytes: 50_331_648,
  /** The bodies of one client address, half of that: an upload that does not end must not keep everybody else out. */
  addressMaxBytes: 25_165_824,
  /** A body up to this size is small. */
  smallMaxBytes: 65_536,
  /** What larger ones leave free of both, so that small ones get in whatever large ones are in hand. */
  smallReserveBytes: 4_194_304,
  /** How long a body may take to arrive. */
  arrivalMs: 30_000,
  /** No request holds its body longer: it arrives, its key is asked about, it is submitted, and asked about once more. */
  heldMaxMs: 180_000,
};
