import { base64Bytes } from "../domain/text/base64.ts";
import { seal, unseal, type SealContext } from "./seal.ts";

/** Seals text under the current root secret, as base64: so that it can stand in a document. */
export async function sealText(root: string, context: SealContext, text: string): Promise<string> {
  const sealed = await seal(root, context, new TextEncoder().encode(text));
  return new TextDecoder().decode(base64Bytes(sealed));
}

/** What `sealText` has sealed. @throws SealError */
export async function unsealText(
  roots: readonly string[],
  context: SealContext,
  sealed: string,
): Promise<string> {
  const bytes = Uint8Array.from(atob(sealed), (letter) => letter.charCodeAt(0));
  return new TextDecoder().decode(await unseal(roots, context, bytes));
}
