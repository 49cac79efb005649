import type { Receiver } from "../../domain/delivery/delivery.ts";
import { sealText, unsealText } from "../../keys/seal-text.ts";

/** The receiver of a recovery with its headers, sealed for the store and bound to the recovery's id. */

type Roots = readonly [string, ...string[]];

const PURPOSE = "recovery target";

/** As base64. */
export async function sealTarget(roots: Roots, id: string, target: Receiver): Promise<string> {
  return sealText(roots[0], { task: id, purpose: PURPOSE }, JSON.stringify(target));
}

/** @throws SealError */
export async function openTarget(roots: Roots, id: string, text: string): Promise<Receiver> {
  return JSON.parse(await unsealText(roots, { task: id, purpose: PURPOSE }, text)) as Receiver;
}
