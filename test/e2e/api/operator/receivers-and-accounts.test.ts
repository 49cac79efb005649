import { describe, expect, it } from "vitest";
import type { SentDelivery } from "../../../../src/contract/shapes/delivery.ts";
import type { EndpointJson } from "../../../../src/contract/shapes/endpoint.ts";
import type { AccountList } from "../../../../src/contract/shapes/operator.ts";
import { ALICE, tokenDigest } from "../../../support/operator.ts";
import { startStack, type DeliveryBody, type RawAnswer, type TaskBody } from "../../../support/stack.ts";
import { PATH_CANARY, QUERY_CANARY, SETTINGS, code, parsed, useOperated, type Sending } from "./operate.ts";

/*
 * scenario                                            requirement (contract, Alerts and the operator)
 * a receiver's URL, anywhere in an answer             its origin only; no signature
 * the accounts                                        names in order, a page at a time, numbers where they answer
 */

const { stack, operate, ended } = useOperated();

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
