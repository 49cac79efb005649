import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  rotated,
  versionsInForce,
  type SigningVersion,
} from "../../../../src/domain/account/signing-versions.ts";
import { T0 } from "../../../support/builders.ts";

const HOUR_MS = 3_600_000;
const FIRST: SigningVersion[] = [{ version: 1, expiresAt: null }];

describe("a rotation", () => {
  it("lets the current secret sign on for its overlap, and leaves earlier overlaps as they are", () => {
    const once = rotated(FIRST, T0, 24 * HOUR_MS) ?? [];
    expect(once).toEqual([
      { version: 2, expiresAt: null },
      { version: 1, expiresAt: T0 + 24 * HOUR_MS },
    ]);
    expect(rotated(once, T0 + 1000, HOUR_MS)).toEqual([
      { version: 3, expiresAt: null },
      { version: 2, expiresAt: T0 + 1000 + HOUR_MS },
      { version: 1, expiresAt: T0 + 24 * HOUR_MS },
    ]);
  });

  it("leaves three previous ones at most", () => {
    let versions = FIRST;
    for (let round = 0; round < 3; round++) versions = rotated(versions, T0, HOUR_MS) ?? [];
    expect(versions).toHaveLength(4);
    expect(rotated(versions, T0, HOUR_MS)).toBeNull();
    expect(rotated(versions, T0 + HOUR_MS, HOUR_MS)).toHaveLength(2);
  });

  it("without overlap ends every older secret at once, however long it was to sign, and is never refused", () => {
    const overlap = fc.integer({ min: 1, max: 604_800_000 });
    fc.assert(
      fc.property(
        fc.array(overlap, { maxLength: 3 }),
        fc.integer({ min: 0, max: 1000 }),
        (overlaps, later) => {
          const before = overlaps.reduce<SigningVersion[]>(
            (known, ms) => rotated(known, T0, ms) ?? known,
            FIRST,
          );
          const newest = Math.max(...before.map(({ version }) => version));
          const after = rotated(before, T0 + later, 0);
          expect(after).toEqual([{ version: newest + 1, expiresAt: null }]);
          expect(versionsInForce(after ?? [], T0 + later)).toEqual(after);
        },
      ),
    );
  });
});
