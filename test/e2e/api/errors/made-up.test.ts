import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MODEL } from "../../../support/stack.ts";
import {
  CREATE,
  expectCode,
  headerCode,
  isContract,
  kindOf,
  useOwnKeys,
  withoutRequestId,
} from "./contract.ts";

/*
 * scenario                                               requirement (contract)
 * ids that are made up or another account's              The task: 404, same bytes, no object, no upstream call
 * input of every kind                                    Errors: accepted or one of these, never a 500
 */

describe("with callers' own keys", () => {
  const { stack, folder, task, send } = useOwnKeys();

  describe("an id that is made up or another account's", () => {
    function madeUp(index: number): string {
      const letters = "abcdefghijklmnopqrstuvwxyz234567";
      const digest = createHash("sha512").update(String(index)).digest();
      return `task_${Array.from(digest.subarray(0, 42), (byte) => letters[byte % 32]).join("")}`;
    }

    function storeFiles(): number {
      return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
        name.endsWith(".sqlite"),
      ).length;
    }

    it("is 404 task_not_found with the same bytes on every read", async () => {
      const foreign = { ...CREATE.headers, authorization: "Bearer sk-somebody-else" };
      const { task_id: id } = task();
      const other = id.endsWith("a") ? "b" : "a";
      const ids = [
        madeUp(1),
        id.slice(0, -1) + other,
        id.slice(0, 5) + (id[5] === "a" ? "b" : "a") + id.slice(6),
        id.slice(0, -1),
        `${id}a`,
        id.toUpperCase(),
        id.slice(5),
        "task_",
        "x",
        "0",
        "%00",
        `${id}%00`,
        `${id}%20`,
        "%ff%fe",
        "%F0%9F%98%80",
        "a%2Fb",
        "__proto__",
        "x".repeat(4000),
      ];
      const answers = await Promise.all(
        ids.flatMap((made) => [
          send(`/v1/videos/${made}`, { headers: CREATE.headers }),
          send(`/v1/videos/${made}/deliveries`, { headers: CREATE.headers }),
        ]),
      );
      answers.push(await send(`/v1/videos/${id}`, { headers: foreign }));
      answers.push(await send(`/v1/videos/${id}/deliveries`, { headers: foreign }));
      for (const answer of answers) expectCode(answer, "task_not_found");
      expect([...new Set(answers.map(withoutRequestId))]).toHaveLength(1);
      expect((await send(`/v1/videos/${id}`, { headers: CREATE.headers })).status).toBe(200);
    });

    it("calls no upstream and wakes no object, a thousand times", async () => {
      const before = storeFiles();
      expect(before).toBeGreaterThan(0);
      // A key of this test alone: every call upstream with it comes from these reads.
      const headers = { authorization: "Bearer sk-the-guesser" };
      for (let batch = 0; batch < 20; batch += 1) {
        const reads = Array.from({ length: 50 }, async (_, index) => {
          const suffix = index % 2 === 0 ? "" : "/deliveries";
          return send(`/v1/videos/${madeUp(batch * 50 + index)}${suffix}`, { headers });
        });
        for (const { status } of await Promise.all(reads)) expect(status).toBe(404);
      }
      expect(
        stack.gateway.calls.filter(({ authorization }) => authorization === headers.authorization),
      ).toEqual([]);
      expect(storeFiles()).toBe(before);
    });
  });

  it("whatever is sent, the answer is the contract's: a task, or an error in its shape, and never a 500", async () => {
    const hostile = fc.oneof(
      fc.jsonValue(),
      fc.string({ unit: "binary" }),
      fc.constantFrom<unknown>(
        null,
        "",
        -0,
        1e308,
        2 ** 53,
        "5",
        "true",
        "\0",
        "\ud800",
        "__proto__",
        "data:image/png;base64,AAAA",
      ),
    );
    const names = fc.constantFrom(
      ..."model prompt capability aspect_ratio duration_seconds resolution input_mode control_mode with_audio".split(
        " ",
      ),
      ..."image end_image reference_images callback_events callback_headers callback_format metadata test".split(
        " ",
      ),
      ..."timeout_seconds retry_ambiguous_submit callback_x __proto__ constructor seed".split(" "),
    );
    const object = fc
      .tuple(fc.boolean(), fc.dictionary(fc.oneof(names, fc.string()), hostile, { maxKeys: 8 }))
      .map(([valid, fields]) => JSON.stringify(valid ? { ...fields, model: MODEL, prompt: "x" } : fields));
    // No callback_url anywhere: a changed one might leave the loopback.
    const whole = `{"model":"${MODEL}","prompt":"é😀","duration_seconds":5,"metadata":{"a":[1,{"b":null}]},"x":[1.0,"\\u0041"]}`;
    const damaged = fc
      .tuple(fc.nat(whole.length), fc.nat(6), fc.uint8Array({ maxLength: 6 }))
      .map(([at, cut, put]) =>
        Buffer.concat([Buffer.from(whole).subarray(0, at), put, Buffer.from(whole).subarray(at + cut)]),
      );
    const body = fc.oneof(
      object.map((text) => Buffer.from(text)),
      damaged,
      fc.json().map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    );
    const value = fc.string({
      unit: fc.nat(0xff).map((code) => String.fromCharCode(headerCode(code))),
      maxLength: 40,
    });
    const header = fc.oneof(
      { weight: 3, arbitrary: fc.tuple(fc.stringMatching(/^[a-z][a-z0-9-]{0,12}x$/), value) },
      fc.tuple(
        fc.constantFrom("content-type", "content-encoding", "accept", "prefer", "idempotency-key", "cookie"),
        value,
      ),
      fc.tuple(
        fc.constantFrom("authorization", "ringback-attempt", "webhook-id", "accept-encoding", "range"),
        value,
      ),
      fc.constantFrom<[string, string]>(
        ["content-type", "application/json"],
        ["content-type", "application/x+json;charset=x"],
        ["prefer", "respond-async"],
        ["prefer", "wait=999999999999999999999"],
        ["prefer", "wait=0.5, respond-async;a=b"],
        ["idempotency-key", '"the-same"'],
        ["authorization", "Bearer made-up"],
        ["range", "bytes=0-1"],
        ["if-none-match", "*"],
      ),
    );
    const headers = fc
      .array(header, { maxLength: 4 })
      .map((pairs): Record<string, string> =>
        Object.fromEntries([...Object.entries(CREATE.headers), ...pairs]),
      );
    const segment = fc.oneof(
      fc.constantFrom(task().task_id, "task_x", "deliveries", "%00", "%", "..", ""),
      fc.webSegment(),
    );
    const request = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ path: fc.constant("/v1/videos"), method: fc.constant("POST"), headers, body }),
      },
      fc.record({
        path: fc.array(segment, { maxLength: 3 }).map((segments) => ["/v1/videos", ...segments].join("/")),
        method: fc.constantFrom("GET", "POST", "PATCH", "OPTIONS"),
        headers,
        body: fc.constant(Buffer.alloc(0)),
      }),
    );
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(request, async ({ path, method, headers: sent, body: bytes }) => {
        runs += 1;
        const answer = await send(path, { method, headers: sent, chunks: bytes.length === 0 ? [] : [bytes] });
        expect(answer.headers["x-request-id"]).toMatch(/./);
        // Two ".." lead out of the API, to the console's pages: those are only never a 500.
        if (!new URL(path, stack.worker.url).pathname.startsWith("/v1")) {
          expect(answer.status).toBeLessThan(500);
          return;
        }
        const kind = kindOf(answer);
        expect(isContract(answer.status, kind), `${answer.status} ${kind}`).toBe(true);
      }),
      { numRuns: 200, endOnFailure: false },
    );
    expect(runs).toBeGreaterThanOrEqual(200);
  });
});
