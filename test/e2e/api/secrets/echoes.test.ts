import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { startGateway, type Fault } from "../../../../dev/gateway.ts";
import { expectClean, expectSealed } from "../../../support/checks/canary.ts";
import { isTerminal, newHook, submitsTo, type TaskBody } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import { ANSWER, KEY, OPERATOR_KEY, PROMPT, TOKEN, echoes, escaped, useStore } from "./canaries.ts";

/*
 * scenario                                               requirement
 * the upstream repeats the key                           guarantee 9: replaced wherever the upstream echoes it
 * the operator's key and the base URL change             contract, Who is calling: each call uses the current one
 */

describe("with the caller's own key", () => {
  const { stack, folder, settled } = useStore({ token: KEY });
  afterEach(() => {
    stack.gateway.calls.length = 0;
  });

  describe("an upstream that repeats the key", () => {
    it.each(byDay(echoes(KEY, '"task_id":"cgt-echo","status":"queued"')))(
      "in its answer to the submit, %s, is masked everywhere",
      async (_name, body) => {
        stack.gateway.fault({ on: "submit", status: 200, body });
        stack.gateway.fault({ on: "poll", status: 200, body: body.replace("queued", "failed") });
        const hook = newHook(stack);
        const response = await stack.create({ callback_url: hook.url });
        expect(response.status).toBe(202);
        const text = await response.text();
        expectClean(text, KEY);
        const { task_id: id, upstream } = JSON.parse(text) as TaskBody;
        expect(upstream).toMatchObject({ task_id: "cgt-echo" });
        const task = await settled(id);
        expect(task.upstream).toMatchObject({ task_id: "cgt-echo", status: "failed" });
        expectClean(JSON.stringify(task), KEY);
        expectClean(hook.received()[0]?.body ?? "none", KEY);
        expectSealed(folder, KEY);
      },
    );

    const refusals: [name: string, body: string][] = [
      ...echoes(KEY, '"error":{"message":"no"}'),
      ["in the message", JSON.stringify({ error: { message: `The key ${KEY} is not known.` } })],
      ["in the message, escaped", `{"error":{"message":"The key ${escaped(KEY)} is not known."}}`],
      ["in a page", `<h1>${KEY}</h1>`],
      ["in half of a JSON", `{"error":"${KEY}`],
      ["across the 16 KB that are passed on", `${"x".repeat(16_384 - 10)}${KEY}`],
    ];
    it.each(byDay(refusals))("in a refusal, %s, is masked everywhere", async (_name, body) => {
      stack.gateway.fault({
        on: "submit",
        status: 401,
        body,
        headers: { "x-echo": KEY, "www-authenticate": KEY },
      });
      const response = await stack.create();
      expect(response.status).toBe(401);
      expectClean(JSON.stringify([...response.headers]), KEY);
      const text = await response.text();
      expectClean(text, KEY, KEY.slice(0, 10));
      expect(text).toContain('"code":"upstream_unauthorized"');
    });

    it.each(byDay(refusals))(
      "in a refusal after the answer, %s, is masked everywhere",
      async (_name, body) => {
        const hook = newHook(stack);
        stack.gateway.fault({ on: "submit", status: 400, body });
        const response = await stack.create({ callback_url: hook.url }, { prefer: "respond-async" });
        const { task_id: id } = (await response.json()) as TaskBody;
        const task = await settled(id);
        expect(task.error?.code).toBe("upstream_rejected");
        expectClean(JSON.stringify(task), KEY, KEY.slice(0, 10));
        expectClean(hook.received()[0]?.body ?? "none", KEY, KEY.slice(0, 10));
      },
    );

    it("in an unknown answer is masked everywhere", async () => {
      stack.gateway.fault({ on: "submit", status: 500, body: { error: `upstream saw ${KEY}` } });
      const response = await stack.create();
      expect(response.status).toBe(202);
      expectClean(await response.text(), KEY);
    });

    it.each(
      byDay([
        ["plain", `The key ${KEY} has no quota.`],
        ["after the 2000 characters that are kept", `${"y".repeat(1995)}${KEY}`],
      ]),
    )("in error_message, %s, is masked everywhere", async (_name, message) => {
      const hook = newHook(stack);
      stack.gateway.fault({ on: "poll", status: 200, body: { status: "failed", error_message: message } });
      const response = await stack.create({ callback_url: hook.url });
      const { task_id: id } = (await response.json()) as TaskBody;
      const task = await settled(id);
      expect(task.error?.code).toBe("generation_failed");
      expect(task.error_message).toMatch(/^The key |^yyy/);
      expectClean(JSON.stringify(task), KEY, KEY.slice(0, 4));
      expectClean(hook.received()[0]?.body ?? "none", KEY, KEY.slice(0, 4));
    });

    it("as a word for the status or as progress is masked everywhere, in the log, too", async () => {
      stack.gateway.fault({ on: "poll", status: 200, body: { status: KEY, progress: KEY }, times: 2 });
      const response = await stack.create();
      const { task_id: id } = (await response.json()) as TaskBody;
      const task = await stack.task(id, isTerminal);
      expect(task.status).toBe("succeeded");
      expectClean(JSON.stringify(task), KEY);
      expectClean(stack.logs.join("\n"), KEY);
    });

    // A key of its own: that of the others was listed its models within the last minute.
    const lister = `${KEY}/lister`;
    const models: [name: string, answer: Omit<Fault, "on">][] = [
      ...echoes(lister, '"object":"list"').map(([name, body]): [string, Omit<Fault, "on">] => [
        name,
        { status: 200, body, headers: { "content-type": "application/json" } },
      ]),
      ["in a 401", { status: 401, body: { error: { message: `Unknown key ${lister}` } } }],
      ["in a 500", { status: 500, body: `Trace: ${lister}` }],
      ["in a page", { status: 200, body: `<h1>${lister}</h1>`, headers: { "content-type": "text/html" } }],
      [
        "in headers",
        {
          status: 200,
          body: "{}",
          headers: { "x-echo": lister, "set-cookie": lister, "content-type": `text/plain; k="${lister}"` },
        },
      ],
    ];
    it.each(byDay(models))("in its models, %s, is masked everywhere", async (_name, answer) => {
      stack.gateway.fault({ on: "models", ...answer });
      const headers = { authorization: `Bearer ${lister}` };
      const response = await stack.call("/v1/models", { headers });
      expect(response.status).toBe(answer.status === 500 ? 502 : answer.status);
      expectClean(JSON.stringify([...response.headers]), KEY);
      expectClean(await response.text(), KEY);
    });

    it("keeps the models as they are where the key is not in them", async () => {
      const body = '{ "object":"list", "data":[ {"id":"a\\/b","n":12345678901234567890,"x":1.10} ] }';
      stack.gateway.fault({
        on: "models",
        status: 200,
        body,
        headers: { "content-type": "application/json" },
      });
      // Of a key that was not listed its models a moment ago.
      const response = await stack.call("/v1/models", { headers: { authorization: "Bearer sk-clean" } });
      expect(await response.text()).toBe(body);
    });
  });
});

