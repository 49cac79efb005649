import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startUpstream, type Upstream } from "../../../../dev/upstreams.ts";
import { newVisitor, whereTo, type FormFields, type Visitor } from "../../../support/browsers/visitor.ts";
import { ALICE, OPERATOR, OPERATOR_SETTINGS } from "../../../support/operator.ts";
import { isTerminal, newHook, startStack, type Stack } from "../../../support/stack.ts";

/*
 * scenario                                          requirement (other upstreams in the console)
 * a request at another upstream, by the form        goes there as it was typed; the task says whose it is
 * its live check                                    the API's judgement, and a command that does the same
 * a bad body, a bad name in the path, a refusal     said at their fields; what was typed stays
 * two clicks                                        one task
 * the list                                          names upstreams, filters by one, and is taken back by a click
 * an operator                                       creates nothing
 */

const ARK_PATH = "/api/v3/contents/generations/tasks";
const VEO_PATTERN = "/v1beta/models/{model}:predictLongRunning";
const ARK = `ark ${ARK_PATH}`;
const VEO = `veo ${VEO_PATTERN}`;
const ARK_BODY = { model: "seedance-1", content: [{ type: "text", text: "A lighthouse." }], seed: 12 };

let stack: Stack;
let ark: Upstream;
let veo: Upstream;
let visitor: Visitor;
beforeAll(async () => {
  const start = async (name: "ark" | "veo"): Promise<Upstream> =>
    startUpstream(name, { keys: [`key-of-${name}-0123456789`], queueSeconds: 0, runSeconds: 0.2 });
  [ark, veo] = await Promise.all([start("ark"), start("veo")]);
  stack = await startStack({
    token: ALICE,
    settings: {
      ...OPERATOR_SETTINGS,
      UPSTREAMS: JSON.stringify({
        ark: { profile: "ark", base_url: ark.origin },
        veo: { profile: "veo", base_url: veo.origin },
      }),
      UPSTREAM_KEY_ARK: "key-of-ark-0123456789",
      UPSTREAM_KEY_VEO: "key-of-veo-0123456789",
      POLL_FIRST_SECONDS: "0.4",
    },
  });
  visitor = newVisitor(stack);
  await visitor.signIn(ALICE);
});
afterAll(async () => {
  await stack.close();
  await Promise.all([ark.close(), veo.close()]);
});
beforeEach(() => {
  for (const { calls } of [ark, veo]) calls.length = 0;
});

const aForm = (fields: Record<string, string> = {}): FormFields => [
  ...Object.entries({ target: ARK, body: JSON.stringify(ARK_BODY), endpoints: "true", ...fields }),
  ["callback_events", "video.succeeded"],
  ["callback_events", "video.failed"],
];

const submitsTo = ({ calls }: Upstream) => calls.filter(({ method }) => method === "POST");

function taskAt(to: string): string {
  expect(to).toMatch(/^303 \/tasks\/task_/);
  return to.slice("303 /tasks/".length);
}

