import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { MEDIA_ENDINGS } from "../../../src/contract/words.ts";
import { fileStore } from "../../../src/files/bound.ts";
import { randomName } from "../../../src/keys/ids.ts";
import {
  ask,
  BYTES,
  errorIn,
  ETAG,
  get,
  ID,
  keepFile,
  OPEN,
  PATH,
  refusal,
  REQUEST_ID,
  SHOWN,
} from "./kept-file.ts";

/*
 * scenario                                            requirement
 * a file by its address, whole and in parts           contract, Kept files; RFC 9110, 14
 * If-None-Match, If-Range, HEAD                       RFC 9110, 13 and 9.3.2
 * headers of each answer                              contract, Kept files
 * no such file, another ending, no bucket             404, in the errors' shape
 * calls of the bucket                                 one for the whole file: each is billed
 * order of the checks                                 contract: 404, 405, 503, 429, 400
 * too many for a file, and for an address             429
 * names and queries made to deceive                   the file's own name, or a refusal
 */

const NEVER_KEPT = randomName();

beforeAll(keepFile);

describe("a kept file", () => {
  it("is answered whole, without a key, with just these headers", async () => {
    const { status, headers, bytes } = await get({});
    expect(status).toBe(200);
    expect(bytes).toEqual(BYTES);
    expect(Object.fromEntries(headers)).toEqual({
      ...SHOWN,
      "content-length": "1000",
    });
  });

  it("is one in each type that is kept, under its own ending only", async () => {
    for (const [type, ending] of Object.entries(MEDIA_ENDINGS)) {
      const id = randomName();
      const body = new Response("x").body as ReadableStream<Uint8Array>;
      await fileStore(env)?.write(id, type as keyof typeof MEDIA_ENDINGS, body, 1);
      const { status, headers } = await ask(`/v1/files/${id}.${ending}`);
      expect([status, headers.get("content-type")]).toEqual([200, type]);
      const others = Object.values(MEDIA_ENDINGS).filter((one) => one !== ending);
      for (const other of others) expect((await ask(`/v1/files/${id}.${other}`)).status).toBe(404);
    }
  });

  it.each([
    { asked: "whole", headers: {}, calls: ["get"] },
    { asked: "whole, which If-Range alone does not change", headers: { "if-range": ETAG }, calls: ["get"] },
    { asked: "in part", headers: { range: "bytes=0-9" }, calls: ["head", "get"] },
    { asked: "by a client that has it", headers: { "if-none-match": ETAG }, calls: ["head"] },
    { asked: "by HEAD", method: "HEAD", headers: {}, calls: ["head"] },
  ])("asked for $asked takes the bucket's $calls", async ({ method = "GET", headers, calls }) => {
    const { RESULTS: bucket } = env as unknown as { RESULTS: R2Bucket };
    const made: string[] = [];
    const RESULTS: Pick<R2Bucket, "head" | "createMultipartUpload"> & { get: unknown } = {
      createMultipartUpload: async () => Promise.reject(new Error("nothing is written")),
      head: async (key) => {
        made.push("head");
        return bucket.head(key);
      },
      get: async (key: string, options: R2GetOptions) => {
        made.push("get");
        return bucket.get(key, options);
      },
    };
    expect((await ask(PATH, { method, headers }, { RESULTS })).status).toBeLessThan(400);
    expect(made).toEqual(calls);
  });

  it("has a path that may end with a slash", async () => {
    expect((await ask(`${PATH}/`)).status).toBe(200);
  });

  it.each([
    ["bytes=0-0", 0, 0],
    ["bytes=0-499", 0, 499],
    ["bytes=990-", 990, 999],
    ["bytes=990-5000", 990, 999],
    ["bytes=-10", 990, 999],
    ["bytes=-5000", 0, 999],
    ["bytes=0-", 0, 999],
  ])("is answered in part to %s", async (range, first, last) => {
    const { status, headers, bytes } = await get({ range });
    expect(status).toBe(206);
    expect(bytes).toEqual(BYTES.subarray(first, last + 1));
    expect(Object.fromEntries(headers)).toEqual({
      ...SHOWN,
      "content-length": String(last - first + 1),
      "content-range": `bytes ${first}-${last}/1000`,
    });
  });

  it.each(["bytes=1000-", "bytes=5000-6000", "bytes=-0"])("has no part for %s", async (range) => {
    const { status, headers, bytes } = await get({ range });
    expect([status, errorIn(bytes).code]).toEqual([416, "range_not_satisfiable"]);
    expect(errorIn(bytes).request_id).toBe(headers.get("x-request-id"));
    expect(Object.fromEntries(headers)).toMatchObject({ ...OPEN, "content-range": "bytes */1000" });
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("etag")).toBeNull();
  });

  it.each(["bytes=0-1,5-9", "bytes=5-4", "bytes=x-y", "bytes", "items=0-1", ""])(
    "is answered whole to the range %j",
    async (range) => {
      const { status, headers, bytes } = await get({ range });
      expect([status, headers.get("content-range"), bytes]).toEqual([200, null, BYTES]);
    },
  );

  it.each([
    [ETAG, 206],
    [`W/${ETAG}`, 200],
    ['"other"', 200],
    ["Wed, 21 Oct 2026 07:28:00 GMT", 200],
  ])("with If-Range %s is a %i", async (ifRange, status) => {
    const answer = await get({ range: "bytes=0-9", "if-range": ifRange });
    expect([answer.status, answer.bytes.byteLength]).toEqual([status, status === 206 ? 10 : 1_000]);
    // A range that cannot be satisfied and does not count is none.
    const beyond = await get({ range: "bytes=1000-", "if-range": ifRange });
    expect(beyond.status).toBe(status === 206 ? 416 : 200);
  });

  it.each([ETAG, `W/${ETAG}`, `"other", ${ETAG}`, "*"])(
    "with If-None-Match %s is not sent again, range or not",
    async (ifNoneMatch) => {
      for (const range of [{}, { range: "bytes=0-9" }, { range: "bytes=1000-" }]) {
        for (const method of ["GET", "HEAD"]) {
          const { status, headers, bytes } = await get({ "if-none-match": ifNoneMatch, ...range }, method);
          expect([status, bytes.byteLength]).toEqual([304, 0]);
          expect(Object.fromEntries(headers)).toEqual({
            ...OPEN,
            ...REQUEST_ID,
            "cache-control": "private, max-age=3600",
            etag: ETAG,
          });
        }
      }
    },
  );

  it("with the tag of another file is sent", async () => {
    expect((await get({ "if-none-match": '"other"' })).status).toBe(200);
    expect((await get({ "if-none-match": '"other"', range: "bytes=0-9" })).status).toBe(206);
  });

  it("answers HEAD as GET, without the bytes and whatever the range", async () => {
    const whole = Object.fromEntries((await get({})).headers);
    for (const range of ["bytes=0-9", "bytes=1000-", "x"]) {
      const { status, headers, bytes } = await get({ range }, "HEAD");
      expect([status, bytes.byteLength]).toEqual([200, 0]);
      expect(Object.fromEntries(headers)).toEqual({ ...whole, ...REQUEST_ID });
    }
  });
});

