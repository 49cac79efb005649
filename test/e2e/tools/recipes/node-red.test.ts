import { readdirSync, readFileSync } from "node:fs";
import { compileFunction } from "node:vm";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";
import { root } from "../../../../dev/bundle.ts";
import { newHook, submitsTo, type TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

/*
 * The flows that users import into Node-RED. `npm run test:node-red` runs them in it.
 *
 * scenario                                         requirement
 * each file's shape                                ids of its own, wires between nodes that are there, no key
 * "The video", as Node-RED sends it                one task, whose repeat pays nothing
 * "What it claims", as Node-RED sends it           the raw body and the three headers; a forged callback is refused
 * "The event, once"                                the event and its video's address; the same again is dropped
 * without a callback                               one create that waits, reads that wait, until it has ended
 */

const FOLDER = `${root}docs/recipes/node-red`;
const KEY = "sk-of-a-node-red-user";

const Node = z.looseObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  type: z.string().min(1),
  z: z.string().optional(),
  name: z.string().optional(),
  wires: z.array(z.array(z.string())).optional(),
  url: z.string().optional(),
  func: z.string().optional(),
  authType: z.string().optional(),
  property: z.string().optional(),
  rules: z.array(z.looseObject({ t: z.string(), v: z.string().optional() })).optional(),
});
type Node = z.infer<typeof Node>;
/** What goes from node to node. */
type Message = Record<string, unknown>;

const files = readdirSync(FOLDER);
const stack = useStack();
afterEach(() => {
  stack.gateway.calls.length = 0;
});

function read(file: string): Node[] {
  return z.array(Node).parse(JSON.parse(readFileSync(`${FOLDER}/${file}`, "utf8")));
}

function nodeOf(file: string, name: string): Node {
  const node = read(file).find((one) => one.name === name);
  if (!node) throw new Error(`no node ${name} in ${file}`);
  return node;
}

/** A function node: its code sees the message and the flow's context, and what it returns goes on. */
function call(
  file: string,
  name: string,
  msg: Message,
  context = new Map<string, unknown>(),
): Message | null {
  const code = nodeOf(file, name).func ?? "";
  const run = compileFunction(code, ["msg", "flow"]) as (...given: unknown[]) => Message | null;
  return run(msg, context);
}

/** An http request node of Node-RED 5.0.7: an object goes as JSON, a buffer as it is and without a type. */
async function send(url: string, msg: Message): Promise<Response> {
  const { payload } = msg;
  const isObject = payload !== undefined && !Buffer.isBuffer(payload);
  const given = Object.entries((msg["headers"] ?? {}) as Record<string, string>);
  return fetch(url.replace("https://ringback.example.com", stack.worker.url), {
    method: payload === undefined ? "GET" : "POST",
    headers: {
      "user-agent": "got (https://github.com/sindresorhus/got)",
      authorization: `Bearer ${KEY}`,
      ...(isObject && { "content-type": "application/json" }),
      // An empty one is left out.
      ...Object.fromEntries(given.filter(([, value]) => value !== "")),
    },
    ...(payload !== undefined && {
      body: isObject ? JSON.stringify(payload) : new Uint8Array(payload),
    }),
  });
}

/** The output of a switch node that looks for words, in order; the one of `else` for any other. */
function way(file: string, name: string, word: string | number | boolean): string[] {
  const { rules = [], wires = [] } = nodeOf(file, name);
  const fits = rules.findIndex(({ t, v }) => {
    if (t === "eq") return v === word;
    if (t === "lt") return Number(word) < Number(v);
    return t === "else" || (t === "true" && word === true);
  });
  const all = read(file);
  return (wires[fits] ?? []).map((id) => all.find((one) => one.id === id)?.name ?? "");
}

describe.each(files)("node-red/%s", (file) => {
  const nodes = read(file);

  it("has ids of its own, and wires between nodes that are there, all on one tab", () => {
    const ids = nodes.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const [tab, ...others] = nodes;
    expect(tab?.type).toBe("tab");
    expect(others.map((node) => node.z)).toEqual(others.map(() => tab?.id));
    const wired = others.flatMap(({ wires = [] }) => wires.flat());
    expect(wired.filter((id) => !ids.includes(id))).toEqual([]);
    const entries = others.filter(({ type }) => type === "inject" || type === "http in");
    expect(new Set([...wired, ...entries.map(({ id }) => id)])).toEqual(new Set(others.map(({ id }) => id)));
  });

  it("shares no id with another file, and is on the page", () => {
    const others = files.filter((other) => other !== file).flatMap(read);
    const taken = new Set(others.map(({ id }) => id));
    expect(nodes.filter(({ id }) => taken.has(id))).toEqual([]);
    expect(readFileSync(`${root}docs/recipes/node-red.md`, "utf8")).toContain(`(node-red/${file})`);
  });

  it("sends the key to Ringback alone, and holds none", () => {
    const calls = nodes.filter(({ type }) => type === "http request");
    for (const { url = "", authType } of calls)
      expect([url.startsWith("https://ringback.example.com/v1/"), authType]).toEqual(
        url === "" ? [false, ""] : [true, "bearer"],
      );
    expect(nodes.filter((node) => "credentials" in node)).toEqual([]);
  });
});

