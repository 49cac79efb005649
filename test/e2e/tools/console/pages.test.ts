import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  eventually,
  MODEL,
  type Hook,
  newHook,
  OWN_KEY,
  startStack,
  submitsTo,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";
import {
  IMAGE_TO_VIDEO,
  REFERENCE_TO_VIDEO,
  TEXT_TO_VIDEO,
} from "../../../support/upstreams/upstream-examples.ts";
import { newVisitor, whereTo, type Visitor } from "../../../support/browsers/visitor.ts";

/*
 * scenario                                            requirement (issue: the console)
 * the form's three modes                              the upstream's document
 * a form sent twice, changed, refused, large          submit at most once; advice of upstream-api.txt
 * the live judgement and the command                  the same schema, the equivalent curl
 * what callers, receivers and the upstream write      untrusted text is inert
 * a task's page at each stage                         timeline, polls so far and the next one
 * the list: pages, filters, search                    tasks
 * both languages                                      Accept-Language and a switch
 */

let stack: Stack;
let visitor: Visitor;
beforeAll(async () => {
  stack = await startStack();
  visitor = newVisitor(stack);
  await visitor.signIn(OWN_KEY);
});
afterAll(async () => stack.close());
afterEach(() => {
  stack.gateway.clearFaults();
  stack.receiver.defaultReply({ status: 200, body: "ok" });
});

const FORM = {
  mode: "text",
  model: MODEL,
  prompt: "A lighthouse at dusk.",
  aspect_ratio: "16:9",
  duration_seconds: "5",
  resolution: "720p",
  with_audio: "true",
  endpoints: "true",
};

function taskIdIn(location: string): string {
  return /^303 \/tasks\/(task_[a-z2-7]{42})$/.exec(location)?.[1] ?? `not a task: ${location}`;
}

it("a rotation with an overlap that is no choice is refused, and rotates nothing", async () => {
  const secrets = async (): Promise<unknown> => (await stack.call("/v1/webhooks/secret")).json();
  const before = await secrets();
  for (const overlap of ["x", "-1", "99999999", ""]) {
    const answer = await visitor.post("/webhooks/rotate", { overlap });
    expect(answer.status, overlap).toBe(400);
  }
  expect(await secrets()).toEqual(before);
});

