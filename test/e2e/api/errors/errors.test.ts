import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startWorker } from "../../../../dev/worker.ts";
import {
  FAST_SETTINGS,
  isTerminal,
  MODEL,
  newHook,
  OWN_KEY,
  sendRaw,
  startStack,
  submitsTo,
  type RawAnswer,
  type RawRequest,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";

/*
 * scenario                                               requirement (contract)
 * each error, its code, status and shape                 Errors
 * two errors in one request                              the order of checks: 404, 405, 508, 503, 401, 429, 415, 413, 400
 * x-request-id on every answer, CORS headers on none     base path
 * tokens that are missing, malformed or unknown          Who is calling: 401, same bytes
 * ids that are made up or another account's              The task: 404, same bytes, no object, no upstream call
 * settings that are missing or do not parse              Who is calling: 503, named, Retry-After
 * more creates than allowed                              Who is calling: 429, Retry-After: 60, per account and address
 * unexpected methods                                     Errors: 405 + Allow
 * input of every kind                                    Errors: accepted or one of these, never a 500
 */

const VALID = `{"model":"${MODEL}","prompt":"A lighthouse at dusk."}`;
const CREATE = {
  method: "POST",
  headers: { authorization: `Bearer ${OWN_KEY}`, "content-type": "application/json" },
};

/**
 * Every code of the contract that Ringback itself can answer with, and its status. Copied from the contract's text:
 * taken from the table in the code it would check nothing.
 */
const STATUS: Record<string, number> = {
  invalid_request: 400,
  unauthorized: 401,
  not_found: 404,
  task_not_found: 404,
  method_not_allowed: 405,
  payload_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  misconfigured: 503,
  overloaded: 503,
  loop_detected: 508,
};
const MEMBERS = new Set([
  "code",
  "message",
  "param",
  "issues",
  "retryable",
  "upstream",
  "task_id",
  "request_id",
]);

interface ErrorBody {
  code: string;
  message: string;
  param?: string;
  issues?: { path: string; code: string; message: string }[];
  request_id: string;
}

/** Fails unless this is an error in the contract's shape; gives its inside. */
function errorOf({ headers, body }: Pick<RawAnswer, "headers" | "body">): ErrorBody {
  expect(headers["content-type"]).toMatch(/^application\/json\b/);
  const parsed = JSON.parse(body) as { error: ErrorBody };
  expect(Object.keys(parsed)).toEqual(["error"]);
  const { error } = parsed;
  expect(error).toMatchObject({
    code: expect.stringMatching(/^[a-z_]+$/) as string,
    message: expect.stringMatching(/./) as string,
    request_id: headers["x-request-id"],
  });
  expect(Object.keys(error).filter((name) => !MEMBERS.has(name))).toEqual([]);
  for (const issue of error.issues ?? [])
    expect(issue).toEqual({
      path: expect.any(String) as string,
      code: expect.stringMatching(/^[a-z0-9_]+$/) as string,
      message: expect.stringMatching(/./) as string,
    });
  return error;
}

function expectCode(answer: RawAnswer, code: string): ErrorBody {
  const error = errorOf(answer);
  expect([answer.status, error.code]).toEqual([STATUS[code], code]);
  return error;
}

/** The body but for the request's id: what two answers of "same bytes" share. */
function withoutRequestId({ headers, body }: RawAnswer): string {
  const id = String(headers["x-request-id"]);
  expect(body).toContain(id);
  return body.replace(id, "");
}

/** A task or a list, a refusal of the upstream with its own status, or an error of Ringback's own list. */
function isContract(status: number, kind: string): boolean {
  if (kind === "video.task" || kind === "list") return status === 200 || status === 202;
  if (kind.startsWith("upstream_")) return (status >= 400 && status < 500) || status === 502;
  if (kind.startsWith("idempotency_")) return status === 409 || status === 422;
  return STATUS[kind] === status;
}

function kindOf(answer: RawAnswer): string {
  return answer.status < 400 ? (JSON.parse(answer.body) as { object: string }).object : errorOf(answer).code;
}

/** What may stand in a header's value: visible characters, the space, the tab, and Latin-1 beyond. */
function headerCode(code: number): number {
  return code < 0x20 || code === 0x7f ? 0x09 : code;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

describe("with callers' own keys", () => {
  let folder: string;
  let stack: Stack;
  let task: TaskBody;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ringback-errors-"));
    stack = await startStack({ persistTo: folder });
    const created = (await (await stack.create()).json()) as TaskBody;
    task = await stack.task(created.task_id, isTerminal);
  });
  beforeEach(() => {
    stack.gateway.calls.length = 0;
  });
  afterAll(async () => {
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const send = async (path: string, request: RawRequest = {}): Promise<RawAnswer> =>
    sendRaw(stack.worker.url + path, request);
  const create = async (
    body: string | Uint8Array,
    headers: Record<string, string> = {},
  ): Promise<RawAnswer> =>
    send("/v1/videos", { ...CREATE, headers: { ...CREATE.headers, ...headers }, chunks: [body] });

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
      ["a read", () => `/v1/videos/${task.task_id}`, { headers: CREATE.headers }],
      ["deliveries", () => `/v1/videos/${task.task_id}/deliveries`, { headers: CREATE.headers }],
      ["the models", () => "/v1/models", { headers: CREATE.headers }],
      ["the secret", () => "/v1/webhooks/secret", { headers: CREATE.headers }],
      ["health", () => "/healthz", {}],
      ["readiness", () => "/readyz", {}],
      ["400", () => "/v1/videos", { ...CREATE, chunks: ["{"] }],
      ["401", () => "/v1/videos", { method: "POST", chunks: [VALID] }],
      ["404", () => "/nope", {}],
      ["404 under /v1", () => "/v1/nope", {}],
      ["the list", () => "/v1/videos", { headers: CREATE.headers }],
      ["the end of a stream", () => `/v1/videos/${task.task_id}/events`, { headers: CREATE.headers }],
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
          await send(`/v1/videos/${task.task_id}`, { headers }),
          await send(`/v1/videos/${task.task_id}/deliveries`, { headers }),
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
      const { task_id: id } = task;
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

  describe("a body that is no request", () => {
    const bytes = (...parts: (string | number[])[]): Buffer =>
      Buffer.concat(parts.map((part) => Buffer.from(part as string)));
    const bodies: [name: string, body: string | Buffer][] = [
      ["nothing", ""],
      ["white space", " \n"],
      ["an open object", "{"],
      ["an open string", `{"model":"${MODEL}`],
      ["an open string that ends in a backslash", `{"model":"a\\`],
      ["a closing bracket too many", `${VALID}}`],
      ["two values", VALID + VALID],
      ["a trailing comma", `{"model":"${MODEL}","prompt":"x",}`],
      ["single quotes", "{'model':'a'}"],
      ["a comment", `/* a */${VALID}`],
      ["NaN", `{"model":"${MODEL}","prompt":"x","seed":NaN}`],
      ["a leading zero", `{"model":"${MODEL}","prompt":"x","seed":01}`],
      ["a raw line feed in a string", `{"model":"${MODEL}","prompt":"a\nb"}`],
      ["a raw NUL in a string", `{"model":"${MODEL}","prompt":"a\0b"}`],
      ["a NUL", "\0"],
      ["an invalid escape", `{"model":"${MODEL}","prompt":"\\x41"}`],
      ["half of a \\u escape", `{"model":"${MODEL}","prompt":"\\u12"}`],
      ["null", "null"],
      ["a number", "1"],
      ["a string", JSON.stringify(VALID)],
      ["a list", "[]"],
      ["a list of requests", `[${VALID}]`],
      ["true", "true"],
      ["a form", "model=a&prompt=b"],
      ["UTF-16", Buffer.from(VALID, "utf16le")],
      ["invalid UTF-8 in a value", bytes(`{"model":"${MODEL}","prompt":"a`, [0xff], '"}')],
      ["invalid UTF-8 in a name", bytes(`{"model":"${MODEL}","prompt":"x","a`, [0xc3], '":1}')],
      ["an overlong NUL", bytes(`{"model":"${MODEL}","prompt":"a`, [0xc0, 0x80], '"}')],
      ["a surrogate in UTF-8", bytes(`{"model":"${MODEL}","prompt":"a`, [0xed, 0xa0, 0x80], '"}')],
      [
        "invalid UTF-8 in a long string",
        bytes(`{"model":"${MODEL}","image":"${"A".repeat(50_000)}`, [0xff], '"}'),
      ],
      ["a character cut off at the end", bytes(VALID, [0xe2, 0x82])],
      ["10,000 open lists", "[".repeat(10_000)],
      [
        "10,000 lists in a field",
        `{"model":"${MODEL}","prompt":"x","a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`,
      ],
      [
        "10,000 objects in a field",
        `{"model":"${MODEL}","prompt":"x","a":${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}}`,
      ],
      [
        "20,000 empty objects in a field",
        `{"model":"${MODEL}","prompt":"x","a":[${"{},".repeat(20_000)}{}]}`,
      ],
      ["2 MiB of empty objects", `[${"{},".repeat(700_000)}{}]`],
      ["16 MiB of empty objects", `{"model":"${MODEL}","prompt":"x","a":[${"{},".repeat(5_592_000)}{}]}`],
      ["65 levels", `{"model":"${MODEL}","prompt":"x","a":${"[".repeat(64)}${"]".repeat(64)}}`],
    ];
    it.each(byDay(bodies))("is 400, and nothing is submitted: %s", async (_name, body) => {
      expectCode(await create(body), "invalid_request");
      expect(submitsTo(stack.gateway)).toEqual([]);
    });
  });

  describe("a field of the wrong kind", () => {
    const values: [field: string, ...json: string[]][] = [
      ["model", "1", "[]", "{}", "true", "null", '""', JSON.stringify("m".repeat(201))],
      ["prompt", "1", '["a"]', "{}", "false", "null", '""', JSON.stringify("😀".repeat(2501))],
      ["capability", '"image_generation"', "1", "[]", "{}"],
      ["aspect_ratio", '"2:1"', "1.78", "[]", "true"],
      ["duration_seconds", '"five"', "3", "16", "0", "-2", "5.5", "1e400", "-0", "[]", "{}", "true"],
      ["resolution", '"4k"', "720", "{}"],
      ["input_mode", '"audio"', "1", "[]"],
      ["control_mode", '"free"', "0", "{}"],
      ["with_audio", '"yes"', "1", "0", "[]", "{}"],
      [
        "image",
        "1",
        "{}",
        '["https://example.com/a.png"]',
        '"ftp://example.com/a.png"',
        '"asset://a"',
        '"no base64!"',
        '"data:text/html;base64,AAAA"',
      ],
      ["reference_images", "{}", "1", "[1]", "[null]", "[[]]", "true", '["ftp://a"]'],
      [
        "callback_url",
        "1",
        "{}",
        "[]",
        '"no url"',
        '"ftp://example.com/"',
        '"http://user:pass@127.0.0.1/"',
        '"//127.0.0.1/"',
      ],
      ["callback_events", "1", "{}", "[]", '["video.nope"]', "[1]", '["video.succeeded","x"]'],
      [
        "callback_headers",
        '"a"',
        "[]",
        "1",
        '{"a":1}',
        '{"a b":"c"}',
        '{"host":"a"}',
        '{"a":"b\\nc"}',
        '{"a":"é"}',
        '{"a":"1","A":"2"}',
      ],
      ["callback_format", '"xml"', "1", "{}"],
      ["metadata", '"a"', "1", "[]", "true", `{"a":"${"x".repeat(4096)}"}`],
      ["timeout_seconds", "59", "259201", "60.5", '"soon"', "1e400", "[]", "true"],
      ["retry_ambiguous_submit", '"maybe"', "1", "{}"],
      [
        "test",
        "true",
        "{}",
        '"x"',
        '{"outcome":"x"}',
        '{"outcome":"failed","delay_seconds":601}',
        '{"outcome":"failed","delay_seconds":-1}',
        "[]",
        "1",
      ],
    ];
    it.each(byDay(values))("is 400 and named: %s", async (field, ...json) => {
      for (const value of json) {
        const members = { model: JSON.stringify(MODEL), prompt: '"x"', [field]: value };
        const body = `{${Object.entries(members)
          .map(([name, text]) => `"${name}":${text}`)
          .join(",")}}`;
        const error = expectCode(await create(body), "invalid_request");
        expect(error.param, body.slice(0, 200)).toMatch(new RegExp(`^${field}(\\.|$)`));
        expect(error.issues?.[0]?.path).toBe(error.param);
      }
      expect(submitsTo(stack.gateway)).toEqual([]);
    });

    const needs: [name: string, fields: object, param: string][] = [
      ["no prompt in a text task", { input_mode: "text" }, "prompt"],
      ["no prompt and no image", {}, "prompt"],
      ["single_image without image", { input_mode: "single_image", prompt: "x" }, "image"],
      [
        "end_frame without end_image",
        { control_mode: "end_frame", prompt: "x", image: "https://example.com/a.png" },
        "end_image",
      ],
      ["end_image without image", { end_image: "https://example.com/a.png", prompt: "x" }, "image"],
      ["reference without reference_images", { control_mode: "reference", prompt: "x" }, "reference_images"],
      ["no model", { model: undefined, prompt: "x" }, "model"],
    ];
    it.each(byDay(needs))("or that is missing is 400 and named: %s", async (_name, fields, param) => {
      const error = expectCode(await create(JSON.stringify({ model: MODEL, ...fields })), "invalid_request");
      expect(error.param).toBe(param);
    });

    it("is named together with all the others, the first as param", async () => {
      const body = {
        duration_seconds: 99,
        resolution: "8k",
        callback_url: "nope",
        callback_uri: "x",
        metadata: [],
      };
      const error = expectCode(
        await create(JSON.stringify(body), { "idempotency-key": "a b" }),
        "invalid_request",
      );
      const paths = (error.issues ?? []).map(({ path }) => path);
      for (const path of [
        "model",
        "prompt",
        "duration_seconds",
        "resolution",
        "callback_url",
        "callback_uri",
        "metadata",
      ])
        expect(paths).toContain(path);
      expect(error.param).toBe(paths[0]);
    });
  });

  describe("a body that is odd and allowed", () => {
    const odd: [name: string, members: string, forwarded?: string][] = [
      ["64 levels", `"a":${"[".repeat(63)}${"]".repeat(63)}`],
      ["brackets in a string", `"a":"${"[{".repeat(5000)}"`],
      ["a NUL escaped", '"prompt":"a\\u0000b"'],
      ["a lone surrogate in the prompt", '"prompt":"a\\ud800b"'],
      ["a lone surrogate in an unknown field", '"a":"\\udfff"'],
      ["a lone surrogate in metadata", '"metadata":{"\\ud800":"\\udc00"}'],
      ["a NUL in metadata", '"metadata":{"\\u0000":"\\u0000"}'],
      [
        "__proto__ as a field",
        '"__proto__":{"callback_url":"http://127.0.0.1:9/","polluted":true}',
        '"__proto__":{"callback_url"',
      ],
      ["__proto__ in metadata", '"metadata":{"__proto__":{"polluted":true}}'],
      [
        "constructor and others",
        '"constructor":{"prototype":{"a":1}},"toString":1,"hasOwnProperty":null',
        '"hasOwnProperty":null',
      ],
      ["a number of 10,000 digits", `"a":${"9".repeat(10_000)}`, "9".repeat(10_000)],
      ["a number out of range", '"a":[1e400,-1e400,1e-400,-0]', '"a":[1e400,-1e400,1e-400,-0]'],
      ["an empty name", '"":1', '"":1'],
      ["a name of 100 KB", `"${"n".repeat(100_000)}":1`],
      ["19,990 fields", Array.from({ length: 19_990 }, (_, index) => `"k${index}":0`).join(",")],
      ["2,500 characters beyond the first plane", `"prompt":"${"😀".repeat(2500)}"`],
      ["metadata of 4,096 bytes", `"metadata":{"a":"${"x".repeat(4088)}"}`],
      ["HTML", '"prompt":"<script>alert(1)</script>"'],
      ["right-to-left marks", '"prompt":"\\u202eabc\\u2028\\u2029"'],
    ];
    it.each(byDay(odd))(
      "is accepted, forwarded and called back: %s",
      async (_name, members, forwarded = "") => {
        const hook = newHook(stack);
        const prompt = members.startsWith('"prompt"') ? "" : '"prompt":"x",';
        const answer = await create(`{"model":"${MODEL}",${prompt}${members},"callback_url":"${hook.url}"}`);
        expect(answer.status).toBe(202);
        const created = JSON.parse(answer.body) as TaskBody;
        expect(created.callback?.url).toBe(hook.url);
        const [submit] = submitsTo(stack.gateway);
        expect(submit?.body.toString()).toContain(forwarded);
        const sent = JSON.parse(submit?.body.toString() ?? "") as object;
        expect(sent).not.toHaveProperty("polluted");
        expect(Object.keys(sent).filter((name) => name.startsWith("callback_"))).toEqual([]);
        await hook.waitFor(1);
        const event = JSON.parse(hook.received()[0]?.body ?? "") as { data: TaskBody };
        expect(event.data).toMatchObject({
          task_id: created.task_id,
          status: "succeeded",
          metadata: created.metadata,
        });
      },
    );

    it("has one meaning where a field is given twice", async () => {
      const members = `"model":"other","prompt":"a","prompt":"b","callback_url":"http://127.0.0.1:9/","model":"${MODEL}"`;
      const hook = newHook(stack);
      const { status } = await create(`{${members},"callback_url":"${hook.url}"}`);
      expect([202, 400]).toContain(status);
      for (const { body } of submitsTo(stack.gateway)) {
        expect(body.toString().match(/"model"/g)).toHaveLength(1);
        expect(body.toString().match(/"prompt"/g)).toHaveLength(1);
        expect(body.toString()).not.toContain("callback_url");
      }
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
      fc.constantFrom(task.task_id, "task_x", "deliveries", "%00", "%", "..", ""),
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

describe("with the operator's key", () => {
  const TOKEN = "rb-token-of-alice";
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({
      token: TOKEN,
      settings: {
        AIO_API_KEY: "sk-operator",
        RINGBACK_KEYS: `alice:${sha256(TOKEN)},bob:${sha256("rb-token-of-bob")}`,
        RINGBACK_KEYS_9: `alice:${sha256("rb-second-token-of-alice")}`,
      },
    });
  });
  beforeEach(() => {
    stack.gateway.calls.length = 0;
  });
  afterAll(async () => stack.close());

  it("a token that is missing, malformed or unknown is 401 with the same bytes everywhere", async () => {
    const { task_id: id } = (await (await stack.create()).json()) as TaskBody;
    await stack.task(id, isTerminal);
    stack.gateway.calls.length = 0;
    const bodies = new Set<string>();
    const headerNames = new Set<string>();
    const tokens = [
      undefined,
      "",
      "Bearer",
      "Bearer unknown",
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(0, -1)}`,
      `Bearer ${TOKEN.toUpperCase()}`,
      `Bearer ${TOKEN} ${TOKEN}`,
      `Basic ${TOKEN}`,
      TOKEN,
      "Bearer alice",
      `Bearer ${sha256(TOKEN)}`,
      `Bearer alice:${sha256(TOKEN)}`,
      "Bearer sk-operator",
      `Bearer ${"x".repeat(5000)}`,
      "Bearer é",
    ];
    for (const authorization of tokens) {
      const headers = {
        "content-type": "application/json",
        ...(authorization === undefined ? {} : { authorization }),
      };
      const answers = [
        await sendRaw(`${stack.worker.url}/v1/videos`, { method: "POST", headers, chunks: [VALID] }),
        await sendRaw(`${stack.worker.url}/v1/videos/${id}`, { headers }),
        await sendRaw(`${stack.worker.url}/v1/videos/${id}/deliveries`, { headers }),
        await sendRaw(`${stack.worker.url}/v1/models`, { headers }),
        await sendRaw(`${stack.worker.url}/v1/webhooks/secret`, { headers }),
      ];
      for (const answer of answers) {
        expectCode(answer, "unauthorized");
        bodies.add(withoutRequestId(answer));
        headerNames.add(Object.keys(answer.headers).toSorted().join());
      }
    }
    expect(bodies.size).toBe(1);
    expect(headerNames.size).toBe(1);
    expect(stack.gateway.calls).toEqual([]);
  });

  it("every token of a name is that account, and no other name's", async () => {
    const { task_id: id } = (await (await stack.create()).json()) as TaskBody;
    const read = async (token: string) =>
      stack.call(`/v1/videos/${id}`, { headers: { authorization: `Bearer ${token}` } });
    expect((await read(TOKEN)).status).toBe(200);
    expect((await read("rb-second-token-of-alice")).status).toBe(200);
    const foreign = await read("rb-token-of-bob");
    expect(foreign.status).toBe(404);
    expect(await foreign.json()).toMatchObject({ error: { code: "task_not_found" } });
  });
});

describe("with settings that do not do", () => {
  // The others are test/workers/http/settings.test.ts.
  it.each(
    byDay([
      { what: "no secret", settings: { RINGBACK_SECRET: "" }, named: ["RINGBACK_SECRET"] },
      {
        what: "kept files without a bucket",
        settings: { KEEP_RESULTS: "ask" },
        named: ["KEEP_RESULTS", "RESULTS"],
      },
    ]),
  )(
    "a call is 503 and names what is wrong, and every other error comes first: $what",
    async ({ settings, named }) => {
      const worker = await startWorker({
        bucket: false,
        settings: { ...FAST_SETTINGS, AIO_BASE_URL: "http://127.0.0.1:9/v1", ...settings },
      });
      try {
        const answer = await sendRaw(`${worker.url}/v1/videos`, { ...CREATE, chunks: [VALID] });
        const { message } = expectCode(answer, "misconfigured");
        expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
        expect(message.match(/\b[A-Z][A-Z0-9_]+\b/g)).toEqual(expect.arrayContaining(named));
        expectCode(await sendRaw(`${worker.url}/v1/nope`), "not_found");
        expectCode(await sendRaw(`${worker.url}/v1/videos`, { method: "PUT" }), "method_not_allowed");
        const loop = { ...CREATE, headers: { "ringback-attempt": "1" }, chunks: [VALID] };
        expectCode(await sendRaw(`${worker.url}/v1/videos`, loop), "loop_detected");
        expect((await sendRaw(`${worker.url}/healthz`)).status).toBe(200);
      } finally {
        await worker.close();
      }
    },
  );
});

describe("with five creates a minute", () => {
  const stack = useStack({ createsPerMinute: 5 });

  const create = async (
    key: string,
    address: string,
    headers: Record<string, string> = {},
    body = VALID,
  ): Promise<RawAnswer> =>
    sendRaw(`${stack.worker.url}/v1/videos`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
        "cf-connecting-ip": address,
        ...headers,
      },
      chunks: [body],
    });

  /** Creates until one is refused: the window may turn over in between, hence more than six. */
  async function exhaust(next: (time: number) => Promise<RawAnswer>): Promise<number[]> {
    const statuses: number[] = [];
    for (let time = 0; time < 12 && !statuses.includes(429); time += 1)
      statuses.push((await next(time)).status);
    return statuses;
  }

  it("the sixth of an account is 429 with Retry-After, whatever its address", async () => {
    const statuses = await exhaust(async (time) => create("sk-one-account", `203.0.113.${time}`));
    expect(statuses.slice(0, 5)).toEqual([202, 202, 202, 202, 202]);
    expect(statuses.at(-1)).toBe(429);
    const refused = await create("sk-one-account", "203.0.113.99");
    expectCode(refused, "rate_limited");
    expect(refused.headers["retry-after"]).toBe("60");
  });

  it("the sixth of an address is 429 too, whatever its account", async () => {
    const statuses = await exhaust(async (time) => create(`sk-account-${time}`, "198.51.100.7"));
    expect(statuses.slice(0, 5)).toEqual([202, 202, 202, 202, 202]);
    expect(statuses.at(-1)).toBe(429);
    expect((await create("sk-account-99", "198.51.100.8")).status).toBe(202);
  });

  it("what is refused reaches no upstream, and reads go on", async () => {
    const first = JSON.parse((await create("sk-reader", "192.0.2.1")).body) as TaskBody;
    await exhaust(async () => create("sk-reader", "192.0.2.1"));
    const submits = submitsTo(stack.gateway).length;
    expectCode(await create("sk-reader", "192.0.2.1"), "rate_limited");
    expect(submitsTo(stack.gateway)).toHaveLength(submits);
    for (let time = 0; time < 10; time += 1) {
      const headers = { authorization: "Bearer sk-reader", "cf-connecting-ip": "192.0.2.1" };
      expect((await sendRaw(`${stack.worker.url}/v1/videos/${first.task_id}`, { headers })).status).toBe(200);
    }
  });

  it("comes after 401 and 508, and before 415, 413 and 400", async () => {
    const again = async (
      headers: Record<string, string>,
      body = VALID,
      key = "sk-order",
    ): Promise<RawAnswer> => {
      expect(await exhaust(async () => create("sk-order", "192.0.2.2"))).toContain(429);
      return create(key, "192.0.2.2", headers, body);
    };
    expectCode(await again({}), "rate_limited");
    expectCode(await again({}, VALID, ""), "unauthorized");
    expectCode(await again({ "ringback-attempt": "1" }), "loop_detected");
    expectCode(await again({ "content-type": "text/plain" }), "rate_limited");
    expectCode(await again({ "content-length": String(16 * 1024 * 1024 + 1) }), "rate_limited");
    expectCode(await again({}, "{"), "rate_limited");
  });

  it("comes before 400 for a question about the models, too", async () => {
    const models = async (query: string): Promise<RawAnswer> => {
      const headers = { authorization: "Bearer sk-models", "cf-connecting-ip": "192.0.2.3" };
      return sendRaw(`${stack.worker.url}/v1/models${query}`, { headers });
    };
    // Each is a question: a wrong name is found only once the call has been counted.
    expect(await exhaust(async () => models("?x=1"))).toContain(400);
    expectCode(await models("?x=1"), "rate_limited");
    expectCode(await models(""), "rate_limited");
  });
});
