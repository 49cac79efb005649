/** A version of an account's signing secret, and until when it signs (null: without end). Instants are epoch ms. */
export interface SigningVersion {
  version: number;
  expiresAt: number | null;
}

/** An account that has never rotated. */
export const FIRST_VERSION: readonly SigningVersion[] = [{ version: 1, expiresAt: null }];

/** Old secrets that may sign beside the current one. */
const PREVIOUS_MAX = 3;

/** Those that sign at `now`, newest first. */
export function versionsInForce(versions: readonly SigningVersion[], now: number): SigningVersion[] {
  const inForce = versions.filter(({ expiresAt }) => expiresAt === null || expiresAt > now);
  return inForce.toSorted((a, b) => b.version - a.version);
}

/**
 * A new secret; the current one signs on for `overlapMs`. No overlap is the answer to a leak: it ends those under an
 * earlier overlap, too. Null if that would leave more than three previous ones. Version numbers only grow, so no old
 * secret ever comes back.
 */
export function rotated(
  versions: readonly SigningVersion[],
  now: number,
  overlapMs: number,
): SigningVersion[] | null {
  const inForce = overlapMs === 0 ? [] : versionsInForce(versions, now);
  const newest = Math.max(...versions.map(({ version }) => version));
  const aged = inForce.map(({ version, expiresAt }): SigningVersion => ({
    version,
    expiresAt: expiresAt ?? now + overlapMs,
  }));
  const previous = versionsInForce(aged, now);
  if (previous.length > PREVIOUS_MAX) return null;
  return [{ version: newest + 1, expiresAt: null }, ...previous];
}
