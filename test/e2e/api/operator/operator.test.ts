import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SentDelivery } from "../../../../src/contract/shapes/delivery.ts";
import type { EndpointJson } from "../../../../src/contract/shapes/endpoint.ts";
import type { AccountList } from "../../../../src/contract/shapes/operator.ts";
import type { ListedTask } from "../../../../src/contract/shapes/task.ts";
import { OPERATOR_CALLS } from "../../../../src/http/operator/open-calls.ts";
import { openApiDocument } from "../../../../src/openapi/document.ts";
import { ALICE, OPERATOR, OPERATOR_SETTINGS, tokenDigest } from "../../../support/operator.ts";
import {
  eventually,
  isTerminal,
  newHook,
  sendRaw,
  startStack,
  type DeliveryBody,
  type Hook,
  type RawAnswer,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";

/*
 * scenario                                            requirement (contract, Alerts and the operator)
 * a support case: find, see why, deliver again        an operator reads, redelivers and recovers to the stored receivers
 * every operation of the document                     one that the table does not name is 403 `forbidden`
 * the header missing, unknown, or a caller's          400, 404, 403, in the order of the checks
 * a receiver's URL, anywhere in an answer             its origin only; no signature
 * every call                                          logged with the token's name and the route, and without the query
 * the accounts                                        names in order, a page at a time, numbers where they answer
 */

const SETTINGS = {
  ...OPERATOR_SETTINGS,
  RINGBACK_KEYS_2: `alice:${tokenDigest("rb-second-token-of-alice")}`,
};
const PATH_CANARY = "canary-of-the-path";
const QUERY_CANARY = "canary-of-the-query";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ token: ALICE, settings: SETTINGS });
});
afterAll(async () => stack.close());
beforeEach(() => stack.receiver.defaultReply({ status: 200 }));

interface Sending {
  method?: string;
  /** Null: without the header. */
  account?: string | null;
  body?: object;
  headers?: Record<string, string>;
  token?: string;
}

async function operate(path: string, sending: Sending = {}): Promise<RawAnswer> {
  const { method = "GET", account = "alice", body, token = OPERATOR } = sending;
  return sendRaw(stack.worker.url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(account === null ? {} : { "ringback-account": account }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...sending.headers,
    },
    chunks: body === undefined ? [] : [JSON.stringify(body)],
  });
}

const parsed = ({ body }: RawAnswer): unknown => JSON.parse(body);

const code = ({ status, body }: RawAnswer): string =>
  `${status} ${(JSON.parse(body) as { error: { code: string } }).error.code}`;

/** A task of alice's whose callback went to a receiver with a secret in path and query. */
async function ended(fields: object = {}): Promise<{ id: string; hook: Hook }> {
  const hook = newHook({ receiver: { ...stack.receiver, url: `${stack.receiver.url}/${PATH_CANARY}` } });
  const callback_url = `${hook.url}?token=${QUERY_CANARY}`;
  const { task_id: id } = (await (await stack.create({ callback_url, ...fields })).json()) as TaskBody;
  await stack.task(id, isTerminal);
  await stack.deliveries(id, ([one]) => (one?.attempts[0]?.duration_ms ?? null) !== null);
  return { id, hook };
}

