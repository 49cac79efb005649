import { describe, expect, it } from "vitest";
import { sendRaw, type RawAnswer } from "../../support/stack.ts";
import { useStack } from "../../support/use-stack.ts";

/*
 * scenario                                     requirement
 * a static file, whole and unchanged           every answer carries x-request-id; security headers
 * a file that is not there                     Errors: 404 in the contract's shape
 * other methods                                Errors: 405 + Allow
 * broken settings                              only /v1 calls are refused
 */

const stack = useStack();

async function ask(path: string, method = "GET", headers: Record<string, string> = {}): Promise<RawAnswer> {
  return sendRaw(stack.worker.url + path, { method, headers });
}

function codeIn({ body }: RawAnswer): string {
  return (JSON.parse(body) as { error: { code: string } }).error.code;
}

describe("static files", () => {
  it("pass the Worker, which numbers them and forbids everything that is not from this host", async () => {
    const answer = await ask("/robots.txt");

    expect(answer.status).toBe(200);
    expect(answer.body).toBe("User-agent: *\nDisallow: /\n");
    expect(answer.headers).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "public, max-age=0, must-revalidate",
      "x-request-id": expect.stringMatching(/^req_[a-z2-7]{24}$/),
      "content-security-policy": expect.stringMatching(/^default-src 'none';/),
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    });
  });

  it("are not sent again to a browser that has them", async () => {
    const { etag } = (await ask("/robots.txt")).headers;
    const again = await ask("/robots.txt", "GET", { "if-none-match": etag ?? "" });

    expect(again.status).toBe(304);
    expect(again.body).toBe("");
    expect(again.headers["x-request-id"]).toMatch(/^req_/);
    expect(again.headers.etag).toBe(etag);
  });

  it.each(["/robots.txt", "/openapi.json", "/docs"])(
    "answer HEAD without a body, and other methods with what is allowed: %s",
    async (path) => {
      const [head, get] = [await ask(path, "HEAD"), await ask(path)];
      expect([head.status, head.body]).toEqual([200, ""]);
      expect(head.headers["x-request-id"]).toMatch(/^req_/);
      expect(head.headers.etag).toBe(get.headers.etag);
      expect(head.headers["content-security-policy"]).toBe(get.headers["content-security-policy"]);

      for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
        const refused = await ask(path, method);
        expect([refused.status, refused.headers.allow]).toEqual([405, "GET, HEAD"]);
        expect(codeIn(refused)).toBe("method_not_allowed");
      }
    },
  );

  it.each([
    "/assets/none.css",
    "/assets/",
    "/assets",
    "/assets/..%2frobots.txt",
    "/index.html",
    "/robots.txt//",
    "/favicon.ico",
    "/wrangler.toml",
  ])("that do not exist are a JSON 404: %s", async (path) => {
    const answer = await ask(path);

    expect(answer.status).toBe(404);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(answer.headers["x-request-id"]).toMatch(/^req_/);
    expect(codeIn(answer)).toBe("not_found");
  });

  it("need neither a caller nor settings", async () => {
    await stack.restart({ RINGBACK_SECRET: "short" });

    expect((await ask("/robots.txt")).status).toBe(200);
    expect((await ask("/v1/models")).status).toBe(503);
    await stack.restart();
  });
});
