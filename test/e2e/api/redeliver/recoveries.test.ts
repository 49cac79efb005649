import { describe, expect, it } from "vitest";
import { sendRaw } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

/*
 * scenario                                       requirement (contract, Recovery; Reads and operations)
 * fields that are wrong, unknown, or alone       400, all of them named, and nothing begins
 * a form                                         means the same as JSON
 * a path, a method, an id that is none           404, 405 with Allow, 404 in the same bytes
 * a Ringback callback                            508
 */

const stack = useStack();
const AUTHORIZATION = "Bearer sk-the-callers-own-key";
const PATH = "/v1/webhooks/recoveries";

interface Problems {
  error: { code: string; param: string; issues: { path: string; code: string }[] };
}

async function post(fields: unknown): Promise<{ status: number; body: Problems }> {
  const headers = { "content-type": "application/json" };
  const response = await stack.call(PATH, { method: "POST", headers, body: JSON.stringify(fields) });
  return { status: response.status, body: (await response.json()) as Problems };
}

const UNKNOWN_ENDPOINT = `ep_${"a".repeat(26)}`;

describe("a field", () => {
  it.each<[fields: object, path: string, code: string]>([
    [{ endpoint: "ep_a" }, "endpoint", "not_endpoint_id"],
    [{ endpoint: "" }, "endpoint", "empty"],
    [{ endpoint: 5 }, "endpoint", "not_endpoint_id"],
    [{ Endpoint: UNKNOWN_ENDPOINT }, "Endpoint", "unknown_field"],
    [{ limit: 5 }, "limit", "unknown_field"],
    [{ statuses: ["delivered"] }, "statuses.0", "not_listed"],
    [{ statuses: [] }, "statuses", "not_some_of"],
    [{ statuses: "exhausted,none" }, "statuses.1", "not_listed"],
    [{ statuses: 5 }, "statuses", "not_some_of"],
    [{ created_after: "yesterday" }, "created_after", "not_instant"],
    [{ created_after: 1_795_000_000_000 }, "created_after", "not_instant"],
    [{ created_before: "2026-02-30" }, "created_before", "not_instant"],
    [{ callback_host: "https://a.example.com" }, "callback_host", "not_host"],
    [{ callback_host: 5 }, "callback_host", "not_host"],
    [{ model: "m".repeat(201) }, "model", "text_too_long"],
    [{ model: ["m"] }, "model", "not_text"],
    [{ dry_run: "perhaps" }, "dry_run", "not_boolean"],
    [{ callback_url: "ftp://a.example.com" }, "callback_url", "not_https"],
    [{ callback_url: "no url" }, "callback_url", "not_url"],
    [{ callback_headers: { "x-a": "b" } }, "callback_url", "required_with"],
    // A script's empty variable must not deliver everything again.
    [{ statuses: "" }, "statuses", "empty"],
    [{ created_after: "" }, "created_after", "empty"],
    [{ created_before: "" }, "created_before", "empty"],
    [{ callback_host: "" }, "callback_host", "empty"],
    [{ model: "" }, "model", "empty"],
    [{ callback_url: "" }, "callback_url", "empty"],
    [{ callback_url: "https://a.example.com", callback_headers: "" }, "callback_headers", "empty"],
    [{ dry_run: "" }, "dry_run", "empty"],
    [
      { callback_url: "https://a.example.com", callback_headers: { host: "b" } },
      "callback_headers.host",
      "reserved_header",
    ],
    [
      { dry_run: true, callback_url: "https://a.example.com", callback_headers: { "x-a": 5 } },
      "callback_headers.x-a",
      "not_text",
    ],
  ])("that is wrong is named: %j", async (fields, path, code) => {
    const { status, body } = await post(fields);
    expect({ status, code: body.error.code, issues: body.error.issues }).toMatchObject({
      status: 400,
      code: "invalid_request",
      issues: [{ path, code }],
    });
    const list = await stack.call(PATH);
    expect(await list.json()).toEqual({ object: "list", data: [] });
  });

  it("that is wrong is named together with all others", async () => {
    const { body } = await post({ statuses: ["a"], model: 5, created_after: "b", callback_url: "c", d: 1 });
    const paths = body.error.issues.map(({ path }) => path);
    expect(paths.toSorted((a, b) => a.localeCompare(b))).toEqual([
      "callback_url",
      "created_after",
      "d",
      "model",
      "statuses.0",
    ]);
  });

  it("that is empty is refused in a form, too, with all others", async () => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const body = "callback_host=&model=&created_after=&statuses=";
    const response = await stack.call(PATH, { method: "POST", headers, body });
    const { error } = (await response.json()) as Problems;
    expect([response.status, ...error.issues.map(({ path, code }) => `${path} ${code}`).toSorted()]).toEqual([
      400,
      "callback_host empty",
      "created_after empty",
      "model empty",
      "statuses empty",
    ]);
  });

  it("that is null is absent", async () => {
    const names = [
      "statuses",
      "created_after",
      "created_before",
      "callback_host",
      "endpoint",
      "model",
      "callback_url",
    ];
    const { status } = await post({
      ...Object.fromEntries(names.map((name) => [name, null])),
      dry_run: true,
    });
    expect(status).toBe(200);
  });

  it.each<[type: string, body: string]>([
    [
      "application/x-www-form-urlencoded",
      "dry_run=true&statuses=exhausted%2Cstopped&created_after=2026-11-01",
    ],
    [
      "application/x-www-form-urlencoded",
      '{"dry_run":"true","statuses":"[\\"pending\\"]","callback_url":null}',
    ],
    [
      "application/json",
      '{"dry_run":true,"callback_host":"A.Example.com:443","created_before":"2999-01-01T00:00:00+02:00"}',
    ],
    ["application/json", `{"dry_run":true,"endpoint":"${UNKNOWN_ENDPOINT}"}`],
    [
      "application/json",
      '{"dry_run":true,"callback_url":"https://a.example.com","callback_headers":"{\\"x-a\\":\\"b\\"}"}',
    ],
  ])("may come as a tool sends it: %s %s", async (type, body) => {
    const response = await stack.call(PATH, { method: "POST", headers: { "content-type": type }, body });
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 200,
      body: { matched: 0, hosts: [], tasks: [] },
    });
  });
});

