import { describe, expect, it } from "vitest";
import { submitsTo, type RawRequest } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import { CREATE, VALID, expectCode, useOwnKeys, withoutRequestId } from "./contract.ts";

/*
 * scenario                                               requirement (contract)
 * each error, its code, status and shape                 Errors
 * two errors in one request                              the order of checks: 404, 405, 508, 503, 401, 429, 415, 413, 400
 * x-request-id on every answer, CORS headers on none     base path
 * tokens that are missing or malformed                   Who is calling: 401, same bytes
 * unexpected methods                                     Errors: 405 + Allow
 */

describe("with callers' own keys", () => {
  const { stack, task, send, create } = useOwnKeys();

  describe("a path that is none", () => {
    it.each(
      byDay([
        "/nope",
        "/v1",
        "/v1/nope",
        "/v2/videos",
        "/v1/videos/a/b",
        "/v1/webhooks",
        "/v1/models/a",
        "/v1//videos",
      ]),
    )("is 404 not_found for every method, key or not: %s", async (path) => {
      expect.hasAssertions();
      for (const method of ["GET", "POST", "PUT", "DELETE", "OPTIONS"]) {
        expectCode(await send(path, { method }), "not_found");
        expectCode(await send(path, { method, headers: CREATE.headers }), "not_found");
      }
    });
  });

  describe("a method that a path does not take", () => {
    const paths: [path: string, allowed: string[]][] = [
      ["/v1/videos", ["GET", "POST"]],
      [`/v1/videos/task_made_up`, ["GET"]],
      [`/v1/videos/task_made_up/deliveries`, ["GET"]],
      ["/v1/models", ["GET"]],
      ["/v1/me", ["GET"]],
      ["/v1/upstreams", ["GET"]],
      ["/v1/webhooks/secret", ["GET"]],
      ["/healthz", ["GET"]],
      ["/readyz", ["GET"]],
    ];
    it.each(byDay(paths))("is 405 with Allow, key or not: %s", async (path, allowed) => {
      for (const method of ["PUT", "PATCH", "PROPFIND"]) {
        for (const headers of [{}, CREATE.headers]) {
          const answer = await send(path, { method, headers });
          expectCode(answer, "method_not_allowed");
          const allow = (answer.headers.allow ?? "").split(/\s*,\s*/);
          expect(allow).toEqual(expect.arrayContaining(allowed));
          expect(allow).not.toContain(method);
        }
      }
    });

    it.each(byDay(paths))("is never taken for another one, however odd: %s", async (path) => {
      for (const method of [
        "OPTIONS",
        "TRACE",
        "COPY",
        "LOCK",
        "MKCOL",
        "PURGE",
        "SEARCH",
        "NOTIFY",
        "UNSUBSCRIBE",
      ]) {
        const answer = await send(path, {
          method,
          headers: { ...CREATE.headers, origin: "https://example.com" },
        });
        expectCode(answer, "method_not_allowed");
      }
      // HTTP's own: HEAD is GET without its body.
      const [head, get] = [
        await send(path, { method: "HEAD", headers: CREATE.headers }),
        await send(path, { headers: CREATE.headers }),
      ];
      expect(head.body).toBe("");
      expect([get.status, 405]).toContain(head.status);
      expect(head.headers["x-request-id"]).toMatch(/./);
      expect(submitsTo(stack.gateway)).toEqual([]);
    });

    it("is refused by the platform when it is no method of HTTP", async () => {
      for (const method of ["FOO", "posty"]) {
        const { status } = await send("/v1/videos", { ...CREATE, method, chunks: [VALID] }).catch(() => ({
          status: 501,
        }));
        expect([400, 405, 501]).toContain(status);
      }
      expect(submitsTo(stack.gateway)).toEqual([]);
    });
  });

  describe("every answer", () => {
    const requests: [name: string, path: () => string, request: RawRequest][] = [
      ["a create", () => "/v1/videos", { ...CREATE, chunks: [VALID] }],
      ["a read", () => `/v1/videos/${task().task_id}`, { headers: CREATE.headers }],
      ["deliveries", () => `/v1/videos/${task().task_id}/deliveries`, { headers: CREATE.headers }],
      ["the models", () => "/v1/models", { headers: CREATE.headers }],
      ["the secret", () => "/v1/webhooks/secret", { headers: CREATE.headers }],
      ["health", () => "/healthz", {}],
      ["readiness", () => "/readyz", {}],
      ["400", () => "/v1/videos", { ...CREATE, chunks: ["{"] }],
      ["401", () => "/v1/videos", { method: "POST", chunks: [VALID] }],
      ["404", () => "/nope", {}],
      ["404 under /v1", () => "/v1/nope", {}],
      ["the list", () => "/v1/videos", { headers: CREATE.headers }],
      ["the end of a stream", () => `/v1/videos/${task().task_id}/events`, { headers: CREATE.headers }],
      ["405", () => "/v1/videos", { method: "PUT" }],
      [
        "a preflight",
        () => "/v1/videos",
        { method: "OPTIONS", headers: { "access-control-request-method": "POST" } },
      ],
    ];
    it.each(byDay(requests))(
      "has an x-request-id of its own and no CORS headers: %s",
      async (_name, path, request) => {
        const headers = { ...request.headers, origin: "https://example.com", "x-request-id": "the-callers" };
        const [one, two] = [
          await send(path(), { ...request, headers }),
          await send(path(), { ...request, headers }),
        ];
        for (const answer of [one, two]) {
          expect(answer.headers["x-request-id"]).toMatch(/^[\x21-\x7e]{8,}$/);
          expect(answer.headers["x-request-id"]).not.toBe("the-callers");
          expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"))).toEqual(
            [],
          );
          if (!path().startsWith("/v1/")) continue;
          expect(answer.headers["cache-control"]).toBe("no-store");
          expect(answer.headers["x-content-type-options"]).toBe("nosniff");
        }
        expect(one?.headers["x-request-id"]).not.toBe(two?.headers["x-request-id"]);
      },
    );
  });

  describe("a caller without a usable key", () => {
    it("is 401 with the same bytes, whatever is missing or malformed", async () => {
      const bodies = new Set<string>();
      for (const authorization of [
        undefined,
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "sk-key",
        "Bearer a b",
        "Bearer clé",
        "BearerX y",
      ]) {
        const headers = {
          "content-type": "application/json",
          ...(authorization === undefined ? {} : { authorization }),
        };
        const answers = [
          await send("/v1/videos", { method: "POST", headers, chunks: [VALID] }),
          await send(`/v1/videos/${task().task_id}`, { headers }),
          await send(`/v1/videos/${task().task_id}/deliveries`, { headers }),
          await send("/v1/models", { headers }),
          await send("/v1/webhooks/secret", { headers }),
        ];
        for (const answer of answers) {
          expectCode(answer, "unauthorized");
          bodies.add(withoutRequestId(answer));
        }
      }
      expect(bodies.size).toBe(1);
      expect(
        stack.gateway.calls.filter(({ authorization }) => authorization !== CREATE.headers.authorization),
      ).toEqual([]);
    });
  });

  describe("two errors in one request", () => {
    const loop = { "ringback-attempt": "1" };
    const huge = { "content-length": String(16 * 1024 * 1024 + 1) };
    const text = { "content-type": "text/plain" };
    const none = { authorization: "" };
    const pairs: [
      name: string,
      code: string,
      path: string,
      method: string,
      headers: Record<string, string>,
      body: string,
    ][] = [
      ["404 before 405", "not_found", "/v1/nope", "PUT", {}, VALID],
      ["404 before 508", "not_found", "/v1/nope", "POST", loop, VALID],
      ["404 before 401", "not_found", "/v1/nope", "GET", none, ""],
      ["405 before 508", "method_not_allowed", "/v1/videos", "PUT", loop, VALID],
      ["405 before 401", "method_not_allowed", "/v1/videos", "PUT", none, VALID],
      ["405 before 415", "method_not_allowed", "/v1/videos", "PATCH", text, "{"],
      ["508 before 401", "loop_detected", "/v1/videos", "POST", { ...loop, ...none }, VALID],
      ["508 before 400", "loop_detected", "/v1/videos", "POST", loop, "{"],
      ["401 before 415", "unauthorized", "/v1/videos", "POST", { ...none, ...text }, VALID],
      ["401 before 413", "unauthorized", "/v1/videos", "POST", { ...none, ...huge }, VALID],
      ["401 before 400", "unauthorized", "/v1/videos", "POST", none, "{"],
      ["415 before 413", "unsupported_media_type", "/v1/videos", "POST", { ...text, ...huge }, VALID],
      ["415 before 400", "unsupported_media_type", "/v1/videos", "POST", text, "{"],
      [
        "415 for an encoding before 413",
        "unsupported_media_type",
        "/v1/videos",
        "POST",
        { "content-encoding": "gzip", ...huge },
        VALID,
      ],
      ["413 before 400", "payload_too_large", "/v1/videos", "POST", huge, "{"],
      [
        "413 before 400 for the key",
        "payload_too_large",
        "/v1/videos",
        "POST",
        { ...huge, "idempotency-key": "a b" },
        VALID,
      ],
    ];
    it.each(byDay(pairs))(
      "are answered in the contract's order: %s",
      async (_name, code, path, method, headers, body) => {
        const answer = await send(path, {
          method,
          headers: { ...CREATE.headers, ...headers },
          chunks: body === "" ? [] : [body],
        });
        expectCode(answer, code);
        expect(submitsTo(stack.gateway)).toEqual([]);
      },
    );
  });

  describe("a callback of Ringback's own that arrives as a create", () => {
    it.each(["1", "0", "", "x"])("is 508: ringback-attempt %j", async (attempt) => {
      expectCode(await create(VALID, { "ringback-attempt": attempt }), "loop_detected");
      expect(submitsTo(stack.gateway)).toEqual([]);
    });
  });
});
