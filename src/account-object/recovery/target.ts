import type { Receiver } from "../../domain/delivery/delivery.ts";
import { base64Bytes } from "../../domain/text/base64.ts";
import { seal, unseal } from "../../keys/seal.ts";

/** The receiver of a recovery with its headers, sealed for the store and bound to the recovery's id. */

type Roots = readonly [string, ...string[]];

const PURPOSE = "recovery target";

/** As base64. */
export async function sealTarget(roots: Roots, id: string, target: Receiver): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(target));
  const sealed = await seal(roots[0], { task: id, purpose: PURPOSE }, bytes);
  return new TextDecoder().decode(base64Bytes(sealed));
}

/** @throws SealError */
export async function openTarget(roots: Roots, id: string, text: string): Promise<Receiver> {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const opened = await unseal(roots, { task: id, purpose: PURPOSE }, bytes);
  return JSON.parse(new TextDecoder().decode(opened)) as Receiver;
}
