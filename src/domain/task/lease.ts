/** A lease outlives the time limit of its call by this, so that a live call never counts as dead. */
export const LEASE_MARGIN_MS = 5_000;
