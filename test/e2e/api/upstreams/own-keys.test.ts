import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startUpstream, type Upstream } from "../../../../dev/upstreams.ts";
import { newVisitor, whereTo } from "../../../support/browsers/visitor.ts";
import { eventually, newHook, startStack, type Stack } from "../../../support/stack.ts";
import { ARK_BODY, ARK_PATH, settingOf, submitsTo } from "./creates.ts";

/*
 * scenario                                            requirement (design.md, Other upstreams)
 * a deployment with callers' keys and one entry       it takes the place of aio; a key is known after a create
 * its console                                         says so at the sign-in; a new task begins with its form
 */

describe("with callers' own keys and a single entry", () => {
  let stack: Stack;
  let ark: Upstream;
  beforeAll(async () => {
    ark = await startUpstream("ark", { queueSeconds: 0, runSeconds: 0.1 });
    stack = await startStack({ token: "sk-own-at-ark-0001", settings: { UPSTREAMS: settingOf({ ark }) } });
  });
  afterAll(async () => {
    await stack.close();
    await ark.close();
  });

  it("there is no create at aio, and a key is known once a create with it was accepted", async () => {
    const before = await stack.create();
    expect([before.status, await before.json()]).toMatchObject([404, { error: { code: "not_found" } }]);
    const refused = await stack.call("/v1/me");
    expect([refused.status, await refused.text()]).toEqual([
      401,
      expect.stringContaining("accepted a create"),
    ]);
    const create = async (ringback: object): Promise<Response> =>
      stack.call(`/v1/upstreams/ark${ARK_PATH}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...ARK_BODY, ringback }),
      });
    expect((await create({ test: "succeeded" })).status).toBe(401);

    const hook = newHook(stack);
    const created = await create({ callback_url: hook.url });
    expect(created.status).toBe(202);
    const [submit] = submitsTo(ark);
    expect(submit?.authorization).toBe("Bearer sk-own-at-ark-0001");
    await hook.waitFor(1);
    const known = await eventually(
      async () => stack.call("/v1/me"),
      ({ status }) => status === 200,
    );
    expect(await known.json()).toMatchObject({ mode: "own", base_url_host: new URL(ark.origin).host });
    expect((await create({ test: "succeeded" })).status).toBe(202);
    expect((await stack.call("/v1/models")).status).toBe(404);
    const other = await stack.call("/v1/me", { headers: { authorization: "Bearer sk-another-0001" } });
    expect(other.status).toBe(401);
    // The simulated gateway of aio saw no key at all.
    expect(stack.gateway.calls).toEqual([]);

    const visitor = newVisitor(stack);
    const unknown = await visitor.signIn("sk-another-0001");
    expect([unknown.status, unknown.body]).toEqual([401, expect.stringContaining("Start a task with it")]);
    expect(whereTo(await visitor.signIn("sk-own-at-ark-0001"))).toBe("303 /");
    const { body: tasks } = await visitor.get("/");
    // In the bar, and above the list.
    expect(tasks.match(/href="\/new[^"]*"/g)).toEqual(Array(2).fill('href="/new/upstream"'));
    expect(whereTo(await visitor.get("/new"))).toBe("303 /new/upstream");
    expect((await visitor.get("/new/upstream")).body).toContain(`<option value="ark ${ARK_PATH}" selected`);
  });
});
