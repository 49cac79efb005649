import { Hono } from "hono";
import { expect, it } from "vitest";
import type { AppEnv } from "../../../src/http/app-env.ts";
import { onError } from "../../../src/http/errors.ts";
import { requestId, requireHost } from "../../../src/http/guards.ts";

/** As a server hands it on; the constructor of a request would refuse the URL. */
function requestOf(host: string): Request {
  return { url: `http://${host}/v1/videos`, method: "GET", headers: new Headers() } as Request;
}

const app = new Hono<AppEnv>()
  .use(requestId, requireHost)
  .get("*", (context) => context.text("ok"))
  .onError(onError);

it.each(["a%b", "x:99999", "[::1", "x:80:90", 'a b"<>'])(
  "a host that makes no URL (%s) is a 400",
  async (host) => {
    const response = await app.fetch(requestOf(host));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "invalid_request", param: "host" } });
    expect(response.headers.get("x-request-id")).toMatch(/^req_/);
  },
);

it.each(["ringback.example.com", "127.0.0.1:8787", "[::1]:80"])("any other (%s) goes on", async (host) => {
  expect((await app.fetch(requestOf(host))).status).toBe(200);
});
