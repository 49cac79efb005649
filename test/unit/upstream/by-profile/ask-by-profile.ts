import { vi } from "vitest";
import type { PollAnswer, SubmitAnswer } from "../../../../src/domain/task/upstream-answer.ts";
import type { Profile } from "../../../../src/profiles/schema.ts";
import { httpUpstream } from "../../../../src/upstream/http-upstream.ts";

/** Creates and polls by a profile, as raw HTTP, and what a poll comes to. */

export const KEY = "sk-0123456789abcdef";
export const U = "https://cdn.example/v.mp4";

interface Sent {
  url: string;
  method: string | undefined;
  headers: Record<string, string>;
  body: unknown;
}

/** What was sent; each test begins without. */
export const sent: Sent[] = [];

export interface Raw {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

function answerWith({ status = 200, body = {}, headers = {} }: Raw): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const { method, body: request } = init;
    const bytes = request instanceof Uint8Array ? new TextDecoder().decode(request) : request;
    sent.push({ url, method, headers: init.headers as Record<string, string>, body: bytes });
    return new Response(text, { status, headers });
  });
}

/** A profile of one's own, with what a test is about. */
export function custom(read: Profile["read"], more: Partial<Profile> = {}): Profile {
  return {
    base_url: "https://video.example/api",
    auth: { header: "x-key" },
    create: { paths: ["/jobs"] },
    poll: { method: "GET", path: "/jobs/{id}" },
    ...(read === undefined ? {} : { read }),
    ...more,
  };
}

interface Asked {
  profile: Profile;
  createPath?: string | null;
  taskIds?: string[] | null;
  requestDigests?: string[];
}

function upstream({ profile, createPath = null, taskIds = null, requestDigests = [] }: Asked) {
  const baseUrl = profile.base_url ?? "https://gateway.example";
  const access = { baseUrl, apiKey: KEY, timeoutMs: 1000, profile };
  return httpUpstream(access, { taskIds, requestDigests, createPath });
}

export async function submit(asked: Asked, raw: Raw): Promise<SubmitAnswer> {
  answerWith(raw);
  return upstream(asked).submit(new TextEncoder().encode('{"prompt":"a"}'));
}

export async function poll(asked: Asked, id: string, raw: Raw): Promise<PollAnswer> {
  answerWith(raw);
  return upstream({ taskIds: [id], ...asked }).poll(id);
}

export function queued(progress: number | null = null) {
  return { kind: "read", reading: { status: "queued", progress } };
}

export function running(progress: number | null = null) {
  return { kind: "read", reading: { status: "running", progress } };
}

export function succeeded(url: string = U, needsKey = false) {
  return {
    kind: "read",
    reading: { status: "succeeded", isAmbiguous: false, result: { url, containsKey: false, needsKey } },
  };
}

export function failed(errorMessage: string | null) {
  return { kind: "read", reading: { status: "failed", isAmbiguous: false, errorMessage } };
}

export const PENDING = { kind: "read", isPending: true, reading: { status: null, word: null, result: null } };
export const NOT_FOUND = { kind: "not_found" };
