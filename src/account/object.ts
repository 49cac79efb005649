import { DurableObject } from "cloudflare:workers";
import { rotated, versionsInForce, type SigningVersion } from "../domain/signing-versions.ts";
import { AccountStore } from "./store.ts";

/** What one caller sees. For now: the versions of its signing secret. */
export class AccountObject extends DurableObject<Env> {
  readonly #store: AccountStore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new AccountStore(ctx.storage);
  }

  /** The versions that sign now, newest first. */
  signingVersions(): SigningVersion[] {
    return versionsInForce(this.#store.signingVersions(), Date.now());
  }

  /** Makes a new secret and gives the versions in force; null if three previous ones still sign. */
  rotate(overlapMs: number): SigningVersion[] | null {
    const versions = rotated(this.#store.signingVersions(), Date.now(), overlapMs);
    if (versions !== null) this.#store.writeSigningVersions(versions);
    return versions;
  }
}
