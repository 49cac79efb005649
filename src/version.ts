/** Sent as `user-agent: Ringback/<version>`; a test compares it with package.json. */
export const RINGBACK_VERSION = "0.2.0";