describe("an operator", () => {
  it("finds a caller's task by its order number, sees why its callback failed, and delivers it again", async () => {
    stack.receiver.defaultReply({ status: 500, body: "the order table is locked" });
    const { id, hook } = await ended({ metadata: { order: "A-1007" } });
    const found = await eventually(
      async () => (parsed(await operate("/v1/videos?metadata.order=A-1007")) as { data: ListedTask[] }).data,
      (data) => data.length === 1,
    );
    expect(found.map(({ task_id }) => task_id)).toEqual([id]);
    const task = parsed(await operate(`/v1/videos/${id}`)) as TaskBody;
    expect(task).toMatchObject({ status: "succeeded", metadata: { order: "A-1007" } });
    expect(task.callback?.status).toBe("pending");
    const [delivery] = (parsed(await operate(`/v1/videos/${id}/deliveries`)) as { data: DeliveryBody[] })
      .data;
    expect(delivery?.attempts[0]).toMatchObject({
      reason: "http_500",
      response_excerpt: "the order table is locked",
    });
    stack.receiver.defaultReply({ status: 200 });
    const again = await operate(`/v1/videos/${id}/redeliver`, {
      method: "POST",
      body: { message_id: delivery?.message_id },
    });
    expect(again.status).toBe(202);
    await stack.deliveries(id, ([one]) => one?.status === "delivered");
    const bodies = hook.received().map(({ body }) => body);
    expect(bodies).toEqual([bodies[0], bodies[0]]);
  });

  it("recovers to the stored receivers, and reads the recovery and the numbers", async () => {
    stack.receiver.defaultReply({ status: 410 });
    const { id } = await ended();
    const preview = { statuses: ["stopped"], dry_run: true };
    const path = "/v1/webhooks/recoveries";
    await eventually(
      async () => operate(path, { method: "POST", body: preview }),
      ({ body }) => body.includes(id),
    );
    stack.receiver.defaultReply({ status: 200 });
    const started = await operate(path, { method: "POST", body: { statuses: ["stopped"] } });
    expect(started.status).toBe(202);
    const { id: recoveryId } = parsed(started) as { id: string };
    await eventually(
      async () => parsed(await operate(`${path}/${recoveryId}`)) as { status: string; delivered: number },
      ({ status, delivered }) => status === "done" && delivered >= 1,
    );
    expect((parsed(await operate(path)) as { data: { id: string }[] }).data.map((one) => one.id)).toContain(
      recoveryId,
    );
    expect((parsed(await operate("/v1/stats")) as { object: string }).object).toBe("stats");
  });

  it("waits for a task and follows it, and deletes it", async () => {
    const created = await stack.create({ callback_url: newHook(stack).url });
    const { task_id: id } = (await created.json()) as TaskBody;
    expect((parsed(await operate(`/v1/videos/${id}?wait=20`)) as TaskBody).status).toBe("succeeded");
    const stream = await operate(`/v1/videos/${id}/events`);
    expect(stream.headers["content-type"]).toBe("text/event-stream");
    expect(stream.body).toMatch(/^event: video\.succeeded\nid: .*\ndata: \{.*\}\n\n$/m);
    expect((await operate(`/v1/videos/${id}`, { method: "DELETE" })).status).toBe(204);
    expect((await stack.call(`/v1/videos/${id}`)).status).toBe(404);
  });

  it("reaches one account at a time", async () => {
    const { id } = await ended();
    expect(code(await operate(`/v1/videos/${id}`, { account: "bob" }))).toBe("404 task_not_found");
    expect((parsed(await operate("/v1/videos", { account: "bob" })) as { data: [] }).data).toEqual([]);
  });

  it("sends nothing elsewhere, and changes nothing that is the caller's", async () => {
    const { id } = await ended();
    const elsewhere = { callback_url: newHook(stack).url };
    const paths = [`/v1/videos/${id}/redeliver`, "/v1/webhooks/recoveries"];
    for (const path of paths)
      expect(code(await operate(path, { method: "POST", body: elsewhere }))).toBe("403 forbidden");
    const form = await sendRaw(`${stack.worker.url}/v1/videos/${id}/redeliver`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${OPERATOR}`,
        "ringback-account": "alice",
        "content-type": "application/x-www-form-urlencoded",
      },
      chunks: [new URLSearchParams(elsewhere).toString()],
    });
    expect(code(form)).toBe("403 forbidden");
    // Absent, as in any call.
    const absent = { method: "POST", body: { callback_url: null } };
    expect((await operate(`/v1/videos/${id}/redeliver`, absent)).status).toBe(202);
  });
});

describe("a call", () => {
  const operations = Object.entries(openApiDocument().paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
  // No key is involved.
  const OPEN = new Set(["/healthz", "/readyz", "/openapi.json", "/docs", "/v1/files/{name}"]);
  const forbidden = operations.filter(
    ({ method, path }) => !OPEN.has(path) && !(`${method} ${path}` in OPERATOR_CALLS),
  );

  // Without other upstreams there is none: test/e2e/api/upstreams.test.ts.
  const ELSEWHERE = new Set(["/v1/operator/accounts", "/v1/upstreams/{name}/{path}"]);
  it.each(forbidden.filter(({ path }) => !ELSEWHERE.has(path)))(
    "of the document that is not an operator's is forbidden: $method $path",
    async ({ method, path }) => {
      const sending = method === "GET" ? { method } : { method, body: {} };
      const url = path.replace("{id}", "x").replace("{message_id}", "y");
      expect(code(await operate(url, sending))).toBe("403 forbidden");
      // 403 comes before everything that is wrong with the request.
      expect(code(await operate(`${url}?x=1`, { ...sending, account: null }))).toBe("403 forbidden");
    },
  );

  it("is forbidden where it would make, show or end what is the caller's", () => {
    expect(forbidden.map(({ method, path }) => `${method} ${path}`)).toEqual(
      expect.arrayContaining([
        "POST /v1/videos",
        "GET /v1/models",
        "GET /v1/me",
        "GET /v1/webhooks/secret",
        "POST /v1/webhooks/secret/rotate",
        "POST /v1/webhooks/ping",
        "POST /v1/webhooks/verify",
        "DELETE /v1/webhooks/recoveries/{id}",
      ]),
    );
  });

  it("needs the account's name, and says so after everything else", async () => {
    for (const account of [null, "", "  "]) {
      const answer = await operate("/v1/stats", { account });
      expect(code(answer)).toBe("400 invalid_request");
      expect((parsed(answer) as { error: object }).error).toMatchObject({
        param: "Ringback-Account",
        issues: [{ path: "Ringback-Account", code: "required" }],
      });
    }
    const path = "/v1/webhooks/recoveries";
    const text = { "content-type": "text/plain" };
    expect(code(await operate(path, { method: "POST", account: null, body: {}, headers: text }))).toBe(
      "415 unsupported_media_type",
    );
    const large = { statuses: "x".repeat(70_000) };
    expect(code(await operate(path, { method: "POST", account: null, body: large }))).toBe(
      "413 payload_too_large",
    );
    const elsewhere = { callback_url: newHook(stack).url };
    expect(code(await operate(path, { method: "POST", account: null, body: elsewhere }))).toBe(
      "403 forbidden",
    );
    const queried = await operate(`${path}?x=1`, { method: "POST", account: null, body: {} });
    expect((parsed(queried) as { error: { issues: { path: string }[] } }).error.issues).toMatchObject([
      { path: "Ringback-Account" },
      { path: "x" },
    ]);
  });

  it.each(["carol", "Alice", "mallory", "alice,bob", "name:alice", "a".repeat(65), "__proto__"])(
    "for an account that does not exist is 404: %s",
    async (account) => {
      expect(code(await operate("/v1/stats", { account }))).toBe("404 not_found");
    },
  );

  it("with a caller's token names no account, not even its own", async () => {
    for (const account of ["alice", "bob", "carol"])
      for (const path of ["/v1/stats", "/v1/videos", "/v1/me", "/v1/videos/task_x"])
        expect(code(await operate(path, { token: ALICE, account }))).toBe("403 forbidden");
    expect(code(await operate("/v1/stats", { token: "rb-unknown" }))).toBe("401 unauthorized");
    expect(code(await operate("/v1/no-such-path", { token: ALICE }))).toBe("404 not_found");
    expect(code(await operate("/v1/stats", { token: ALICE, method: "PUT" }))).toBe("405 method_not_allowed");
  });

  it("is logged with the token's name, its route and status, and without the query or the id", async () => {
    const { id } = await ended();
    stack.logs.length = 0;
    const query = "metadata.order=a-secret-order";
    await operate(`/v1/videos?${query}`);
    await operate(`/v1/videos/${id}/`);
    await operate("/v1/me");
    await operate("/v1/stats", { account: null });
    await operate("/v1/stats", { account: "carol" });
    await operate("/v1/operator/accounts", { account: null });
    await operate("/v1/stats", { token: ALICE, account: null });
    const lines = await eventually(
      async () => stack.logs.filter((line) => line.includes("operator.called")),
      ({ length }) => length >= 6,
    );
    const calls = lines.map((line) => JSON.parse(line.slice(line.indexOf("{"))) as Record<string, unknown>);
    expect(calls).toEqual(
      [
        { account: "name:alice", method: "GET", route: "/v1/videos", status: 200 },
        { account: "name:alice", method: "GET", route: "/v1/videos/{id}", status: 200 },
        { method: "GET", route: "/v1/me", status: 403 },
        { method: "GET", route: "/v1/stats", status: 400 },
        { method: "GET", route: "/v1/stats", status: 404 },
        { method: "GET", route: "/v1/operator/accounts", status: 200 },
      ].map((call) =>
        Object.assign(call, { event: "operator.called", token: "mallory", request_id: expect.any(String) }),
      ),
    );
    expect(calls.every(({ request_id: requestId }) => String(requestId).startsWith("req_"))).toBe(true);
    for (const hidden of [id, "a-secret-order", OPERATOR, tokenDigest(OPERATOR)])
      expect(lines.join("\n")).not.toContain(hidden);
  });
});

describe("what an operator sees of a receiver", () => {
  const ECHO = `Cannot POST /${PATH_CANARY}?token=${QUERY_CANARY} (${PATH_CANARY} is not registered)`;

  it("is its origin, wherever its URL stands, and no signature", async () => {
    stack.receiver.defaultReply({ status: 404, body: ECHO });
    const { id } = await ended({
      metadata: { url: "https://the-callers-own.example.com/page?x=1" },
      callback_events: ["video.running", "video.succeeded"],
    });
    const [delivery] = await stack.deliveries(id, ([one]) => one?.event === "video.succeeded");
    const other = `${stack.receiver.url}/${PATH_CANARY}-elsewhere?token=${QUERY_CANARY}`;
    await stack.call(`/v1/videos/${id}/redeliver`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ callback_url: other }),
    });
    await stack.deliveries(id, ([one]) => one?.attempts.at(-1)?.duration_ms !== null);
    const sentPath = `/v1/videos/${id}/deliveries/${delivery?.message_id}`;
    const redeliver = await operate(`/v1/videos/${id}/redeliver`, { method: "POST", body: {} });
    await stack.deliveries(id, ([one]) => (one?.attempts.length ?? 0) >= 3);
    const answers = {
      task: await operate(`/v1/videos/${id}`),
      waited: await operate(`/v1/videos/${id}?wait=1`),
      list: await operate("/v1/videos?limit=100"),
      events: await operate(`/v1/videos/${id}/events`),
      deliveries: await operate(`/v1/videos/${id}/deliveries`),
      sent: await operate(sentPath),
      redeliver,
      unknown: await operate(`/v1/videos/${id}/deliveries/msg_x`),
      wrong: await operate("/v1/videos?callback_host=%2F"),
      stats: await operate("/v1/stats"),
      preview: await operate("/v1/webhooks/recoveries", {
        method: "POST",
        body: { statuses: ["pending"], dry_run: true },
      }),
      recoveries: await operate("/v1/webhooks/recoveries"),
      accounts: await operate("/v1/operator/accounts", { account: null }),
    };
    for (const [name, answer] of Object.entries(answers)) {
      expect([name, answer.body]).toEqual([name, expect.not.stringContaining(PATH_CANARY)]);
      expect([name, answer.body]).toEqual([name, expect.not.stringContaining(QUERY_CANARY)]);
      expect([name, answer.body]).toEqual([name, expect.not.stringContaining("webhook-signature")]);
    }
    const { origin } = new URL(stack.receiver.url);
    const task = parsed(answers.task) as TaskBody;
    expect(task.callback?.url).toBe(origin);
    expect(task.metadata).toEqual({ url: "https://the-callers-own.example.com/page?x=1" });
    expect({ ...task, callback: null }).toEqual({ ...(await stack.task(id)), callback: null });
    expect(answers.events.body).toContain(`"url":"${origin}"`);
    const sent = parsed(answers.sent) as SentDelivery;
    expect(sent.request?.url).toBe(origin);
    expect(sent.request?.headers["webhook-id"]).toBe(delivery?.message_id);
    const excerpts = sent.attempts.map(({ response_excerpt: excerpt }) => excerpt);
    expect(excerpts[0]).toMatch(/^Cannot POST .*\[redacted\] is not registered\)$/);
    // Of another URL, which is not known any more.
    expect(sent.attempts.find(({ host }) => host !== undefined)?.response_excerpt).toBeNull();
    // The caller sees all of it.
    expect((await stack.deliveries(id))[0]?.attempts[0]?.response_excerpt).toBe(ECHO);
  });

  it("is the origin of a registered endpoint, which it may switch off and on and nothing more", async () => {
    const path = "/v1/webhooks/endpoints";
    const own = async (method: string, to: string, body: object): Promise<Response> =>
      stack.call(to, {
        method,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const url = `${stack.receiver.url}/${PATH_CANARY}-endpoint?token=${QUERY_CANARY}`;
    const registered = (await (await own("POST", path, { url })).json()) as EndpointJson;
    const one = `${path}/${registered.id}`;
    const answers = [
      await operate(path),
      await operate(one),
      await operate(one, { method: "PATCH", body: { enabled: false } }),
      await operate(one, { method: "PATCH", body: { enabled: true } }),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(body).toContain(`"url":"${new URL(url).origin}"`);
      expect(body).not.toContain("canary");
    }
    expect(answers.map(({ body }) => /"status":"(\w+)"/.exec(body)?.[1])).toEqual([
      "active",
      "active",
      "disabled",
      "active",
    ]);
    for (const fields of [{ enabled: true, url }, { description: "x" }, { enabled: true, headers: null }]) {
      const changed = await operate(one, { method: "PATCH", body: fields });
      expect([fields, code(changed)]).toEqual([fields, "403 forbidden"]);
    }
    expect(code(await operate(path, { method: "POST", body: { url } }))).toBe("403 forbidden");
    expect(code(await operate(`${one}/test`, { method: "POST", body: {} }))).toBe("403 forbidden");
    expect(code(await operate(one, { method: "DELETE" }))).toBe("403 forbidden");
    expect(await (await stack.call(one)).json()).toEqual(registered);
    expect((await stack.call(one, { method: "DELETE" })).status).toBe(204);
  });

  it("is the origin of an endpoint in a task's deliveries, and its words without its address", async () => {
    stack.receiver.defaultReply({ status: 404, body: ECHO });
    const headers = { "content-type": "application/json" };
    const url = `${stack.receiver.url}/${PATH_CANARY}?token=${QUERY_CANARY}`;
    const registered = await stack.call("/v1/webhooks/endpoints", {
      method: "POST",
      headers,
      body: JSON.stringify({ url }),
    });
    const { id: endpointId } = (await registered.json()) as EndpointJson;
    const { task_id: id } = (await (await stack.create()).json()) as TaskBody;
    const attempted = ([one]: DeliveryBody[]): boolean => (one?.attempts[0]?.duration_ms ?? null) !== null;
    const [delivery] = await stack.deliveries(id, attempted);
    expect(delivery).toMatchObject({ endpoint: { id: endpointId }, attempts: [{ response_excerpt: ECHO }] });
    const list = await operate(`/v1/videos/${id}/deliveries`);
    expect(list.body).toContain("[redacted] is not registered");
    const sent = await operate(`/v1/videos/${id}/deliveries/${delivery?.message_id}?endpoint=${endpointId}`);
    expect((parsed(sent) as SentDelivery).request?.url).toBe(new URL(url).origin);
    const again = await operate(`/v1/videos/${id}/redeliver`, {
      method: "POST",
      body: { endpoint: endpointId },
    });
    expect(again.status).toBe(202);
    const endpoint = `/v1/webhooks/endpoints/${endpointId}`;
    const move = { url: `${stack.receiver.url}/moved` };
    await stack.call(endpoint, { method: "PATCH", headers, body: JSON.stringify(move) });
    const moved = await operate(`/v1/videos/${id}/deliveries`);
    await stack.call(endpoint, { method: "DELETE" });
    const after = await operate(`/v1/videos/${id}/deliveries`);
    // Its address at the time is not known any more.
    for (const answer of [moved, after])
      expect((parsed(answer) as { data: DeliveryBody[] }).data[0]?.attempts[0]?.response_excerpt).toBeNull();
    for (const { body } of [list, sent, again, moved, after]) {
      expect(body).not.toContain("canary");
      expect(body).not.toContain("webhook-signature");
    }
  });

  it("is the origin of a redirect's target, too", async () => {
    const location = `https://other.example.com/${PATH_CANARY}?token=${QUERY_CANARY}`;
    stack.receiver.defaultReply({ status: 301, headers: { location } });
    const { id } = await ended();
    const { body } = await operate(`/v1/videos/${id}/deliveries`);
    expect(body).toContain("redirect to https://other.example.com");
    expect(body).not.toContain("canary");
  });
});

describe("the accounts", () => {
  const list = async (query = "", sending: Sending = {}): Promise<RawAnswer> =>
    operate(`/v1/operator/accounts${query}`, { account: null, ...sending });

  it("are the names of RINGBACK_KEYS, each once and in order, with the numbers of their own statistics", async () => {
    await ended();
    const { data, next_cursor: cursor } = parsed(await list()) as AccountList;
    expect(data.map(({ name }) => name)).toEqual(["alice", "bob"]);
    expect(cursor).toBeNull();
    const { name: _, ...numbers } = data[0] ?? {};
    expect(await (await stack.call("/v1/stats")).json()).toMatchObject(numbers);
    expect(Object.keys(data[1] ?? {})).toEqual(["name", "tasks", "deliveries", "hosts"]);
    expect(data[1]).toMatchObject({ tasks: { queued: 0, succeeded: 0 }, hosts: [] });
  });

  it("come a page at a time", async () => {
    const first = parsed(await list("?limit=1")) as AccountList;
    expect(first.data.map(({ name }) => name)).toEqual(["alice"]);
    const second = parsed(await list(`?limit=1&cursor=${first.next_cursor}`)) as AccountList;
    expect(second).toMatchObject({ data: [{ name: "bob" }], next_cursor: null });
  });

  it.each(["?limit=0", "?limit=51", "?limit=x", "?cursor=%20", "?cursor=!", "?x=1", "?limit=1&limit=2"])(
    "are not asked for by %s",
    async (query) => {
      expect(code(await list(query))).toBe("400 invalid_request");
    },
  );

  it("are an operator's to see, with any account's name or none", async () => {
    expect((await list("", { account: "carol" })).status).toBe(200);
    expect(code(await list("", { token: ALICE }))).toBe("403 forbidden");
    expect(code(await list("?x=1", { token: ALICE }))).toBe("403 forbidden");
    expect(code(await list("", { token: "rb-unknown" }))).toBe("401 unauthorized");
    const posted = await list("", { method: "POST" });
    expect([code(posted), posted.headers.allow]).toEqual(["405 method_not_allowed", "GET"]);
  });
});

describe("a deployment", () => {
  it.each<[settings: Record<string, string>, names: string[]]>([
    [{ RINGBACK_OPERATOR_KEYS: `mallory:${tokenDigest(ALICE).toUpperCase()}` }, ["RINGBACK_OPERATOR_KEYS"]],
    [{ RINGBACK_OPERATOR_KEYS: "mallory" }, ["RINGBACK_OPERATOR_KEYS"]],
    [{ AIO_API_KEY: "", RINGBACK_KEYS: "", RINGBACK_KEYS_2: "" }, ["RINGBACK_OPERATOR_KEYS"]],
  ])("with such operators is misconfigured, and says which setting: %j", async (settings, names) => {
    const bad = await startStack({ token: ALICE, settings: { ...SETTINGS, ...settings } });
    try {
      const answer = await bad.call("/v1/stats");
      const { error } = (await answer.json()) as { error: { code: string; message: string } };
      expect([answer.status, error.code]).toEqual([503, "misconfigured"]);
      for (const name of names) expect(error.message).toContain(name);
    } finally {
      await bad.close();
    }
  });

  it("of own keys has no accounts to list, and no operator", async () => {
    const own = await startStack();
    try {
      for (const path of ["/v1/operator/accounts", "/v1/stats"]) {
        const answer = await own.call(path, { headers: { "ringback-account": "alice" } });
        expect([path, answer.status]).toEqual([path, 403]);
      }
      const keyless = await own.call("/v1/operator/accounts", { headers: { authorization: "" } });
      expect(keyless.status).toBe(401);
    } finally {
      await own.close();
    }
  });
});