describe("a call", () => {
  it.each([
    ["PUT", PATH, "GET, POST"],
    ["DELETE", PATH, "GET, POST"],
    ["POST", `${PATH}/rec_a`, "GET, DELETE"],
    ["PATCH", `${PATH}/rec_a`, "GET, DELETE"],
  ])("%s %s is 405 with Allow", async (method, path, allow) => {
    const answer = await sendRaw(stack.worker.url + path, {
      method,
      headers: { authorization: AUTHORIZATION },
    });
    expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
  });

  it.each(["GET", "DELETE"])(
    "%s of an id that is none is 404, in the same bytes for each",
    async (method) => {
      const bodies: string[] = [];
      for (const id of ["rec_a", `rec_${"a".repeat(26)}`, "x".repeat(500), "%00", "task_a"]) {
        const response = await stack.call(`${PATH}/${id}`, { method });
        expect(response.status).toBe(404);
        const { error } = (await response.json()) as { error: { request_id?: string } };
        delete error.request_id;
        bodies.push(JSON.stringify(error));
      }
      expect(new Set(bodies).size).toBe(1);
    },
  );

  it.each([
    ["POST", PATH],
    ["DELETE", `${PATH}/rec_a`],
  ])("%s %s by a Ringback callback is 508", async (method, path) => {
    const response = await stack.call(path, { method, headers: { "ringback-attempt": "1" } });
    expect(response.status).toBe(508);
  });

  it("without a body is for everything that is exhausted", async () => {
    const response = await stack.call(PATH, { method: "POST" });
    expect(response.status).toBe(202);
    const recovery = (await response.json()) as { id: string };
    expect(recovery).toMatchObject({ status: "done", matched: 0, delivered: 0, failed: 0, remaining: 0 });
    const read = await stack.call(`${PATH}/${recovery.id}`);
    expect(await read.json()).toEqual(recovery);
  });
});