describe("the form of a new task", () => {
  it.each([
    ["text", TEXT_TO_VIDEO, {}],
    [
      "image",
      IMAGE_TO_VIDEO,
      { image: "https://example.com/first-frame.png", end_image: "https://example.com/last-frame.png" },
    ],
    ["reference", REFERENCE_TO_VIDEO, { reference_images: "asset://asset-20260519163832-example\r\n" }],
  ])(
    "sends what the upstream's document has for %s, and nothing of the other modes",
    async (mode, example, images) => {
      const { prompt } = JSON.parse(example) as { prompt: string };
      const leftOver = { image: "https://example.com/left-over.png", reference_images: "asset://left-over" };
      const answer = await visitor.post("/new", {
        ...FORM,
        ...(mode === "text" ? leftOver : {}),
        mode,
        prompt,
        ...images,
      });
      taskIdIn(whereTo(answer));
      const sent = JSON.parse(String(submitsTo(stack.gateway).at(-1)?.body)) as object;
      expect(sent).toEqual(JSON.parse(example));
    },
  );

  it("carries everything that Ringback adds", async () => {
    const hook = newHook(stack);
    const answer = await visitor.post("/new", {
      ...FORM,
      callback_url: hook.url,
      callback_format: "flat",
      callback_events: "video.failed",
      callback_headers: "X-Shop: acme\r\nauthorization:  Bearer a:b ",
      metadata: '{"order": 12345678901234567890}',
      timeout_seconds: "600",
      test_outcome: "failed",
      test_delay: "0",
    });
    const task = await stack.task(taskIdIn(whereTo(answer)));
    expect(task).toMatchObject({
      test: true,
      callback: { url: hook.url, events: ["video.failed"], format: "flat" },
    });
    expect(Date.parse(task.deadline_at) - Date.parse(task.created_at)).toBe(600_000);
    const [received] = await hook.waitFor(1);
    expect(received?.headers).toMatchObject({ "x-shop": "acme", authorization: "Bearer a:b" });
    expect(received?.body).toContain('"metadata_order":12345678901234567890');
  });

  it("takes an image of megabytes that was chosen as a file", async () => {
    const image = `data:image/png;base64,${"iVBORw0KGgo/+abc".repeat(200_000)}`;
    const answer = await visitor.post("/new", { ...FORM, mode: "image", image });
    taskIdIn(whereTo(answer));
    const sent = JSON.parse(String(submitsTo(stack.gateway).at(-1)?.body)) as { image: string };
    expect(sent.image === image).toBe(true);
    // A form that is refused does not bring it back.
    const refused = await visitor.post("/new", { ...FORM, mode: "image", image, prompt: "a".repeat(2501) });
    expect(refused.status).toBe(400);
    expect(refused.body).toContain("Choose it again.");
    expect(refused.body.length).toBeLessThan(40_000);
  });

  it("starts nothing for a mode that it does not have, or a box that is neither", async () => {
    const before = submitsTo(stack.gateway).length;
    for (const odd of [{ mode: "zz" }, { mode: "__proto__" }, { with_audio: "zz" }]) {
      const answer = await visitor.post("/new", { ...FORM, ...odd });
      expect(answer.status, JSON.stringify(odd)).toBe(400);
    }
    expect(submitsTo(stack.gateway)).toHaveLength(before);
  });

  it("starts one task however often it is sent", async () => {
    const form = { ...FORM, prompt: "Sent twice.", form_key: "console-twice" };
    const before = submitsTo(stack.gateway).length;
    const answers = await Promise.all([visitor.post("/new", form), visitor.post("/new", form)]);
    const again = await visitor.post("/new", form);
    expect(submitsTo(stack.gateway)).toHaveLength(before + 1);
    const id = taskIdIn(whereTo(again));
    for (const answer of answers) {
      // The second click may come while the first is on its way.
      if (answer.status === 409) expect(answer.body).toContain("still being submitted");
      else expect(taskIdIn(whereTo(answer))).toBe(id);
    }
  });

  it("asks before it starts another one when it is sent with other values, under a new key", async () => {
    const form = { ...FORM, form_key: "console-changed" };
    taskIdIn(whereTo(await visitor.post("/new", form)));
    const changed = await visitor.post("/new", { ...form, prompt: "Something else." });
    expect(changed.status).toBe(422);
    expect(changed.body).toContain("sent before with other values");
    const key = /name="form_key" value="([^"]+)"/.exec(changed.body)?.[1] ?? "";
    expect(key).toMatch(/^console-[0-9a-f-]{36}$/);
    taskIdIn(whereTo(await visitor.post("/new", { ...form, prompt: "Something else.", form_key: key })));
  });

  it.each([
    [401, "invalid_api_key", "Check the API key and the Authorization header (401)."],
    [402, "insufficient", "Check the balance of the provider account (402)"],
    [403, "no_permission", "Check the account&#39;s balance, the quota of the token group"],
    [404, "model_not_found", "Check the base URL and the model id (404, model_not_found)."],
    [400, "bad_prompt", "Read the provider&#39;s message and change the request."],
  ])("says what to do about the upstream's %i, and keeps what was typed", async (status, code, advice) => {
    stack.gateway.fault({
      on: "submit",
      status,
      body: { error: { code, message: "<img src=x onerror=alert(1)>" } },
    });
    const answer = await visitor.post("/new", { ...FORM, prompt: "Kept as it was." });
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(advice);
    expect(answer.body).toContain("&lt;img src=x onerror=alert(1)&gt;");
    expect(answer.body).toContain("Kept as it was.");
  });

  it("names each field by its label, with the API's name behind, in the reader's language", async () => {
    const wrong = { ...FORM, prompt: "", metadata: "[]", callback_headers: "Authorization Bearer x" };
    const english = (await visitor.post("/new", wrong)).body;
    expect(english).toContain('<a href="#prompt">Prompt</a> <code>prompt</code> is required for a text task');
    expect(english).toContain('<a href="#metadata">Metadata</a> <code>metadata</code> must be a JSON object');
    // What would be dropped in silence without a callback URL.
    expect(english).toContain(
      '<a href="#callback_url">Callback URL</a> <code>callback_url</code> is required when callback_headers is given',
    );
    expect(english).toContain('<a href="#callback_headers">Custom headers</a>');
    const chinese = (await visitor.post("/new", wrong, { "accept-language": "zh-CN" })).body;
    expect(chinese).toContain('<a href="#prompt">提示词</a> <code>prompt</code> 文生视频必填');
    expect(chinese).toContain('<a href="#metadata">元数据</a> <code>metadata</code> 必须是 JSON 对象');
  });

  it("keeps what was typed when the language is switched", async () => {
    const reader = newVisitor(stack);
    await reader.signIn(OWN_KEY);
    const typed = {
      ...FORM,
      form_key: "console-kept",
      prompt: "Kept <as> it was.",
      metadata: '{"order": 42}',
    };
    const switched = await reader.post("/new/language", { ...typed, language: "zh" });
    expect(switched.status).toBe(200);
    expect(switched.body).toContain('<html lang="zh-Hans">');
    expect(switched.body).toContain("Kept &lt;as&gt; it was.");
    expect(switched.body).toContain("{&quot;order&quot;: 42}");
    expect(switched.body).toContain('name="form_key" value="console-kept"');
    expect((await reader.get("/")).body).toContain('<html lang="zh-Hans">');
    expect(whereTo(await reader.post("/new/language", { ...typed, language: "klingon" }))).toBe("303 /new");
    expect(whereTo(await reader.get("/new/language"))).toBe("303 /new");
  });

  it("so does the page of the webhooks, and sends and judges nothing", async () => {
    const reader = newVisitor(stack);
    await reader.signIn(OWN_KEY);
    const hook = newHook(stack);
    const typed = {
      ...{ callback_url: hook.url, callback_format: "flat", callback_headers: "X-A: <b>" },
      ...{ id: "msg_kept", timestamp: "12", signature: "v1,kept", body: "{&}", overlap: "3600" },
    };
    const { status, body } = await reader.post("/webhooks/language", { ...typed, language: "zh" });
    expect(status).toBe(200);
    for (const kept of [
      ...['<html lang="zh-Hans">', `value="${hook.url}"`, "X-A: &lt;b&gt;", 'value="msg_kept"', "{&amp;}"],
      ...['value="12"', 'value="v1,kept"'],
    ])
      expect(body).toContain(kept);
    for (const option of ["flat", "3600"])
      expect(body).toMatch(new RegExp(`<option value="${option}" selected`));
    expect(body).not.toContain('class="notice');
    expect(hook.received()).toEqual([]);
    expect((await reader.get("/")).body).toContain('<html lang="zh-Hans">');
    // Without scripts nothing comes along.
    expect((await reader.post("/webhooks/language", { language: "en" })).body).toContain(
      '<option value="86400" selected',
    );
    expect(whereTo(await reader.post("/webhooks/language", { ...typed, language: "x" }))).toBe(
      "303 /webhooks",
    );
    expect(whereTo(await reader.get("/webhooks/language"))).toBe("303 /webhooks");
  });

  it("is judged while it is filled in by the schema of the API, in the reader's language", async () => {
    const wrong = { ...FORM, prompt: "", duration_seconds: "3", callback_url: "ftp://x", metadata: "[]" };
    const answer = await visitor.post("/new/check", wrong);
    const { issues, curl } = JSON.parse(answer.body) as {
      issues: { path: string; code: string; message: string }[];
      curl: string;
    };
    const api = await stack.create({
      prompt: "",
      duration_seconds: 3,
      callback_url: "ftp://x",
      metadata: "[]",
    });
    const { error } = (await api.json()) as { error: { issues: unknown[] } };
    const judged = issues.map(({ path, code, message }) => ({ path, code, message }));
    expect(judged).toEqual(expect.arrayContaining(error.issues));
    expect(judged).toHaveLength(error.issues.length);
    expect(curl).toContain(`curl "${stack.worker.url}/v1/videos"`);
    const chinese = await visitor.post("/new/check", wrong, { "accept-language": "zh-CN" });
    for (const { message } of (JSON.parse(chinese.body) as typeof error & { issues: { message: string }[] })
      .issues) {
      expect(message).toMatch(/^[^a-z]*[\u4e00-\u9fff]/);
    }
  });

  it("shows a command that sends the very same", async () => {
    const form = { ...FORM, prompt: 'It\'s "quoted" \\ and $HOME `id`', metadata: '{"a":"\'"}' };
    const { curl } = JSON.parse((await visitor.post("/new/check", form)).body) as { curl: string };
    const body = /-d '([^]*)'$/.exec(curl)?.[1]?.replaceAll("'\\''", "'") ?? "";
    const created = await stack.call("/v1/videos", {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
    expect(created.status).toBe(202);
    const byCurl = JSON.parse(String(submitsTo(stack.gateway).at(-1)?.body)) as object;
    await visitor.post("/new", form);
    expect(JSON.parse(String(submitsTo(stack.gateway).at(-1)?.body))).toEqual(byCurl);
  });

  it("says nothing of other upstreams where there are none", async () => {
    expect((await visitor.get("/new")).body).not.toContain("/new/upstream");
    expect((await visitor.get("/new/upstream")).status).toBe(404);
    expect((await visitor.post("/new/upstream", { body: "{}" })).status).toBe(404);
  });

  it("offers the upstream's models, and none when it does not say", async () => {
    expect(JSON.parse((await visitor.get("/new/models")).body)).toContain(MODEL);
    // A process that has not heard of the models within the last minute: signing in had asked for them.
    await stack.restart();
    const { cookies } = visitor;
    visitor = newVisitor(stack);
    for (const [name, value] of cookies) visitor.cookies.set(name, value);
    for (const answer of [
      { status: 500, body: "<html>" },
      { status: 200, body: "nonsense" },
    ]) {
      stack.gateway.fault({ on: "models", times: 2, ...answer });
      expect(JSON.parse((await visitor.get("/new/models")).body)).toEqual([]);
      stack.gateway.clearFaults();
    }
  });
});

