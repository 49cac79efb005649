import { env } from "cloudflare:workers";
import { inject } from "vitest";
import type { CopyOutcome } from "../../../src/domain/task/keep.ts";
import { fileStore } from "../../../src/files/bound.ts";
import { copyResult } from "../../../src/files/copy.ts";
import type { CopyOrder } from "../../../src/files/order.ts";
import type { FileStore } from "../../../src/files/store.ts";
import { randomName } from "../../../src/keys/ids.ts";
import { aio } from "../../../src/profiles/built-in/aio.ts";

/** Tries to copy results, from real sources on loopback into a real (simulated) bucket. */

declare module "vitest" {
  interface ProvidedContext {
    /** Origins of two servers, `test/support/sources/source-server.ts`. */
    sources: { upstream: string; foreign: string };
  }
}

export const MIB = 1_048_576;
export const { upstream, foreign } = inject("sources");
export const bucket = (env as unknown as { RESULTS: R2Bucket }).RESULTS;
export const store = stored();

function stored(): FileStore {
  const found = fileStore(env);
  if (found === null) throw new Error("RESULTS is not bound");
  return found;
}

interface Seen {
  url: string;
  headers: Record<string, string>;
  left: boolean;
}

export function orderOf(path: string, changes: Partial<CopyOrder> = {}): CopyOrder {
  return {
    fileId: randomName(),
    url: new URL(path, `${foreign}/`).href,
    upstream: { origin: upstream, apiKey: null, profile: aio },
    rules: { allowPrivate: true, ownHosts: [] },
    maxBytes: 64 * MIB,
    until: Date.now() + 15_000,
    signal: new AbortController().signal,
    ...changes,
  };
}

export async function digestOf(fileId: string): Promise<string> {
  const file = await store.read(fileId, null);
  const digest = await crypto.subtle.digest("SHA-256", await new Response(file?.body).arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function honestDigest(size: number): Promise<string> {
  return (await fetch(`${foreign}/digest?size=${size}`)).text();
}

export async function seen(origin: string, mark: string): Promise<Seen[]> {
  return (await fetch(`${origin}/seen?mark=${mark}`)).json();
}

/** What a try came to, and what is in the bucket after it. */
export async function tryOf(order: CopyOrder): Promise<{ result: CopyOutcome; stored: R2Object | null }> {
  return { result: await copyResult(store, order), stored: await bucket.head(order.fileId) };
}

/** A try that failed, with nothing left of it. */
export function failure(reason: string): unknown {
  return { result: { kind: "failed", reason }, stored: null };
}
