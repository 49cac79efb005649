import { describe, expect, it } from "vitest";
import { copyResult } from "../../../src/files/copy.ts";
import type { FileStore } from "../../../src/files/store.ts";
import { randomName } from "../../../src/keys/ids.ts";
import { wait } from "../../../src/net/wait.ts";
import {
  bucket,
  digestOf,
  failure,
  foreign,
  honestDigest,
  MIB,
  orderOf,
  seen,
  store,
  tryOf,
} from "./copy-tries.ts";

/*
 * One try to copy a result, from real sources on loopback into a real (simulated) bucket.
 *
 * scenario                                       requirement
 * with and without a length, packed              contract, Kept files: byte for byte
 * a source that names no type, or a lying one    by the first bytes; else the source is believed
 * HTML, SVG, an empty or strangely packed body   `not_media`, nothing stored
 * larger than may be, announced or not           `too_large`, nothing stored
 * cut off, broken, silent, slow, endless         nothing stored, and the source is left
 * a source that falls silent, a slow one         only silence ends a try early; it gives its place to the next one
 * the file is there                              kept, without a second fetch
 */

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