describe("a download", () => {
  it.each([
    "?download",
    "?download=",
    "?download=1",
    "?download=evil.html",
    "?download=%22%3B%20filename%3D%22evil.html",
    "?download=%0D%0Aset-cookie:%20a=b",
    "?download=..%2F..%2Fetc%2Fpasswd",
    "?download=%E2%80%AE4pm.exe",
  ])("with %s has the file's own name", async (query) => {
    const { status, headers, bytes } = await ask(PATH + query);
    expect([status, bytes]).toEqual([200, BYTES]);
    expect(headers.get("content-disposition")).toBe(`attachment; filename="${ID}.mp4"`);
    expect(headers.get("set-cookie")).toBeNull();
    expect(headers.get("content-type")).toBe("video/mp4");
  });

  it("can be continued", async () => {
    const { status, headers } = await ask(`${PATH}?download`, { headers: { range: "bytes=500-" } });
    expect([status, headers.get("content-disposition")]).toEqual([206, `attachment; filename="${ID}.mp4"`]);
  });

  it.each(["?downlod", "?download&key=1", "?download&download", "?v=2", "?="])(
    "with %s is a bad request",
    async (query) => {
      expect(await refusal(ask(PATH + query))).toBe("400 invalid_request");
    },
  );
});

describe("what is no file", () => {
  it.each([
    `/v1/files/${NEVER_KEPT}.mp4`,
    `/v1/files/${ID}.webm`,
    `/v1/files/${ID}.html`,
    `/v1/files/${ID}`,
    `/v1/files/${ID}.mp4.html`,
    `/v1/files/${ID}.mp4%0A`,
    `/v1/files/${ID}.mp4%00`,
    `/v1/files/%2e%2e%2f${ID}.mp4`,
    `/v1/files/${ID.toUpperCase()}.mp4`,
    `/v1/files/${ID}.mp4/x`,
    "/v1/files/.mp4",
    "/v1/files/%",
    "/v1/files/%E0%A4%A",
    "/v1/files",
    "/v1/files/",
  ])("%s is 404", async (path) => {
    const { status, headers, bytes } = await ask(path);
    expect([status, errorIn(bytes).code]).toEqual([404, "not_found"]);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(errorIn(bytes).request_id).toBe(headers.get("x-request-id"));
  });

  it("says so to web pages, too", async () => {
    const { headers } = await ask(`/v1/files/${NEVER_KEPT}.mp4`);
    expect(Object.fromEntries(headers)).toMatchObject(OPEN);
  });

  it("is every file of a deployment without a bucket", async () => {
    expect(await refusal(ask(PATH, {}, { KEEP_RESULTS: "off", RESULTS: undefined }))).toBe("404 not_found");
  });

  it("is a file that is deleted while it is asked for", async () => {
    const file = { bytes: 5, contentType: "video/mp4" };
    const RESULTS = { head: async () => file, read: async () => null };
    const part = { headers: { range: "bytes=0-1" } };
    expect(await refusal(ask(PATH, part, { RESULTS }))).toBe("404 not_found");
  });
});

