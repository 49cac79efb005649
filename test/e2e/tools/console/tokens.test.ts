import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startStack, type Stack, type TaskBody } from "../../../support/stack.ts";
import { newVisitor, whereTo } from "../../../support/browsers/visitor.ts";
import { createHash } from "node:crypto";

/*
 * scenario                                             requirement (issue: the console)
 * tokens of another account, and those that are gone   the same caller as the API's
 */

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("with an operator's key", () => {
  let operated: Stack;
  const keys = (names: readonly string[]): string =>
    names.map((name) => `${name}:${sha256(`rb-${name}`)}`).join(",");

  beforeAll(async () => {
    operated = await startStack({
      settings: { AIO_API_KEY: "sk-operator", RINGBACK_KEYS: keys(["alice", "bob"]) },
      token: "rb-alice",
    });
  });
  afterAll(async () => operated.close());

  it("a token shows its account's tasks and no other's", async () => {
    const created = (await (await operated.create()).json()) as TaskBody;
    const [alice, bob] = [newVisitor(operated), newVisitor(operated)];
    await alice.signIn("rb-alice");
    await bob.signIn("rb-bob");
    expect((await alice.get(`/tasks/${created.task_id}`)).status).toBe(200);
    const foreign = await bob.get(`/tasks/${created.task_id}`);
    const madeUp = await bob.get(`/tasks/task_${"a".repeat(42)}`);
    expect([foreign.status, madeUp.status]).toEqual([404, 404]);
    const rest = ({ body }: { body: string }): string =>
      body.replaceAll(/req_\w+/g, "").replaceAll(/\/tasks\/task_\w+/g, "");
    expect(rest(foreign)).toBe(rest(madeUp));
    for (const action of ["redeliver", "delete"]) {
      expect((await bob.post(`/tasks/${created.task_id}/${action}`)).status).toBe(404);
    }
    expect((await alice.get(`/tasks/${created.task_id}`)).status).toBe(200);
    expect((await alice.get("/")).body).toContain("alice");
  });

  it.each([401, 402, 403])(
    "a create that the operator's account is refused for (%i) is the operator's affair",
    async (status) => {
      const alice = newVisitor(operated);
      await alice.signIn("rb-alice");
      const form = { mode: "text", model: "m", prompt: "p", with_audio: "true" };
      operated.gateway.fault({
        on: "submit",
        status,
        body: { error: { message: "the operator's own affair" } },
      });
      const answer = await alice.post("/new", form);
      expect(answer.status).toBe(502);
      expect(answer.body).toContain(`The operator&#39;s provider account refuses this (${status}).`);
      expect(answer.body).toContain(
        `Tell your operator this request id: ${String(answer.headers["x-request-id"])}`,
      );
      expect(answer.body).not.toMatch(/Check the|affair/);
      operated.gateway.clearFaults();
    },
  );

  it("a token that is taken off the list is out at once", async () => {
    const bob = newVisitor(operated);
    await bob.signIn("rb-bob");
    expect((await newVisitor(operated).signIn("rb-mallory")).status).toBe(401);
    await operated.restart({ RINGBACK_KEYS: keys(["alice"]) });
    const again = newVisitor(operated);
    for (const [name, value] of bob.cookies) again.cookies.set(name, value);
    expect(whereTo(await again.get("/"))).toBe("303 /sign-in");
  });
});
