import { env, exports } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { nameInTaskId } from "../../../src/domain/task/task-id.ts";

/** The Worker and its objects in workerd, with a fake network around them: what goes out, and how it is answered. */

export interface Wire {
  method: string;
  url: string;
  body: string;
  headers: Headers;
  /** Aborts when the caller of `fetch` wants no answer any more. */
  signal: AbortSignal;
}

type Answer = (call: Wire) => Promise<Response> | Response;

export const RECEIVER = "http://receiver.test/hook";
/** Where a recovery, or one redelivery, may go instead. */
export const ELSEWHERE = "http://elsewhere.test/hook";
/** Of registered endpoints. */
export const ENDPOINT_A = "http://endpoint-a.test/hook";
export const ENDPOINT_B = "http://endpoint-b.test/hook";
/** Where an upstream keeps its results. */
export const SOURCES = "https://cdn.test/";
/** A value of a header that goes there. */
export const HEADER_ELSEWHERE = "a header of another receiver";
/** Whose key the calls carry. Each test has its own: what another test's objects still have on their way is not this one's. */
export const caller = {
  key: "sk-own-key",
  get authorization(): string {
    return `Bearer ${this.key}`;
  },
};

/** What the network was asked, in order, and how it answers; a test replaces `answer`. */
export const network: { calls: Wire[]; answer: Answer } = { calls: [], answer: upstream() };

/** Before each test: a caller of its own, an empty log, and an upstream and a receiver that do their part. */
export function fakeNetwork(): void {
  caller.key = `sk-${crypto.randomUUID()}`;
  network.calls.length = 0;
  network.answer = upstream();
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const outgoing = new Request(input, init);
    const { method, url, headers, signal } = outgoing;
    const call = { method, url, body: await outgoing.text(), headers, signal };
    network.calls.push(call);
    return network.answer(call);
  });
}

/** A result, as its source sends it. */
export function video(): Response {
  const bytes = new TextEncoder().encode("\0\0\0\x18ftypisom\0\0\x02\0isommp41");
  return new Response(bytes, { headers: { "content-type": "video/mp4" } });
}

/** The bucket of kept files, which the tests' configuration binds. */
export function resultsBucket(): R2Bucket {
  return (env as unknown as { RESULTS: R2Bucket }).RESULTS;
}

/** The ids of the files in the bucket. */
export async function bucketFiles(): Promise<string[]> {
  const { objects } = await resultsBucket().list();
  return objects.map(({ key }) => key);
}

/** One of those, or a path below it. */
export function isReceiver(url: string): boolean {
  return [RECEIVER, ELSEWHERE, ENDPOINT_A, ENDPOINT_B].some((known) => url.startsWith(known));
}

/** An upstream that accepts and has the video ready at the first poll, and a receiver that says yes. */
export function upstream(
  polls: object = { status: "succeeded", video_url: "https://cdn.test/v.mp4" },
): Answer {
  return (call) => {
    if (isReceiver(call.url)) return new Response("ok");
    if (call.url.endsWith("/models")) return Response.json({ data: [] });
    if (call.method === "POST") return Response.json({ task_id: "up-1", status: "queued" });
    return Response.json({ task_id: "up-1", ...polls });
  };
}

/**
 * No answer, ever. That a request is on the wire is seen by looking at `calls`: a promise resolved by the object would
 * go on in the object's own turn, and aborting it from there takes the runtime down.
 */
export async function hangs(): Promise<Response> {
  return new Promise(() => {});
}

export function submits(): Wire[] {
  return network.calls.filter(({ method, url }) => method === "POST" && url.endsWith("/videos"));
}

export function callbacks(): Wire[] {
  return network.calls.filter(({ url }) => url === RECEIVER);
}

/** What was sent to this URL. */
export function sentTo(to: string): Wire[] {
  return network.calls.filter(({ url }) => url === to);
}

export async function create(fields: object = {}, headers: Record<string, string> = {}): Promise<Response> {
  return exports.default.fetch("http://ringback.test/v1/videos", {
    method: "POST",
    headers: { authorization: caller.authorization, "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "m", prompt: "p", callback_url: RECEIVER, ...fields }),
  });
}

export interface TaskBody {
  task_id: string;
  status: string;
  error: { code: string } | null;
  callback: { status: string; attempts: number };
}

/** A create that is accepted; its task. */
export async function created(fields: object = {}, headers: Record<string, string> = {}): Promise<TaskBody> {
  const response = await create(fields, headers);
  expect(response.status).toBe(202);
  return response.json();
}

export async function request(method: string, path: string, fields?: object): Promise<Response> {
  return exports.default.fetch(`http://ringback.test${path}`, {
    method,
    headers: { authorization: caller.authorization, ...(fields && { "content-type": "application/json" }) },
    ...(fields && { body: JSON.stringify(fields) }),
  });
}

export async function read(id: string): Promise<TaskBody> {
  const response = await request("GET", `/v1/videos/${id}`);
  expect(response.status).toBe(200);
  return response.json();
}

export function stubOf(id: string) {
  return env.TASKS.get(env.TASKS.idFromName(nameInTaskId(id) ?? ""));
}

/** Waits until it is so; the objects work by themselves meanwhile. */
export async function until<T>(ask: () => Promise<T> | T, ready: (value: T) => boolean): Promise<T> {
  return vi.waitFor(
    async () => {
      const value = await ask();
      if (!ready(value)) throw new Error(`not yet: ${JSON.stringify(value)}`);
      return value;
    },
    { timeout: 10_000, interval: 20 },
  );
}
