/** Settings: honest answers take their time on a busy machine. */
export const PATIENT = { UPSTREAM_TIMEOUT_SECONDS: "10", CALLBACK_TIMEOUT_SECONDS: "10" };