describe("with the operator's key", () => {
  const other = "sk-another-canary/of+the=operator";
  const settings = {
    AIO_API_KEY: OPERATOR_KEY,
    RINGBACK_KEYS: `alice:${createHash("sha256").update(TOKEN).digest("hex")}`,
  };
  const { stack, folder } = useStore({ token: TOKEN, settings });

  it.each(byDay(echoes(OPERATOR_KEY, '"error":{"message":"no"}')))(
    "an upstream that repeats it in a refusal, %s, is masked everywhere",
    async (_name, body) => {
      stack.gateway.fault({ on: "submit", status: 400, body });
      const text = await (await stack.create()).text();
      expect(text).toContain('"code":"upstream_rejected"');
      expectClean(text, OPERATOR_KEY);
    },
  );

  it.each(byDay(echoes(OPERATOR_KEY, '"object":"list"')))(
    "an upstream that repeats it in its models, %s, is masked everywhere",
    async (_name, body) => {
      stack.gateway.fault({ on: "models", status: 200, body });
      const response = await stack.call("/v1/models");
      expect(response.status).toBe(200);
      expectClean(await response.text(), OPERATOR_KEY);
    },
  );

  it.each([401, 402, 403])("the models' %i is 502, in words of our own", async (status) => {
    stack.gateway.fault({
      on: "models",
      status,
      body: { error: { message: "canary of the operator's balance" } },
    });
    const response = await stack.call("/v1/models");
    expect(response.status).toBe(502);
    expectClean(await response.text(), "canary", OPERATOR_KEY);
  });

  it("is not stored with a task: each call uses the current key and the current base URL", async () => {
    const hook = newHook(stack);
    stack.gateway.fault({
      on: "poll",
      status: 200,
      times: Infinity,
      body: { status: "running", note: ANSWER, key: OPERATOR_KEY },
    });
    const { task_id: id } = (await (
      await stack.create({ prompt: PROMPT, callback_url: hook.url })
    ).json()) as TaskBody;
    const task = await stack.task(id, ({ status }) => status === "running");
    expectClean(JSON.stringify(task), OPERATOR_KEY, TOKEN);
    expectSealed(folder, OPERATOR_KEY, TOKEN, PROMPT, ANSWER);

    const elsewhere = await startGateway();
    try {
      const moved = stack.gateway.tasks.get(task.upstream_task_id ?? "");
      if (moved === undefined) throw new Error("the gateway does not know the task");
      elsewhere.tasks.set(moved.id, { ...moved, key: other, endsAt: 0 });
      await stack.restart({ AIO_API_KEY: other, AIO_BASE_URL: elsewhere.baseUrl });
      const before = stack.gateway.calls.length;
      expect(await stack.task(id, isTerminal)).toMatchObject({ status: "succeeded" });
      await hook.waitFor(1);
      expect(stack.gateway.calls).toHaveLength(before);
      expect(new Set(elsewhere.calls.map(({ authorization }) => authorization))).toEqual(
        new Set([`Bearer ${other}`]),
      );
      expectSealed(folder, OPERATOR_KEY, other, TOKEN, PROMPT, ANSWER);
      expectClean(stack.logs.join("\n"), OPERATOR_KEY, other, TOKEN, PROMPT, ANSWER);
      expectClean(hook.received()[0]?.body ?? "none", OPERATOR_KEY, other, TOKEN, PROMPT);
      expect(submitsTo(elsewhere)).toEqual([]);
    } finally {
      await stack.restart();
      await elsewhere.close();
    }
  });
});
