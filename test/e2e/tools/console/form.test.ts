import { beforeAll, describe, expect, it } from "vitest";
import { MODEL, newHook, OWN_KEY, submitsTo } from "../../../support/stack.ts";
import {
  IMAGE_TO_VIDEO,
  REFERENCE_TO_VIDEO,
  TEXT_TO_VIDEO,
} from "../../../support/upstreams/upstream-examples.ts";
import { newVisitor, whereTo, type Visitor } from "../../../support/browsers/visitor.ts";
import { FORM, usePages } from "./pages.ts";

/*
 * scenario                                            requirement (issue: the console)
 * the form's three modes                              the upstream's document
 * a form sent twice, changed, refused, large          submit at most once; advice of upstream-api.txt
 * the live judgement and the command                  the same schema, the equivalent curl
 */

const stack = usePages();
let visitor: Visitor;
beforeAll(async () => {
  visitor = newVisitor(stack);
  await visitor.signIn(OWN_KEY);
});

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
