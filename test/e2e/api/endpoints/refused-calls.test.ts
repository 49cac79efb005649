import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { EndpointJson } from "../../../../src/contract/shapes/endpoint.ts";
import { enoughOfAMinute } from "../../../support/minute.ts";
import { FAST_SETTINGS, newHook, sendRaw } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import { JSON_TYPE, PATH, URL_A, refusal, useCalls, type Refusal } from "./calls.ts";

/*
 * scenario                                        requirement (contract, Registered endpoints)
 * a path, a method, an id, a key that is none     404, 405 with Allow, 404 in the same bytes, 401
 * a Ringback callback                             508
 * another RINGBACK_SECRET                         headers open under the previous one, else 503 names it
 * too many                                        429 for registrations and tests
 */

const { stack, caller, ask, registered } = useCalls();

describe("a call", () => {
  it.each(
    byDay([
      ["PUT", PATH, "GET, POST"],
      ["DELETE", PATH, "GET, POST"],
      ["PATCH", PATH, "GET, POST"],
      ["POST", `${PATH}/ep_a`, "GET, PATCH, DELETE"],
      ["PUT", `${PATH}/ep_a`, "GET, PATCH, DELETE"],
      ["GET", `${PATH}/ep_a/test`, "POST"],
      ["DELETE", `${PATH}/ep_a/test`, "POST"],
    ]),
  )("%s %s is 405 with Allow", async (method, path, allow) => {
    const headers = { authorization: `Bearer ${caller.key}` };
    const answer = await sendRaw(stack.worker.url + path, { method, headers });
    expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
  });

  it.each(
    byDay([
      ["GET", ""],
      ["PATCH", ""],
      ["DELETE", ""],
      ["POST", "/test"],
    ]),
  )(
    "%s of an id that is none, or another account's, is 404 in the same bytes: …/{id}%s",
    async (method, rest) => {
      const { id } = await registered({ url: URL_A, headers: { "x-a": "1" } });
      const bodies: string[] = [];
      for (const none of [id, "ep_a", `ep_${"a".repeat(26)}`, "x".repeat(500), "%00", "task_a"]) {
        const fields = method === "PATCH" ? { enabled: false } : undefined;
        const { status, body } = await ask<Refusal>(
          method,
          `/${none}${rest}`,
          fields,
          `${caller.key}-another`,
        );
        const { request_id: _, ...error } = body.error;
        expect([none, status]).toEqual([none, 404]);
        bodies.push(JSON.stringify(error));
      }
      expect(new Set(bodies).size).toBe(1);
      expect((await ask("GET", `/${id}`)).body).toMatchObject({ status: "active" });
    },
  );

  it.each(
    byDay([
      ["POST", ""],
      ["PATCH", "/ep_a"],
      ["DELETE", "/ep_a"],
      ["POST", "/ep_a/test"],
    ]),
  )("%s %s by a Ringback callback is 508", async (method, path) => {
    const response = await stack.call(PATH + path, { method, headers: { "ringback-attempt": "1" } });
    expect(response.status).toBe(508);
  });

  it.each(
    byDay([
      ["GET", ""],
      ["GET", "/ep_a"],
      ["PATCH", "/ep_a"],
      ["DELETE", "/ep_a"],
      ["POST", "/ep_a/test"],
      ["POST", ""],
    ]),
  )("%s %s with a query parameter is 400 and names it", async (method, path) => {
    const asked = ask(
      method,
      `${path}?limit=1`,
      method === "POST" && path === "" ? { url: URL_A } : undefined,
    );
    expect(await refusal(asked)).toBe("400 invalid_request limit unknown_parameter");
  });
});

describe("a made-up key", () => {
  it("is 401 from each of them, and nothing is sent", async () => {
    const hook = newHook(stack);
    const { id } = await registered({ url: hook.url });
    stack.gateway.fault({ on: "models", key: "sk-made-up", status: 401, times: Infinity });
    for (const [method, path] of [
      ["POST", ""],
      ["GET", ""],
      ["GET", `/${id}`],
      ["PATCH", `/${id}`],
      ["DELETE", `/${id}`],
      ["POST", `/${id}/test`],
    ] as const) {
      const { status } = await ask(method, path, method === "POST" ? {} : undefined, "sk-made-up");
      expect([method, path, status]).toEqual([method, path, 401]);
    }
    stack.gateway.clearFaults();
    expect(hook.received()).toEqual([]);
  });
});

describe("after a change of RINGBACK_SECRET", () => {
  const folder = mkdtempSync(join(tmpdir(), "ringback-endpoints-"));
  // The last hook runs first: the stack is closed by then.
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const kept = useStack({ persistTo: folder });
  const ROOT = FAST_SETTINGS["RINGBACK_SECRET"] ?? "";
  const OTHER_ROOT = "another secret of the tests, also long enough";

  it("the headers open while the previous one is set; then they must be given again", async () => {
    const send = async (method: string, path: string, fields: object): Promise<Response> =>
      kept.call(PATH + path, { method, headers: JSON_TYPE, body: JSON.stringify(fields) });
    const hook = newHook(kept);
    const created = await send("POST", "", { url: hook.url, headers: { "x-a": "first" } });
    const { id } = (await created.json()) as EndpointJson;
    await kept.restart({ RINGBACK_SECRET: OTHER_ROOT, RINGBACK_SECRET_PREVIOUS: ROOT });
    expect((await send("POST", `/${id}/test`, {})).status).toBe(200);
    await kept.restart({ RINGBACK_SECRET: OTHER_ROOT });
    const unreadable = await send("POST", `/${id}/test`, {});
    expect(unreadable.status).toBe(503);
    expect(await unreadable.json()).toMatchObject({
      error: { code: "misconfigured", message: expect.stringContaining("RINGBACK_SECRET_PREVIOUS") },
    });
    expect((await kept.call(`${PATH}/${id}`)).status).toBe(200);
    expect((await send("PATCH", `/${id}`, { headers: { "x-a": "again" } })).status).toBe(200);
    expect((await send("POST", `/${id}/test`, {})).status).toBe(200);
    expect(hook.received().map(({ headers }) => headers["x-a"])).toEqual(["first", "again"]);
  });
});

describe("with two calls a minute", () => {
  const limited = useStack({ createsPerMinute: 2 });

  it("registrations and tests are limited like a ping, and no other call", async () => {
    const post = async (path: string, fields: object): Promise<Response> =>
      limited.call(PATH + path, { method: "POST", headers: JSON_TYPE, body: JSON.stringify(fields) });
    await enoughOfAMinute();
    const first = await post("", { url: newHook(limited).url });
    expect(first.status).toBe(201);
    const { id } = (await first.json()) as EndpointJson;
    expect((await post(`/${id}/test`, {})).status).toBe(200);
    for (const answer of [await post("", { url: URL_A }), await post(`/${id}/test`, {})])
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "60"]);
    expect((await limited.call(PATH)).status).toBe(200);
    const enabled = { method: "PATCH", headers: JSON_TYPE, body: '{"enabled":false}' };
    expect((await limited.call(`${PATH}/${id}`, enabled)).status).toBe(200);
    expect((await limited.call(`${PATH}/${id}`, { method: "DELETE" })).status).toBe(204);
  });
});