describe("text of others", () => {
  const EVIL = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`;
  const INERT = "&lt;script&gt;alert(1)&lt;/script&gt;";

  it("is shown and does nothing, from any author", async () => {
    stack.receiver.defaultReply({ status: 500, body: EVIL });
    const hook = newHook(stack);
    stack.gateway.fault({
      on: "poll",
      times: 50,
      body: { task_id: undefined, status: "failed", error_message: EVIL, extra: EVIL },
    });
    const created = await stack.create({
      callback_url: `${hook.url}?${encodeURIComponent(EVIL)}`,
      metadata: { [EVIL]: EVIL },
    });
    const { task_id: id } = (await created.json()) as TaskBody;
    await stack.deliveries(id, ([delivery]) => delivery?.status === "exhausted");
    const { body } = await visitor.get(`/tasks/${id}`);
    // Metadata as key and value, the upstream's answer and its message, the receiver's answer to each of four attempts.
    expect(body.split(INERT).length - 1).toBeGreaterThanOrEqual(7);
    expect(body).not.toContain("<script>");
    expect(body).not.toContain("<img");
    const evil = encodeURIComponent(EVIL);
    const searched = await visitor.get(`/?upstream_task_id=${evil}&metadata.${evil}=${evil}`);
    expect(searched.body).toContain(INERT);
    expect(searched.body).not.toContain("<script>");
    const form = await visitor.post("/new", { ...FORM, model: "", prompt: EVIL, metadata: EVIL });
    expect(form.body).toContain(INERT);
    expect(form.body).not.toContain("<script>");
    const ping = await visitor.post("/webhooks/ping", { callback_url: hook.url, callback_headers: EVIL });
    expect(ping.body).not.toContain("<script>");
    const verified = await visitor.post("/webhooks/verify", {
      id: EVIL,
      timestamp: EVIL,
      signature: EVIL,
      body: EVIL,
    });
    expect(verified.body).not.toContain("<script>");
  });

  it("keeps the digits of its numbers", async () => {
    const created = await stack.call("/v1/videos", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{"model":"${MODEL}","prompt":"p","metadata":{"n":12345678901234567890.10},"test":"failed"}`,
    });
    const { task_id: id } = (await created.json()) as TaskBody;
    expect((await visitor.get(`/tasks/${id}`)).body).toContain("&quot;n&quot;: 12345678901234567890.10");
  });
});