describe("the checks", () => {
  const limitedFor = (pattern: RegExp): object => ({
    CREATE_LIMIT: { limit: async ({ key }: { key: string }) => ({ success: !pattern.test(key) }) },
  });
  const everything = limitedFor(/./);
  const broken = { RINGBACK_SECRET: "short" };

  it("come in the order of the contract", async () => {
    const bad = { ...everything, ...broken };
    expect(await refusal(ask("/v1/files/x?y", { method: "PUT" }, bad))).toBe("404 not_found");
    expect(await refusal(ask(`${PATH}?y`, { method: "PUT" }, bad))).toBe("405 method_not_allowed");
    expect(await refusal(ask(`${PATH}?y`, {}, bad))).toBe("503 misconfigured");
    expect(await refusal(ask(`${PATH}?y`, {}, everything))).toBe("429 rate_limited");
    expect(await refusal(ask(`/v1/files/${NEVER_KEPT}.mp4?y`))).toBe("400 invalid_request");
  });

  it.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])(
    "refuse %s and name what is allowed",
    async (method) => {
      const { status, headers, bytes } = await ask(PATH, { method });
      expect([status, headers.get("allow"), errorIn(bytes).code]).toEqual([
        405,
        "GET, HEAD",
        "method_not_allowed",
      ]);
    },
  );

  it.each([new RegExp(`^file ${ID}$`), /^files of 198\.51\.100\.7$/])(
    "count a file and an address apart from creates (%s)",
    async (pattern) => {
      const headers = { "cf-connecting-ip": "198.51.100.7" };
      const { status, headers: answered } = await ask(PATH, { headers }, limitedFor(pattern));
      expect([status, answered.get("retry-after")]).toEqual([429, "60"]);
      const others = limitedFor(/^(?:account|address) /);
      expect((await ask(PATH, { headers }, others)).status).toBe(200);
    },
  );

  it("take any Authorization, and need none", async () => {
    expect((await get({ authorization: "Bearer nonsense" })).status).toBe(200);
  });

  it("make a bucket that cannot answer a 500, without a word of it", async () => {
    const silent = async (): Promise<never> => {
      throw new Error("the bucket's own words");
    };
    for (const method of ["GET", "HEAD"]) {
      const { status, bytes } = await ask(PATH, { method }, { RESULTS: { head: silent, read: silent } });
      expect(status).toBe(500);
      if (method === "GET") expect(errorIn(bytes).message).toBe("Ringback failed.");
    }
  });
});
