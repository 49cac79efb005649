import { describe, expect, it } from "vitest";
import { copyResult } from "../../../src/files/copy.ts";
import type { FileStore } from "../../../src/files/store.ts";
import { randomName } from "../../../src/keys/ids.ts";
import { aio } from "../../../src/profiles/built-in/aio.ts";
import { bucket, failure, foreign, orderOf, seen, store, tryOf, upstream } from "./copy-tries.ts";

/*
 * One try to copy a result from a source that redirects, or into a store that fails.
 *
 * scenario                                       requirement
 * redirects                                      judged on each hop, three at most; the key stays at the upstream
 * a store that refuses, or hangs                 `storage`, `timeout`
 * another try writes it meanwhile                kept
 */

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
    const order = orderOf("", { url, upstream: { origin: upstream, apiKey, profile: aio } });
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