describe("a task's page", () => {
  it("tells of a submit that waits for its turn", async () => {
    stack.gateway.fault({ on: "submit", times: 20, status: 429, headers: { "retry-after": "1" } });
    const { task_id: id } = (await (await stack.create()).json()) as TaskBody;
    const { body } = await visitor.get(`/tasks/${id}`);
    expect(body).toContain("Submit to the provider");
    expect(body).toMatch(/The provider was busy (once|\d+ times) so far/);
    expect(body).toContain('data-live="2000"');
    await stack.call(`/v1/videos/${id}`, { method: "DELETE" });
  });

  it("counts the polls so far, names the next one, and asks again by itself until all is settled", async () => {
    const hook = newHook(stack);
    stack.gateway.fault({ on: "poll", times: 3, body: { status: "running", progress: 42 } });
    const { task_id: id } = (await (await stack.create({ callback_url: hook.url })).json()) as TaskBody;
    const running = await eventually(
      async () => (await visitor.get(`/tasks/${id}`)).body,
      (body) => /Checked (once|2 times)/.test(body),
    );
    expect(running).toContain("Next check");
    expect(running).toContain('data-live="2000"');
    await stack.task(id, ({ callback }) => callback?.status === "delivered");
    const settled = (await visitor.get(`/tasks/${id}`)).body;
    expect(settled).toMatch(/Checked \d+ times/);
    expect(settled).toContain("Data deleted");
    expect(settled).not.toContain("data-live=");
    expect(settled).not.toContain("Next check");
  });

  it.each([
    ["a test that succeeded", { outcome: "succeeded" }, "Test tasks don&#39;t produce a video"],
    ["a test that failed", { outcome: "failed" }, "Test task: nothing was sent to the provider."],
    ["a test that timed out", { outcome: "timeout" }, "Test task: nothing was sent to the provider."],
  ])("says of %s that it was one", async (_name, test, words) => {
    const created = await stack.create({ test: { ...test, delay_seconds: 0 } });
    const { task_id: id } = (await created.json()) as TaskBody;
    await stack.task(id, ({ finished_at: at }) => at !== null);
    const { body } = await visitor.get(`/tasks/${id}`);
    expect(body).toContain(words);
    expect(body).toContain('<span class="tag">test</span></h1>');
    for (const upstreams of [
      "<video",
      "What to do",
      "Submitted to the provider",
      "Provider&#39;s task id",
      "Checked",
    ])
      expect(body).not.toContain(upstreams);
  });

  it("answers a button that has nothing to deliver, and one that is pressed too often", async () => {
    const created = await stack.create({
      callback_url: newHook(stack).url,
      test: { outcome: "failed", delay_seconds: 600 },
    });
    const { task_id: id } = (await created.json()) as TaskBody;
    expect(whereTo(await visitor.post(`/tasks/${id}/redeliver`))).toBe(`303 /tasks/${id}?said=nothing`);
    expect((await visitor.get(`/tasks/${id}?said=nothing`)).body).toContain(
      "There is no event to deliver yet.",
    );
    expect((await visitor.get(`/tasks/${id}?said=constructor`)).body).not.toContain('class="notice');
    const { task_id: ended } = (await (
      await stack.create({ callback_url: newHook(stack).url, test: { outcome: "failed", delay_seconds: 0 } })
    ).json()) as TaskBody;
    const [delivery] = await stack.deliveries(ended, (data) => data.length === 1);
    const event = delivery?.message_id ?? "";
    const answers = [];
    for (let press = 0; press < 11; press++)
      answers.push(whereTo(await visitor.post(`/tasks/${ended}/redeliver`, { message_id: event })));
    expect(answers.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => `303 /tasks/${ended}#${event}`));
    expect(answers[10]).toBe(`303 /tasks/${ended}?said=tooOften&at=${event}#${event}`);
    const { body } = await visitor.get(`/tasks/${ended}?said=tooOften&at=${event}`);
    expect(body.indexOf('role="alert"')).toBeGreaterThan(body.indexOf(`id="${event}"`));
    expect((await visitor.post(`/tasks/${ended}/redeliver`, { message_id: "msg_none" })).status).toBe(404);
  });
});