describe("the flow that is called", () => {
  it("asks once, however often its message is sent", async () => {
    const msg = call("flow.json", "The video", { _msgid: "0a1b2c3d4e5f6071" }) ?? {};
    const { url = "" } = nodeOf("flow.json", "Ask Ringback");
    const hook = newHook(stack);
    const payload = JSON.parse(
      JSON.stringify(msg["payload"]).replace("https://node-red.example.com/ringback", hook.url),
    ) as unknown;
    const first = await send(url, { ...msg, payload });
    expect(first.status).toBe(202);
    expect(way("flow.json", "Accepted?", first.status)).toEqual(["Asked"]);
    expect((await send(url, { ...msg, payload })).headers.get("idempotent-replayed")).toBe("true");
    expect(submitsTo(stack.gateway)).toHaveLength(1);
    const other = call("flow.json", "The video", { _msgid: "17161514131211f0" });
    expect(other?.["headers"]).not.toEqual(msg["headers"]);
    const [callback] = await hook.waitFor(1);
    expect(JSON.parse(callback?.body ?? "")).toMatchObject({ type: "video.succeeded" });
  });

  it.each([400, 402, 429, Number.NaN])("shows an answer of %d as refused", (status) => {
    expect(way("flow.json", "Accepted?", status)).toEqual(["Refused"]);
  });

  it("proves a callback by its bytes and three headers, and works once for each", async () => {
    const hook = newHook(stack);
    await stack.create(
      { callback_url: hook.url, metadata: { of: 'A "lighthouse"/灯塔' } },
      { authorization: `Bearer ${KEY}` },
    );
    const [callback] = await hook.waitFor(1);
    const { headers = {}, body = "" } = callback ?? {};
    const { url = "" } = nodeOf("flow.json", "Is it from Ringback?");
    const verify = async (given: Message, text: string): Promise<unknown> => {
      const msg = call("flow.json", "What it claims", {
        req: { headers: given },
        payload: Buffer.from(text),
      });
      const answer = await send(url, msg ?? {});
      return answer.json();
    };
    expect(await verify(headers, body)).toEqual({ valid: true, reason: null });
    expect(await verify({ ...headers, "webhook-id": "msg_other" }, body)).toMatchObject({ valid: false });
    expect(await verify({}, body)).toEqual({ valid: false, reason: "missing_header" });
    expect(way("flow.json", "Valid?", true)).toEqual(["Accept it", "The event, once"]);
    expect(way("flow.json", "Valid?", false)).toEqual(["Refuse it"]);

    const seen = new Map<string, unknown>();
    const proved = { req: { headers }, body: Buffer.from(body) };
    const event = JSON.parse(body) as { data: TaskBody };
    expect(call("flow.json", "The event, once", proved, seen)).toEqual({ event, url: event.data.video_url });
    expect(call("flow.json", "The event, once", proved, seen)).toBeNull();
    expect(way("flow.json", "Is it ready?", "video.succeeded")).toEqual(["Download it"]);
    expect(way("flow.json", "Is it ready?", "video.failed")).toEqual(["Why not"]);
    expect(nodeOf("flow.json", "Ringback calls")).toMatchObject({ method: "post", skipBodyParsing: true });
  });
});

describe("the flow without a callback", () => {
  it.each([
    ["succeeded", "Its URL"],
    ["failed", "Why not"],
    ["queued", "Ask again"],
    ["running", "Ask again"],
    ["none of these", "Refused"],
  ])("goes on, for a task that is %s, with %s", (status, next) => {
    expect(way("without-callback.json", "How is it?", status)).toEqual([next]);
  });

  it("gets its video by waiting, with one submit", async () => {
    const msg = call("without-callback.json", "The video", { _msgid: "0a1b2c3d4e5f6072" }) ?? {};
    const answer = await send(nodeOf("without-callback.json", "Ask Ringback").url ?? "", msg);
    expect([answer.status, answer.headers.get("preference-applied")]).toEqual([200, "wait=60"]);
    const payload = (await answer.json()) as TaskBody;
    const again = nodeOf("without-callback.json", "Ask again").url ?? "";
    expect(again).toContain("?wait=60");
    const asked = await send(again.replace("{{payload.task_id}}", payload.task_id), {});
    expect(await asked.json()).toMatchObject({ task_id: payload.task_id, status: "succeeded" });
    expect(call("without-callback.json", "Its URL", { payload })).toEqual({
      task: payload,
      url: payload.video_url,
    });
    expect(submitsTo(stack.gateway)).toHaveLength(1);
  });
});
