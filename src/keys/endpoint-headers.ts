import type { Receiver } from "../domain/delivery/delivery.ts";
import { sealText, unsealText } from "./seal-text.ts";

/** The headers of a registered endpoint: the account seals them into `Endpoint.headers`, an attempt opens them. */

type Headers = Receiver["headers"];

function context(endpointId: string): { task: string; purpose: string } {
  return { task: endpointId, purpose: "endpoint headers" };
}

export async function sealEndpointHeaders(root: string, id: string, headers: Headers): Promise<string> {
  return sealText(root, context(id), JSON.stringify(headers));
}

/** @throws SealError */
export async function openEndpointHeaders(
  roots: readonly string[],
  id: string,
  sealed: string,
): Promise<Headers> {
  return JSON.parse(await unsealText(roots, context(id), sealed)) as Headers;
}
