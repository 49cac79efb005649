import { env } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import type { CopyOutcome } from "../../../src/domain/task/keep.ts";
import { fileStore } from "../../../src/files/bound.ts";
import { copyResult } from "../../../src/files/copy.ts";
import type { CopyOrder } from "../../../src/files/order.ts";
import type { FileStore } from "../../../src/files/store.ts";
import { randomName } from "../../../src/keys/ids.ts";
import { wait } from "../../../src/net/wait.ts";

/*
 * One try to copy a result, from real sources on loopback into a real (simulated) bucket.
 *
 * scenario                                       requirement
 * with and without a length, packed              contract, Kept files: byte for byte
 * a source that names no type, or a lying one    by the first bytes; else the source is believed
 * HTML, SVG, an empty or strangely packed body   `not_media`, nothing stored
 * larger than may be, announced or not           `too_large`, nothing stored
 * cut off, broken, silent, slow, endless         nothing stored, and the source is left
 * redirects                                      judged on each hop, three at most; the key stays at the upstream
 * a source that falls silent, a slow one         only silence ends a try early; it gives its place to the next one
 * a store that refuses, or hangs                 `storage`, `timeout`
 * the file is there                              kept, without a second fetch
 * another try writes it meanwhile                kept
 */

declare module "vitest" {
  interface ProvidedContext {
    /** Origins of two servers, `test/support/sources/source-server.ts`. */
    sources: { upstream: string; foreign: string };
  }
}

const MIB = 1_048_576;
const { upstream, foreign } = inject("sources");
const bucket = (env as unknown as { RESULTS: R2Bucket }).RESULTS;
const store = stored();

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

function orderOf(path: string, changes: Partial<CopyOrder> = {}): CopyOrder {
  return {
    fileId: randomName(),
    url: new URL(path, `${foreign}/`).href,
    upstream: { origin: upstream, apiKey: null },
    rules: { allowPrivate: true, ownHosts: [] },
    maxBytes: 64 * MIB,
    until: Date.now() + 15_000,
    signal: new AbortController().signal,
    ...changes,
  };
}

