import type { EndpointRules } from "../domain/delivery/endpoint-policy.ts";
import type { UpstreamAccess } from "../upstream/provider.ts";

/** Where a result comes from. */
export interface Source {
  url: string;
  /** Its own origin is no foreign receiver, and alone may see the key. */
  upstream: Pick<UpstreamAccess, "profile"> & { origin: string; apiKey: string | null };
  /** What every other source must fit. */
  rules: EndpointRules;
}

/** One try to copy a result. */
export interface CopyOrder extends Source {
  fileId: string;
  maxBytes: number;
  /** Epoch milliseconds: the try ends by then. */
  until: number;
  /** Ends the try at once: the file is not wanted any more. */
  signal: AbortSignal;
}
