import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { UpstreamList } from "../../../../src/contract/shapes/upstream.ts";
import {
  startUpstream,
  UPSTREAM_NAMES,
  type Upstream,
  type UpstreamName,
} from "../../../../dev/upstreams.ts";
import { ALICE, OPERATOR, OPERATOR_SETTINGS } from "../../../support/operator.ts";
import { codeOf } from "../../../support/wire/send.ts";
import {
  eventually,
  isTerminal,
  newHook,
  sendRaw,
  startStack,
  type RawAnswer,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";
import { ARK_BODY, ARK_PATH, CREATES, settingOf, submitsTo } from "./creates.ts";

/*
 * scenario                                            requirement (design.md, Other upstreams)
 * a task at an upstream                               its own request at its own path; all else is Ringback's
 * any other method and path below /v1/upstreams       404 with a message that names GET /v1/videos/{id}
 * a path with `%`, `//` or a query                    compared as it came: 404 (`\`, `..`: a unit test)
 * one idempotency key at two paths                    NAME and PATH are part of what idempotency compares
 * fields in the member, in headers, in a form         taken out; given twice, or in the wrong place, 400
 * an upstream that refuses                            as for a create
 * loops, operators                                    as for a create
 */

const keyOf = (name: UpstreamName): string => `key-of-${name}-0123456789`;

describe("with the operator's keys", () => {
  let stack: Stack;
  let upstreams: Record<UpstreamName, Upstream>;
  beforeAll(async () => {
    const started = await Promise.all(
      UPSTREAM_NAMES.map(
        async (name) =>
          [
            name,
            await startUpstream(name, { keys: [keyOf(name)], queueSeconds: 0, runSeconds: 0.3 }),
          ] as const,
      ),
    );
    upstreams = Object.fromEntries(started) as Record<UpstreamName, Upstream>;
    const { veo, ...others } = upstreams;
    stack = await startStack({
      token: ALICE,
      settings: {
        ...OPERATOR_SETTINGS,
        UPSTREAMS: settingOf(others),
        UPSTREAMS_2: settingOf({ veo }),
        ...Object.fromEntries(
          UPSTREAM_NAMES.map((name) => [
            `UPSTREAM_KEY_${name.toUpperCase().replaceAll("-", "_")}`,
            keyOf(name),
          ]),
        ),
        // Runway wants five seconds between two polls: here one is enough.
        POLL_FIRST_SECONDS: "0.6",
      },
    });
  });
  afterAll(async () => {
    await stack.close();
    await Promise.all(Object.values(upstreams).map(async ({ close }) => close()));
  });
  beforeEach(() => {
    for (const { calls } of Object.values(upstreams)) calls.length = 0;
  });

  async function post(
    name: string,
    body: object | string = ARK_BODY,
    { path = ARK_PATH, ...headers }: Record<string, string> = {},
  ): Promise<RawAnswer> {
    return sendRaw(`${stack.worker.url}/v1/upstreams/${name}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${ALICE}`, "content-type": "application/json", ...headers },
      chunks: [typeof body === "string" ? body : JSON.stringify(body)],
    });
  }

  const idOf = ({ body }: RawAnswer): string => (JSON.parse(body) as TaskBody).task_id;

  async function carry(name: keyof typeof CREATES): Promise<void> {
    const [path, body, model] = CREATES[name];
    const hook = newHook(stack);
    const created = await post(
      name,
      { ...body, ringback: { callback_url: hook.url, metadata: { order: 7 } } },
      { path, "x-custom": "1", cookie: "a=b" },
    );
    expect([created.status, created.body]).toEqual([
      202,
      expect.stringContaining(`"upstream_name":"${name}"`),
    ]);
    const id = idOf(created);
    expect(created.headers.location).toBe(`/v1/videos/${id}`);
    const upstream = upstreams[name];
    const [submit, ...others] = submitsTo(upstream);
    expect(others).toEqual([]);
    expect(submit).toMatchObject({ path });
    expect(submit?.body.toString()).toBe(JSON.stringify(body));
    for (const header of ["cookie", "x-custom"]) expect(submit?.headers).not.toHaveProperty(header);

    // Only the key opens the result of Veo, and that is not the caller's.
    const isKeyed = name === "veo";
    const task = await stack.task(id, isTerminal);
    expect(task).toMatchObject({
      status: "succeeded",
      model,
      upstream_name: name,
      video_url: isKeyed ? null : expect.stringContaining("/files/"),
      metadata: { order: 7 },
    });
    const [callback] = await hook.waitFor(1);
    expect(JSON.parse(callback?.body ?? "")).toMatchObject({
      type: "video.succeeded",
      data: { task_id: id, upstream_name: name, model },
    });
    const listed = await eventually(
      async () =>
        (await stack.call(`/v1/videos?upstream_name=${name}&status=succeeded`)).json() as Promise<{
          data: TaskBody[];
        }>,
      ({ data }) => data.length > 0,
    );
    expect(listed.data.map(({ task_id: one }) => one)).toContain(id);
    expect(stack.logs.join("\n")).not.toContain(keyOf(name));
  }

  // `life/upstreams.test.ts` has a life at each of them.
  it.each(["ark", "veo"] as const)("carries a task at %s from its create to its callback", carry);

  it("lists its upstreams, aio first", async () => {
    const response = await stack.call("/v1/upstreams");
    const { data } = (await response.json()) as UpstreamList;
    expect(response.status).toBe(200);
    expect(data.map(({ name }) => name).toSorted()).toEqual(["aio", ...UPSTREAM_NAMES].toSorted());
    expect(data[0]).toMatchObject({ name: "aio", base_path: "/v1", create_paths: ["/videos"] });
    expect(data.find(({ name }) => name === "ark")).toEqual({
      object: "upstream",
      name: "ark",
      profile: "ark",
      base_path: "/v1/upstreams/ark",
      create_paths: [ARK_PATH],
      lifetime_hours: 24,
    });
    expect((await stack.call("/v1/upstreams?x=1")).status).toBe(400);
    expect((await stack.call("/v1/upstreams", { method: "POST" })).status).toBe(405);
    expect((await stack.call("/v1/upstreams", { headers: { authorization: "" } })).status).toBe(401);
  });

  const WRONG: [method: string, path: string][] = [
    ["GET", `/ark${ARK_PATH}/cgt-1`],
    ["GET", `/ark${ARK_PATH}`],
    ["PUT", `/ark${ARK_PATH}`],
    ["DELETE", `/ark${ARK_PATH}/cgt-1`],
    ["GET", "/ark"],
    ["POST", "/ark"],
    ["POST", "/ark/"],
    ["POST", `/ark${ARK_PATH}/cgt-1`],
    ["POST", `/ark${ARK_PATH}?a=1`],
    ["POST", `/ark${ARK_PATH}?`],
    ["POST", `/ark/${ARK_PATH}`],
    ["POST", `/ark${ARK_PATH.replace("tasks", "%74asks")}`],
    ["POST", `/ark${ARK_PATH.toUpperCase()}`],
    ["POST", `/ARK${ARK_PATH}`],
    ["POST", `/%61rk${ARK_PATH}`],
    ["POST", `/runway${ARK_PATH}`],
    ["POST", `/kling${ARK_PATH}`],
    ["POST", "/aio/videos"],
    ["POST", "/veo/v1beta/models/..:predictLongRunning"],
    ["POST", "/veo/v1beta/models/a/b:predictLongRunning"],
    ["POST", "/siliconflow/v1/video/status"],
  ];
  it.each(WRONG)("has nothing at %s %s", async (method, path) => {
    const answer = await sendRaw(`${stack.worker.url}/v1/upstreams${path}`, {
      method,
      // 404 is the first of all checks.
      headers: { "ringback-attempt": "1", "content-length": "0" },
    });
    expect([answer.status, codeOf(answer)]).toEqual([404, "not_found"]);
    if (path !== "/ark") expect(answer.body).toContain("GET /v1/videos/{id}");
    for (const { calls } of Object.values(upstreams)) expect(calls).toEqual([]);
  });

  it("takes a path with a slash at its end for the path without it", async () => {
    const answer = await post(
      "ark",
      { ...ARK_BODY, ringback: { test: "succeeded" } },
      { path: `${ARK_PATH}/` },
    );
    expect(answer.status).toBe(202);
    expect(submitsTo(upstreams.ark)).toEqual([]);
  });

  it("knows a repeat by its key, upstream, path and body, wherever Ringback's fields stand", async () => {
    const key = { "idempotency-key": "at-upstreams" };
    const hook = newHook(stack);
    const first = await post("ark", { ...ARK_BODY, ringback: { callback_url: hook.url } }, key);
    const again = await post("ark", ARK_BODY, { ...key, "ringback-callback-url": hook.url });
    expect([again.status, again.headers["idempotent-replayed"], idOf(again)]).toEqual([
      202,
      "true",
      idOf(first),
    ]);
    const [path] = CREATES.runway;
    const elsewhere = [
      await post("ark", ARK_BODY, key),
      await post("runway", { ...ARK_BODY, ringback: { callback_url: hook.url } }, { path, ...key }),
      await stack.create({ callback_url: hook.url }, key),
    ];
    expect(elsewhere.map(({ status }) => status)).toEqual([422, 422, 422]);
    expect(submitsTo(upstreams.ark)).toHaveLength(1);
    expect(submitsTo(upstreams.runway)).toEqual([]);
  });

  it("takes a form, and a body with a field of Ringback's in the wrong place not at all", async () => {
    const [path] = CREATES.xai;
    const form = "model=grok-imagine&prompt=A+lighthouse.&duration=5";
    const type = { path, "content-type": "application/x-www-form-urlencoded" };
    const taken = await post("xai", form, { ...type, "Ringback-Metadata": '{"a":1}' });
    expect([taken.status, (JSON.parse(taken.body) as TaskBody).metadata]).toEqual([202, { a: 1 }]);
    expect(submitsTo(upstreams.xai).map(({ body }) => body.toString())).toEqual([
      '{"model":"grok-imagine","prompt":"A lighthouse.","duration":"5"}',
    ]);
    const refused = await post("xai", `${form}&callback_url=x&ringback={"test":"x"}`, type);
    expect(refused.status).toBe(400);
    expect(JSON.parse(refused.body)).toMatchObject({
      error: {
        code: "invalid_request",
        issues: [
          { path: "callback_url", code: "outside_its_field" },
          { path: "ringback.test.outcome", code: "not_listed" },
        ],
      },
    });
    expect((await post("xai", "<a/>", { path, "content-type": "text/xml" })).status).toBe(415);
    expect(submitsTo(upstreams.xai)).toHaveLength(1);
  });

  it("answers an upstream's refusal as for any create", async () => {
    const answer = await post("ark", { model: "m", content: [{ type: "text", text: "[refuse]" }] });
    expect([answer.status, codeOf(answer)]).toEqual([400, "upstream_rejected"]);
    expect(answer.body).toContain("sensitive information");
    upstreams.ark.fault({ on: "submit", status: 402 });
    const unpaid = await post("ark");
    expect([unpaid.status, codeOf(unpaid)]).toEqual([502, "upstream_payment_required"]);
  });

  it("refuses loops, and operators", async () => {
    for (const header of ["ringback-hop", "ringback-attempt"])
      expect((await post("ark", ARK_BODY, { [header]: "1" })).status).toBe(508);
    const asOperator = { authorization: `Bearer ${OPERATOR}`, "ringback-account": "alice" };
    expect((await post("ark", ARK_BODY, asOperator)).status).toBe(403);
    expect(submitsTo(upstreams.ark)).toEqual([]);
  });
});
