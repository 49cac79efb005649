import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { app } from "../../../src/app.ts";
import { fileStore } from "../../../src/files/bound.ts";
import { randomName } from "../../../src/keys/ids.ts";

/** One kept file, and calls for it. */

export const BYTES = Uint8Array.from({ length: 1_000 }, (_, index) => index % 251);
export const ID = randomName();
export const PATH = `/v1/files/${ID}.mp4`;
export const ETAG = `"${ID}"`;

/** Puts the file into the bucket. */
export async function keepFile(): Promise<void> {
  const body = new Response(BYTES).body as ReadableStream<Uint8Array>;
  await fileStore(env)?.write(ID, "video/mp4", body, BYTES.byteLength);
}

export async function ask(
  path: string,
  init: RequestInit = {},
  changes: object = {},
): Promise<{ status: number; headers: Headers; bytes: Uint8Array }> {
  const request = new Request(`https://ringback.example.com${path}`, init);
  const response = await app.fetch(request, { ...env, ...changes }, createExecutionContext());
  const { status, headers } = response;
  return { status, headers, bytes: new Uint8Array(await response.arrayBuffer()) };
}

export async function get(headers: Record<string, string>, method = "GET"): ReturnType<typeof ask> {
  return ask(PATH, { method, headers });
}

export function errorIn(bytes: Uint8Array): {
  code: string;
  message: string;
  request_id: string;
  param?: string;
} {
  return (JSON.parse(new TextDecoder().decode(bytes)) as { error: ReturnType<typeof errorIn> }).error;
}

/** Status and code of a refusal. */
export async function refusal(asked: ReturnType<typeof ask>): Promise<string> {
  const { status, bytes } = await asked;
  return `${status} ${errorIn(bytes).code}`;
}

export const OPEN = {
  "access-control-allow-origin": "*",
  "content-security-policy": "sandbox; default-src 'none'",
  "cross-origin-resource-policy": "cross-origin",
  "x-content-type-options": "nosniff",
};

export const REQUEST_ID = { "x-request-id": expect.stringMatching(/^req_[a-z2-7]{24}$/) };

/** The headers of every answer that has bytes of it, beside those about their count. */
export const SHOWN = {
  ...OPEN,
  ...REQUEST_ID,
  "accept-ranges": "bytes",
  "cache-control": "private, max-age=3600",
  "content-disposition": "inline",
  "content-type": "video/mp4",
  etag: ETAG,
};
