import { DurableObject } from "cloudflare:workers";
import type { SigningVersion } from "../domain/task.ts";

/** What one caller sees. For now: the versions of its signing secret. */
export class AccountObject extends DurableObject<Env> {
  /** The versions that sign, newest first. An account that never rotated has the first one and stores nothing. */
  signingVersions(): readonly SigningVersion[] {
    return [{ version: 1, expiresAt: null }];
  }
}
