/** Sent as `user-agent: Ringback/<version>`; a test holds it to package.json. */
export const RINGBACK_VERSION = "0.2.0";