describe("the list", () => {
  it("goes on where a page ends, and back to the newest", async () => {
    const pager = newVisitor(stack);
    const key = "sk-with-many-tasks";
    await pager.signIn(key);
    const headers = { authorization: `Bearer ${key}` };
    for (let task = 0; task < 21; task++) {
      await stack.create({ test: { outcome: "failed", delay_seconds: 0 } }, headers);
    }
    const rows = (body: string): string[] =>
      Array.from(body.matchAll(/id="(task_\w{42})"/g), ([, id]) => id ?? "");
    const first = await eventually(
      async () => (await pager.get("/?status=failed")).body,
      (body) => rows(body).length === 20 && body.includes('rel="next"'),
    );
    const next = /rel="next" href="([^"]+)"/.exec(first)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(next).toMatch(/^\/\?status=failed&cursor=/);
    const second = (await pager.get(next)).body;
    expect(rows(second)).toHaveLength(1);
    expect(rows(first)).not.toContain(rows(second)[0]);
    expect(second).toContain('<a href="/?status=failed">Newest</a>');
    expect(second).not.toContain('rel="next"');
  });

  it.each([
    ["the id", (id: string) => id],
    ["a URL that has it", (id: string) => `https://ringback.acme.com/v1/videos/${id}/deliveries`],
    ["a line of a log", (id: string) => `{"event":"task.status","task_id":"${id}"}`],
  ])("finds a task by %s", async (_name, wish) => {
    const { task_id: id } = (await (await stack.create()).json()) as TaskBody;
    expect(whereTo(await visitor.get(`/?q=${encodeURIComponent(wish(id))}`))).toBe(`303 /tasks/${id}`);
  });
});