describe("the form of a request at another upstream", () => {
  it("is reached from that of a new task, and offers each path of each upstream", async () => {
    expect((await visitor.get("/new")).body).toContain('<a href="/new/upstream">Other providers</a>');
    const { body } = await visitor.get("/new/upstream");
    expect(body).toContain('<a href="/new">By form</a>');
    const [, options = ""] = /<select[^>]*name="target"[^>]*>(.*?)<\/select>/.exec(body) ?? [];
    expect(Array.from(options.matchAll(/<option value="([^"]*)"/g), ([, value]) => value)).toEqual([
      ARK,
      VEO,
    ]);
    expect(options).toContain(`<option value="${ARK}" selected`);
    expect(body).toContain('name="path_model"');
  });

  it("sends the body as it was typed, and shows whose task it is", async () => {
    const hook = newHook(stack);
    const form = aForm({ callback_url: hook.url, metadata: '{"order":7}' });
    const id = taskAt(whereTo(await visitor.post("/new/upstream", form)));
    const task = await stack.task(id, isTerminal);
    expect(task).toMatchObject({ status: "succeeded", upstream_name: "ark", metadata: { order: 7 } });
    const [call, ...more] = submitsTo(ark);
    expect(more).toEqual([]);
    expect([call?.path, JSON.parse(call?.body.toString() ?? "")]).toEqual([ARK_PATH, ARK_BODY]);
    await hook.waitFor(1);
    const { body } = await visitor.get(`/tasks/${id}`);
    expect(body).toContain("<dt>Provider</dt><dd>ark</dd>");
  });

  it("puts what was typed into the path", async () => {
    const body = JSON.stringify({ instances: [{ prompt: "A lighthouse." }] });
    const form = aForm({ target: VEO, path_model: "veo-3.1", body });
    const id = taskAt(whereTo(await visitor.post("/new/upstream", form)));
    expect(await stack.task(id)).toMatchObject({ model: "veo-3.1", upstream_name: "veo" });
    expect(submitsTo(veo).map(({ path }) => path)).toEqual(["/v1beta/models/veo-3.1:predictLongRunning"]);
  });

  it("starts one task by two clicks", async () => {
    const form = aForm({ form_key: "console-two-clicks" });
    const first = whereTo(await visitor.post("/new/upstream", form));
    expect(whereTo(await visitor.post("/new/upstream", form))).toBe(first);
    expect(submitsTo(ark)).toHaveLength(1);
  });

  it("shows the command that does the same", async () => {
    const answer = await visitor.post("/new/upstream/check", aForm({ timeout_seconds: "600" }));
    const { issues, curl } = JSON.parse(answer.body) as { issues: unknown[]; curl: string };
    expect(issues).toEqual([]);
    const [, url, sent = ""] = /^curl "([^"]*)".*-d '(.*)'$/s.exec(curl) ?? [];
    expect(url).toBe(`${stack.worker.url}/v1/upstreams/ark${ARK_PATH}`);
    expect(JSON.parse(sent)).toEqual({ ...ARK_BODY, ringback: { timeout_seconds: 600 } });
  });

  it("says what is wrong at its field, in the reader's language, and keeps what was typed", async () => {
    const typed = '{"prompt": "Kept.", "callback_url": "https://hooks.example.com/a", "test": true}';
    const form = aForm({ target: VEO, path_model: "../x", body: typed, timeout_seconds: "1" });
    const answer = await visitor.post("/new/upstream", form);
    expect(answer.status).toBe(400);
    expect(answer.body).toContain("Kept.");
    const found = await visitor.post("/new/upstream/check", form, { "accept-language": "zh-CN" });
    const { issues } = JSON.parse(found.body) as { issues: { path: string; field: string; label: string }[] };
    expect(issues.map(({ path, field, label }) => [path, field, label])).toEqual([
      ["{model}", "path_model", "路径中的 {model}"],
      ["callback_url", "body", "请求内容"],
      ["test", "body", "请求内容"],
      ["ringback.timeout_seconds", "timeout_seconds", "最长等待"],
    ]);
    for (const { field } of issues) expect(answer.body).toContain(`<a href="#${field}">`);
    for (const [body, words] of [
      ["", "is required"],
      ['{"a": 1', "is not valid JSON"],
      ["[1]", "is not a JSON object"],
      ['{"ringback": {}}', "is given twice"],
    ] as const)
      expect((await visitor.post("/new/upstream", aForm({ body }))).body).toContain(words);
    expect(submitsTo(ark).concat(submitsTo(veo))).toEqual([]);
  });

  it("says in plain words what the upstream refused, and keeps what was typed", async () => {
    const body = JSON.stringify({ ...ARK_BODY, content: [{ type: "text", text: "[refuse] Kept." }] });
    const answer = await visitor.post("/new/upstream", aForm({ body }));
    expect(answer.status).toBe(400);
    expect(answer.body).toContain("Read the provider&#39;s message and change the request.");
    expect(answer.body).toContain("The input text may contain sensitive information.");
    expect(answer.body).toContain("[refuse] Kept.");
  });

  it("takes everything along into the other language", async () => {
    const answer = await visitor.post("/new/upstream/language", [
      ...(aForm({ body: "{half a request" }) as [string, string][]),
      ["language", "zh"],
    ]);
    expect(answer.body).toContain("{half a request");
    expect(answer.body).toContain("在其他服务商新建任务");
    await visitor.post("/language", { language: "en", to: "/" });
  });
});

describe("the list", () => {
  it("names upstreams, and filters by one until a click takes the filter away", async () => {
    const id = taskAt(whereTo(await visitor.post("/new/upstream", aForm({ test_outcome: "succeeded" }))));
    const page = await visitor.get("/?upstream_name=ark");
    expect(page.body).toContain(`<tr role="row" id="${id}">`);
    expect(page.body).toMatch(/<span class="id">ark · <code>task_/);
    expect(page.body).toContain('<a href="/" aria-label="Remove the filter Provider: ark">');
    expect((await visitor.get("/?upstream_name=aio")).body).not.toContain(id);
  });
});

it("an operator starts nothing", async () => {
  const operator = newVisitor(stack);
  await operator.signIn(OPERATOR);
  await operator.post("/accounts", { account: "alice" });
  expect((await operator.get("/")).status).toBe(200);
  for (const path of ["", "/check", "/language"])
    expect((await operator.post(`/new/upstream${path}`, aForm())).status).toBe(403);
  expect((await operator.get("/new/upstream")).status).toBe(403);
});
