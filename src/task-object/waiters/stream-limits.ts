/** A file of their own, so that a test can put shorter ones in its place: they are no settings. */
export const STREAM_LIMITS = {
  /** Often enough for proxies, which drop a silent connection after 30 s or more. */
  heartbeatMs: 15_000,
  /** Then the listener reconnects, so that no forgotten stream stays open for ever. */
  lengthMs: 600_000,
  /** How soon it reconnects. */
  retryMs: 1_000,
};