async function digestOf(fileId: string): Promise<string> {
  const file = await store.read(fileId, null);
  const digest = await crypto.subtle.digest("SHA-256", await new Response(file?.body).arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function honestDigest(size: number): Promise<string> {
  return (await fetch(`${foreign}/digest?size=${size}`)).text();
}

async function seen(origin: string, mark: string): Promise<Seen[]> {
  return (await fetch(`${origin}/seen?mark=${mark}`)).json();
}

/** What a try came to, and what is in the bucket after it. */
async function tryOf(order: CopyOrder): Promise<{ result: CopyOutcome; stored: R2Object | null }> {
  return { result: await copyResult(store, order), stored: await bucket.head(order.fileId) };
}

/** A try that failed, with nothing left of it. */
function failure(reason: string): unknown {
  return { result: { kind: "failed", reason }, stored: null };
}

describe("a copy", () => {
  it.each([
    { path: "/file", size: 1 },
    { path: "/file", size: 1_000 },
    { path: "/file", size: 262_144 },
    { path: "/file", size: 262_145 },
    { path: "/file", size: 7 * MIB + 3 },
    { path: "/chunked", size: 1_000 },
    { path: "/chunked", size: 5 * MIB },
    { path: "/chunked", size: 5 * MIB + 1 },
    { path: "/chunked", size: 10 * MIB + 5 },
    { path: "/gzip", size: 300_000 },
  ])("of $size bytes from $path is the file, byte for byte", async ({ path, size }) => {
    const order = orderOf(`${path}?size=${size}&type=video/mp4`);
    expect(await copyResult(store, order)).toEqual({ kind: "kept", bytes: size, contentType: "video/mp4" });
    expect(await store.head(order.fileId)).toEqual({ bytes: size, contentType: "video/mp4" });
    expect(await digestOf(order.fileId)).toBe(await honestDigest(size));
  });

  it.each(["/file?size=3000", "/chunked?size=3000", "/file?size=3000&type=binary/octet-stream"])(
    "from %s, which names no type, goes by its first bytes",
    async (path) => {
      expect(await copyResult(store, orderOf(path))).toEqual({
        kind: "kept",
        bytes: 3_000,
        contentType: "video/mp4",
      });
    },
  );

  it("believes a source that names a type", async () => {
    expect(await copyResult(store, orderOf("/text?type=video/webm"))).toMatchObject({
      kind: "kept",
      contentType: "video/webm",
    });
  });

  it("asks for the file unpacked, and tells the source nothing else", async () => {
    const mark = randomName();
    await copyResult(store, orderOf(`/file?mark=${mark}&type=video/mp4`));
    const [request] = await seen(foreign, mark);
    expect(request?.headers["accept-encoding"]).toBe("identity");
    expect(Object.keys(request?.headers ?? {}).toSorted()).toEqual(["accept-encoding", "cf-worker", "host"]);
  });

  it.each([
    "/html",
    "/svg",
    "/text?type=application/octet-stream",
    "/text",
    "/empty?type=video/mp4",
    "/empty",
    "/zstd?type=video/mp4",
    "/file?type=application/vnd.apple.mpegurl",
  ])("of %s is refused, because it is no media", async (path) => {
    expect(await tryOf(orderOf(path))).toEqual(failure("not_media"));
  });

  it.each([401, 403, 404, 410, 429, 500, 503, 204, 300, 304])("of an answer %i names it", async (status) => {
    expect(await tryOf(orderOf(`/status?status=${status}`))).toEqual(failure(`http_${status}`));
  });

  it.each(["/file", "/chunked", "/gzip"])("of %s stops at the largest size that is kept", async (path) => {
    const size = 2 * MIB;
    expect(await tryOf(orderOf(`${path}?size=${size}&type=video/mp4`, { maxBytes: size - 1 }))).toEqual(
      failure("too_large"),
    );
    const fits = orderOf(`${path}?size=${size}&type=video/mp4`, { maxBytes: size });
    expect(await copyResult(store, fits)).toMatchObject({ kind: "kept", bytes: size });
  });

  it("reads nothing of a file that says it is too large", async () => {
    const mark = randomName();
    const order = orderOf(`/drip?size=2000000&type=video/mp4&mark=${mark}`, { maxBytes: MIB });
    expect(await tryOf(order)).toEqual(failure("too_large"));
    await expect.poll(async () => (await seen(foreign, mark))[0]?.left).toBe(true);
  });

  it("of an endless body stops at the largest size, and leaves", async () => {
    const mark = randomName();
    expect(await tryOf(orderOf(`/endless?type=video/mp4&mark=${mark}`, { maxBytes: 11 * MIB }))).toEqual(
      failure("too_large"),
    );
    await expect.poll(async () => (await seen(foreign, mark))[0]?.left).toBe(true);
  });

  it.each([
    "/cut?size=600000&type=video/mp4",
    "/cut?size=600000",
    "/cut?size=20",
    "/cut-chunked?size=600000&type=video/mp4",
    "/cut-chunked?size=12000000&type=video/mp4",
    "/bad-chunks?size=600000&type=video/mp4",
    "/reset",
    "/two-lengths?size=1000&type=video/mp4",
  ])("of %s, which breaks off, keeps nothing", async (path) => {
    expect(await tryOf(orderOf(path))).toEqual(failure("connection"));
  });

  it("of a body with more than was promised ends where HTTP ends it", async () => {
    const order = orderOf("/longer?size=5000&type=video/mp4");
    expect(await copyResult(store, order)).toMatchObject({ kind: "kept", bytes: 5_000 });
    expect(await digestOf(order.fileId)).toBe(await honestDigest(5_000));
  });

  it("of a host that refuses connections is one that failed", async () => {
    expect(await tryOf(orderOf("/", { url: "http://127.0.0.1:1/v.mp4" }))).toEqual(failure("connection"));
  });

  it.each(["/silent", "/drip?size=2000000&type=video/mp4", "/drip?size=2000000"])(
    "of %s ends with its time, and leaves the source",
    async (path) => {
      const mark = randomName();
      const [startedAt, forMs] = [Date.now(), 300];
      const url = new URL(path, foreign);
      url.searchParams.set("mark", mark);
      expect(await tryOf(orderOf(url.href, { until: startedAt + forMs }))).toEqual(failure("timeout"));
      expect(Date.now() - startedAt).toBeGreaterThanOrEqual(forMs);
      await expect.poll(async () => (await seen(foreign, mark))[0]?.left).toBe(true);
    },
  );

  it.each(["/silent", "/drip?size=2000000&type=video/mp4", "/drip?size=2000000"])(
    "of %s ends at once when its file is not wanted any more: nothing is stored, and the next one has its place",
    async (path) => {
      const [mark, until] = [randomName(), Date.now() + 60_000];
      const url = new URL(path, foreign);
      url.searchParams.set("mark", mark);
      const unwanted = new AbortController();
      const { signal } = unwanted;
      // Four run, and four wait in the line.
      const orders = Array.from({ length: 8 }, () => orderOf(url.href, { until, signal }));
      const tries = orders.map(async (order) => copyResult(store, order));
      await expect.poll(async () => (await seen(foreign, mark)).length).toBe(4);
      unwanted.abort();
      for (const result of await Promise.all(tries))
        expect(result).toEqual({ kind: "failed", reason: "timeout" });
      expect(await copyResult(store, orderOf("/file?size=1000&type=video/mp4"))).toMatchObject({
        kind: "kept",
      });
      expect(Date.now()).toBeLessThan(until - 30_000);
      for (const { fileId } of orders) expect(await bucket.head(fileId)).toBeNull();
      expect(await seen(foreign, mark)).toHaveLength(4);
      await expect.poll(async () => (await seen(foreign, mark)).every(({ left }) => left)).toBe(true);
    },
  );

  it.each([
    "/silent",
    "/stuck?size=1&type=video/mp4",
    "/stuck?size=20",
    "/stuck?size=2000000",
    "/stuck-chunked?size=20000000&type=video/mp4",
  ])("of %s, which falls silent, ends long before its time, and leaves the source", async (path) => {
    const mark = randomName();
    const url = new URL(path, foreign);
    url.searchParams.append("mark", mark);
    const [order, startedAt] = [orderOf(url.href, { until: Date.now() + 60_000 }), Date.now()];
    expect(await copyResult(store, order, 300)).toEqual({ kind: "failed", reason: "timeout" });
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(300);
    expect(Date.now()).toBeLessThan(order.until - 30_000);
    expect(await bucket.head(order.fileId)).toBeNull();
    await expect.poll(async () => (await seen(foreign, mark)).at(-1)?.left).toBe(true);
  });

  it("of a source that falls silent behind a redirect ends early, too", async () => {
    const [mark, until] = [randomName(), Date.now() + 60_000];
    const order = orderOf(`/redirect?to=${encodeURIComponent(`/silent?mark=${mark}`)}`, { until });
    expect(await copyResult(store, order, 300)).toEqual({ kind: "failed", reason: "timeout" });
    expect(Date.now()).toBeLessThan(until - 30_000);
    await expect.poll(async () => (await seen(foreign, `silent?mark=${mark}`))[0]?.left).toBe(true);
  });

  it("of a source that sends a byte now and then goes on, longer than silence may last", async () => {
    const startedAt = Date.now();
    const order = orderOf("/drip?size=120&type=video/mp4");
    expect(await copyResult(store, order, 1_500)).toMatchObject({ kind: "kept", bytes: 120 });
    expect(Date.now() - startedAt).toBeGreaterThan(1_500);
  });

  it("into a store that is slow to take it is no silence of the source", async () => {
    const slow = new Proxy(store, {
      get: (target, name: keyof FileStore) =>
        name === "write"
          ? async (...[id, type, body, length]: Parameters<FileStore["write"]>) => {
              await wait(3_200);
              return target.write(id, type, body, length);
            }
          : target[name].bind(target),
    });
    const order = orderOf("/file?size=3000000&type=video/mp4");
    expect(await copyResult(slow, order, 3_000)).toMatchObject({ kind: "kept", bytes: 3_000_000 });
  });

  it("whose time is over does not begin", async () => {
    const mark = randomName();
    expect(await tryOf(orderOf(`/file?type=video/mp4&mark=${mark}`, { until: Date.now() - 1 }))).toEqual(
      failure("timeout"),
    );
    expect(await seen(foreign, mark)).toEqual([]);
  });

  it("that is there is kept without a second fetch", async () => {
    const mark = randomName();
    const order = orderOf(`/file?size=5000&type=video/mp4&mark=${mark}`);
    const kept = { kind: "kept", bytes: 5_000, contentType: "video/mp4" };
    expect(await copyResult(store, order)).toEqual(kept);
    expect(await copyResult(store, { ...order, url: `${foreign}/html?mark=${mark}` })).toEqual(kept);
    expect(await seen(foreign, mark)).toHaveLength(1);
  });
});

describe("redirects", () => {
  /** A chain that ends at a file, `count` redirects long; each may lead to another origin. */
  function chain(origins: readonly string[], mark: string, status = 302): string {
    const [first = "", ...rest] = origins;
    if (rest.length === 0) return `${first}/file?type=video/mp4&mark=${mark}`;
    return `${first}/redirect?status=${status}&to=${encodeURIComponent(chain(rest, mark, status))}`;
  }

  it.each([301, 302, 303, 307, 308])("of the status %i are followed, three at most", async (status) => {
    const mark = randomName();
    const [three, four] = [4, 5].map((hops) => chain(Array<string>(hops).fill(foreign), mark, status));
    expect(await copyResult(store, orderOf(three ?? ""))).toMatchObject({ kind: "kept" });
    expect(await tryOf(orderOf(four ?? ""))).toEqual(failure("redirect"));
  });

  it("may be relative", async () => {
    const to = encodeURIComponent("file?type=video/mp4");
    expect(await copyResult(store, orderOf(`/redirect?to=${to}`))).toMatchObject({ kind: "kept" });
  });

  it("in a circle end after three", async () => {
    const mark = randomName();
    expect(await tryOf(orderOf(`/redirect?mark=${mark}&to=${encodeURIComponent(`?mark=${mark}`)}`))).toEqual(
      failure("redirect"),
    );
  });

  it.each(["/redirect", "/redirect?to=http://[bad"])(
    "from %s, which names no URL, are none",
    async (path) => {
      expect(await tryOf(orderOf(path))).toEqual(failure("redirect"));
    },
  );

  it.each([
    "http://127.0.0.1:1/v.mp4",
    "http://cdn.example.com/v.mp4",
    "https://localhost/v.mp4",
    "https://10.0.0.1/v.mp4",
    "https://[::1]/v.mp4",
    "https://2130706433/v.mp4",
    "https://metadata.internal/v.mp4",
    "https://user:word@cdn.example.com/v.mp4",
    "https://ringback.example.com/v1/files/x.mp4",
    "https://cdn.example.com:22/v.mp4",
    "file:///etc/passwd",
    "data:video/mp4;base64,AAAA",
  ])("from the upstream to %s are refused under the rules of a public deployment", async (to) => {
    const rules = { allowPrivate: false, ownHosts: ["ringback.example.com"] };
    const mark = randomName();
    const url = `${upstream}/redirect?mark=${mark}&to=${encodeURIComponent(to)}`;
    expect(await tryOf(orderOf("", { url, rules }))).toEqual(failure("url_rejected"));
    expect(await seen(upstream, mark)).toHaveLength(1);
    expect(await tryOf(orderOf("", { url: to, rules }))).toEqual(failure("url_rejected"));
  });

  it("within the upstream's own origin need no judgement, whatever its address is", async () => {
    const rules = { allowPrivate: false, ownHosts: [] };
    const url = chain([upstream, upstream], randomName());
    expect(await copyResult(store, orderOf("", { url, rules }))).toMatchObject({ kind: "kept" });
  });

  it("carry the key only to the upstream's own origin", async () => {
    const mark = randomName();
    const apiKey = "sk-the-key-of-this-test";
    const url = chain([upstream, upstream, foreign, foreign], mark);
    const order = orderOf("", { url, upstream: { origin: upstream, apiKey } });
    expect(await copyResult(store, order)).toMatchObject({ kind: "kept" });
    const sent = async (origin: string, name: string): Promise<unknown> =>
      (await seen(origin, mark)).map(({ headers }) => headers[name]);
    expect(await sent(upstream, "authorization")).toEqual([`Bearer ${apiKey}`, `Bearer ${apiKey}`]);
    expect(await sent(upstream, "ringback-hop")).toEqual(["1", "1"]);
    expect(await sent(foreign, "authorization")).toEqual([undefined, undefined]);
    expect(await sent(foreign, "ringback-hop")).toEqual([undefined, undefined]);
  });

  it("to a URL of 8 KB are followed, to a longer one not", async () => {
    const longest = `${foreign}/file?type=video/mp4&x=`.padEnd(8_192, "x");
    const direct = async (url: string): Promise<unknown> => copyResult(store, orderOf("", { url }));
    expect(await direct(longest)).toMatchObject({ kind: "kept" });
    expect(await direct(`${longest}x`)).toEqual({ kind: "failed", reason: "url_rejected" });
  });
});

describe("a store", () => {
  it("that there is none of keeps nothing", async () => {
    expect(await copyResult(null, orderOf("/file?type=video/mp4"))).toEqual({
      kind: "failed",
      reason: "storage",
    });
  });

  const failing = async (): Promise<never> => {
    throw new Error("the bucket is away");
  };
  /** Takes a little of the body, then no more. */
  const stuck: FileStore["write"] = async (_id, _type, body) => {
    await body.getReader().read();
    return new Promise(() => undefined);
  };
  const early: FileStore["write"] = async (_id, _type, body) => {
    await body.getReader().read();
    throw new Error("the bucket is full");
  };

  it.each([
    { what: "cannot be asked", change: { head: failing }, reason: "storage" },
    { what: "refuses at once", change: { write: failing }, reason: "storage" },
    { what: "refuses in the middle", change: { write: early }, reason: "storage" },
    { what: "hangs", change: { write: stuck }, reason: "timeout" },
  ])("that $what is $reason, with and without a length", async ({ change, reason }) => {
    for (const path of ["/file", "/chunked"]) {
      const bad = new Proxy(store, {
        get: (target, name: keyof FileStore) => ({ ...change })[name as "head"] ?? target[name].bind(target),
      });
      const until = Date.now() + (reason === "timeout" ? 300 : 15_000);
      const order = orderOf(`${path}?size=3000000&type=video/mp4`, { until });
      expect(await copyResult(bad, order)).toEqual({ kind: "failed", reason });
    }
  });

  it.each(["/file", "/chunked"])(
    "that got the file from another try meanwhile has kept it (%s)",
    async (path) => {
      const order = orderOf(`${path}?size=7000000&type=video/mp4`);
      /** Another try ends while this one has asked for the file, and has not written it. */
      const overtaken: FileStore = {
        head: async (id) => store.head(id),
        read: async (id, range) => store.read(id, range),
        write: async (id, type, body, length) => {
          await bucket.put(id, "from another try", { httpMetadata: { contentType: "video/webm" } });
          return store.write(id, type, body, length);
        },
        delete: async (id) => store.delete(id),
      };
      const kept = { kind: "kept", bytes: 16, contentType: "video/webm" };
      expect(await copyResult(overtaken, order)).toEqual(kept);
      // A store may stop reading before it says so.
      const other = { ...order, fileId: randomName() };
      const leaving: FileStore = {
        ...overtaken,
        write: async (id, _type, body) => {
          await bucket.put(id, "from another try", { httpMetadata: { contentType: "video/webm" } });
          await body.cancel();
          await store.head(id);
          return "there";
        },
      };
      expect(await copyResult(leaving, other)).toEqual(kept);
    },
  );

  it("that has something else in the file's place is `storage`", async () => {
    const order = orderOf("/file?size=7000&type=video/mp4");
    await bucket.put(order.fileId, "<!doctype html>", { httpMetadata: { contentType: "text/html" } });
    expect(await copyResult(store, order)).toEqual({ kind: "failed", reason: "storage" });
  });

  it("writes a file once, with and without a length", async () => {
    const fileId = randomName();
    const bytes = new Uint8Array(2_000).fill(1);
    const body = (fill: number): ReadableStream<Uint8Array> =>
      new Response(bytes.fill(fill)).body as ReadableStream<Uint8Array>;
    expect(await store.write(fileId, "video/mp4", body(1), 2_000)).toBe("written");
    expect(await store.write(fileId, "video/webm", body(2), 2_000)).toBe("there");
    expect(await store.write(fileId, "video/webm", body(2), null)).toBe("there");
    expect(await store.head(fileId)).toEqual({ bytes: 2_000, contentType: "video/mp4" });
    const part = await store.read(fileId, { offset: 1_990, length: 10 });
    expect(part).toMatchObject({ bytes: 2_000, contentType: "video/mp4" });
    expect([...new Uint8Array(await new Response(part?.body).arrayBuffer())]).toEqual(Array(10).fill(1));
    await store.delete(fileId);
    await store.delete(fileId);
    expect(await store.head(fileId)).toBeNull();
    expect(await store.read(fileId, null)).toBeNull();
  });

  it("shows nothing that Ringback has not written", async () => {
    const fileId = randomName();
    await bucket.put(fileId, "<!doctype html>", { httpMetadata: { contentType: "text/html" } });
    expect(await store.head(fileId)).toBeNull();
    expect(await store.read(fileId, null)).toBeNull();
  });
});

it("at most four copies run at a time, and the others have their turn", async () => {
  const mark = randomName();
  const slow = Array.from({ length: 4 }, () =>
    copyResult(
      store,
      orderOf(`/drip?size=2000000&type=video/mp4&mark=${mark}`, { until: Date.now() + 4_000 }),
    ),
  );
  await expect.poll(async () => (await seen(foreign, mark)).length).toBe(4);
  const patient = copyResult(store, orderOf(`/file?type=video/mp4&mark=${mark}`));
  const impatient = orderOf(`/file?type=video/mp4&mark=${mark}`, { until: Date.now() + 100 });
  expect(await tryOf(impatient)).toEqual(failure("timeout"));
  expect(await seen(foreign, mark)).toHaveLength(4);
  const reasons = (await Promise.all(slow)).map((result) =>
    result.kind === "failed" ? result.reason : "kept",
  );
  expect(reasons).toEqual(Array(4).fill("timeout"));
  expect(await patient).toMatchObject({ kind: "kept" });
});

it("four copies whose sources fall silent give their places to the next one", async () => {
  const mark = randomName();
  const until = Date.now() + 60_000;
  const silent = Array.from({ length: 4 }, () =>
    copyResult(store, orderOf(`/stuck?size=200000&mark=${mark}`, { until }), 300),
  );
  await expect.poll(async () => (await seen(foreign, mark)).length).toBe(4);
  expect(await copyResult(store, orderOf("/file?type=video/mp4", { until }))).toMatchObject({ kind: "kept" });
  expect(Date.now()).toBeLessThan(until - 30_000);
  const ended = { kind: "failed", reason: "timeout" };
  expect(await Promise.all(silent)).toEqual([ended, ended, ended, ended]);
});