describe("the list's filters", () => {
  const key = "sk-with-filters";
  const headers = { authorization: `Bearer ${key}` };
  const test = { outcome: "failed", delay_seconds: 0 };
  let finder: Visitor;
  let hook: Hook;
  const ids: string[] = [];
  beforeAll(async () => {
    finder = newVisitor(stack);
    await finder.signIn(key);
    hook = newHook(stack);
    const asked = [
      { metadata: { order: 42, shop: "acme" }, test, callback_url: hook.url },
      { metadata: { title: "Spring sale", order: 43 }, test },
      {},
    ];
    for (const fields of asked) {
      const created = await stack.create(fields, headers);
      ids.push(((await created.json()) as TaskBody).task_id);
    }
    await eventually(
      async () => listed("/?status=failed,succeeded&callback_status=delivered,none"),
      (rows) => rows.length === 3,
    );
  });

  const rowsOf = (body: string): string[] =>
    Array.from(body.matchAll(/<tr role="row" id="(task_\w{42})"/g), ([, id]) => id ?? "");
  const listed = async (path: string): Promise<number[]> =>
    rowsOf((await finder.get(path)).body).map((id) => ids.indexOf(id));

  it("name each row by what its caller calls it, its receiver and its error", async () => {
    const { body } = await finder.get("/?limit=50");
    for (const words of ["order 42 · shop acme", "Spring sale", new URL(hook.url).host, "generation_failed"])
      expect(body).toContain(words);
  });

  it.each([
    ["/", [2, 1, 0]],
    ["/?status=failed", [1, 0]],
    ["/?callback_status=delivered", [0]],
    ["/?callback_status=none", [2, 1]],
    ["/?test=false", [2]],
    ["/?metadata.order=42", [0]],
    ["/?metadata.order=43&status=failed", [1]],
    ["/?created_after=2000-01-01T00:00", [2, 1, 0]],
    ["/?created_before=2000-01-01", []],
    ["/?model=none", []],
  ])("are in the address: %s", async (path, expected) => {
    expect(await listed(path)).toEqual(expected);
  });

  it.each([
    ["/?q=order%3D42", "/?metadata.order=42"],
    ["/?q=+up-1+", "/?upstream_task_id=up-1"],
    [
      "/?status=&callback_status=&test=&model=m&metadata=a%3Db&metadata=c%3Dd&metadata=&limit=20",
      "/?model=m&metadata.a=b&metadata.c=d&limit=20",
    ],
    ["/?status=failed&status=queued", "/?status=failed"],
    ["/?q=order%3D42&limit=50", "/?metadata.order=42&limit=50"],
    ["/?status=&cursor=&q=", "/"],
  ])("send %s on to the one address that says the same", async (path, address) => {
    expect(whereTo(await finder.get(path))).toBe(`303 ${address}`);
  });

  it("find a task by its upstream's id", async () => {
    const read = await stack.call(`/v1/videos/${ids[2] ?? ""}`, { headers });
    const { upstream_task_id: upstreamId } = (await read.json()) as TaskBody;
    const found = await finder.get(`/?q=${upstreamId ?? ""}`);
    expect(await listed(found.headers.location ?? "")).toEqual([2]);
  });

  it("say of a message's id where the task's id is", async () => {
    expect((await finder.get("/?upstream_task_id=msg_abc")).body).toContain("A message id");
  });

  it.each([
    ["/?created_after=yesterday", "created_after", "must be a time in ISO 8601"],
    ["/?callback_host=a%20b", "callback_host", "is not a host"],
    ["/?metadata=42", "metadata", "must be NAME=VALUE"],
    ["/?limit=1000", "limit", "must be an integer from 1 to 100"],
    ["/?test=maybe", "test", "must be true or false"],
  ])("are judged at the field: %s", async (path, field, words) => {
    const { status, body } = await finder.get(path);
    expect(status).toBe(400);
    expect(body).toMatch(new RegExp(`id="${field}-problem"[^>]*>${words}`));
    expect(body).toMatch(/<details class="filters" open[^>]*>/);
    expect(rowsOf(body)).toEqual([]);
  });

  it("name a parameter that the list does not have", async () => {
    const { status, body } = await finder.get("/?callback=exhausted");
    expect(status).toBe(400);
    expect(body).toContain("callback is not a query parameter of this call");
  });

  it("and the page's size are kept by the way to older tasks", async () => {
    const { body } = await finder.get("/?test=true&limit=1");
    const next = /rel="next" href="([^"]+)"/.exec(body)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(next).toMatch(/^\/\?test=true&limit=1&cursor=/);
    expect(body).toContain("Older");
    expect(await listed(next)).toEqual([0]);
    const last = (await finder.get(next)).body;
    expect(last).toContain('href="/?test=true&amp;limit=1"');
    expect(last).toContain('name="limit" value="1"');
  });
});

describe("the languages", () => {
  it.each([
    ["zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"],
    ["en-GB,en;q=0.9,zh;q=0.1", "en"],
    ["fr, zh;q=0.2, en;q=0.1", "zh-Hans"],
    ["fr", "en"],
    ["zh;q=0, *", "en"],
  ])("follow the browser's wish: %s", async (wish, tag) => {
    const { body } = await newVisitor(stack).get("/sign-in", { "accept-language": wish });
    expect(body).toContain(`<html lang="${tag}">`);
  });

  it("follow the switch from then on, back to the page where it was pressed", async () => {
    const reader = newVisitor(stack);
    const answer = await reader.post("/language", { language: "zh", to: "/webhooks?said=rotated" });
    expect(whereTo(answer)).toBe("303 /webhooks?said=rotated");
    expect((await reader.get("/sign-in", { "accept-language": "en" })).body).toContain(
      '<html lang="zh-Hans">',
    );
    await reader.post("/language", { language: "klingon" });
    expect((await reader.get("/sign-in")).body).toContain('<html lang="zh-Hans">');
  });
});
