import { describe, expect, it } from "vitest";
import { MODEL, newHook, submitsTo, type TaskBody } from "../../../support/stack.ts";
import { usePosts } from "./posts.ts";
import { FORM } from "./tools.ts";

/*
 * Creates as tools without JSON send them, byte for byte.
 *
 * scenario                                        requirement
 * curl -d without a content type                  contract, POST: a form body that starts with `{` is read as JSON
 * a form with every kind of field                 contract, POST: strings for numbers, booleans, objects and lists
 * brackets and dots in a form's names             contract, POST: read, or 400; never forwarded
 * a form with a file                              contract, POST: multipart/form-data, the file as a data: URL
 * one that is too large for an address's half     413, its length said or not; the largest is taken
 * a ping, a rotation and a redelivery as a form   contract, POST: for tools that can send nothing else
 * other types, any encoding                       415
 */

const { stack, post, forwarded } = usePosts();

describe("a form", () => {
  it("that starts with a brace is the JSON that curl -d sends", async () => {
    const answer = await post(`{"model": "${MODEL}", "prompt": "100% + more & so on"}`, FORM);
    expect(answer.status).toBe(202);
    expect(forwarded()).toEqual({ model: MODEL, prompt: "100% + more & so on" });
  });

  it("is a create: typed where it is known, text where it is not, Ringback's own fields stripped", async () => {
    const hook = newHook(stack);
    const form = [
      `model=${MODEL}`,
      "prompt=A+lighthouse%2C+%E7%81%AF.",
      "duration_seconds=5",
      "with_audio=false",
      "aspect_ratio=16%3A9",
      "resolution=",
      "reference_images=https%3A%2F%2Fa.example.com%2F1.png%0Ahttps%3A%2F%2Fa.example.com%2F2.png",
      "unknown=7",
      `callback_url=${encodeURIComponent(hook.url)}`,
      "callback_events=video.succeeded%2Cvideo.failed",
      `callback_headers=${encodeURIComponent('{"x-make-apikey":"a-secret"}')}`,
      "callback_format=flat",
      `metadata=${encodeURIComponent('{"order":42}')}`,
      "timeout_seconds=600",
    ].join("&");
    const answer = await post(form, `${FORM}; charset=utf-8`);
    expect(answer.status).toBe(202);
    const task = JSON.parse(answer.body) as TaskBody;
    expect(task).toMatchObject({
      metadata: { order: 42 },
      callback: { format: "flat", events: ["video.succeeded", "video.failed"] },
    });
    expect(forwarded()).toEqual({
      model: MODEL,
      prompt: "A lighthouse, 灯.",
      duration_seconds: 5,
      with_audio: false,
      aspect_ratio: "16:9",
      reference_images: ["https://a.example.com/1.png", "https://a.example.com/2.png"],
      unknown: "7",
    });
    const [callback] = await hook.waitFor(1);
    expect(callback?.headers["x-make-apikey"]).toBe("a-secret");
    expect(JSON.parse(callback?.body ?? "")).toMatchObject({ event: "video.succeeded", metadata_order: 42 });
  });

  it.each([
    ["as a list in JSON", 'reference_images=["https://a.example.com/1.png"]'],
    ["by a repeated name", "reference_images=https://a.example.com/1.png&reference_images="],
    ["one a line", "reference_images=https://a.example.com/1.png%0D%0A"],
  ])("takes reference images %s", async (_name, field) => {
    const answer = await post(`model=${MODEL}&prompt=p&${field}`, FORM);
    if (field.endsWith("=")) expect(answer.status).toBe(400);
    else expect(forwarded()).toMatchObject({ reference_images: ["https://a.example.com/1.png"] });
  });

  it("is the same request as its JSON under one idempotency key", async () => {
    const key = { "idempotency-key": "a-form-and-its-json" };
    const first = await post(`prompt=p&model=${MODEL}&duration_seconds=5`, FORM, key);
    const again = await post(
      `{"model":"${MODEL}","prompt":"p","duration_seconds":5}`,
      "application/json",
      key,
    );
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.headers["idempotent-replayed"]).toBe("true");
    expect(submitsTo(stack.gateway)).toHaveLength(1);
  });

  it("with 3 MB of an image is forwarded intact", async () => {
    const image = "QUJD".repeat(750_000);
    expect((await post(`model=${MODEL}&prompt=p&image=${image}`, FORM)).status).toBe(202);
    expect(forwarded()).toMatchObject({ image });
  });

  it.each([
    ["without a model", "prompt=p", "model"],
    ["with a number that is none", `model=${MODEL}&prompt=p&duration_seconds=long`, "duration_seconds"],
    ["with an object that is none", `model=${MODEL}&prompt=p&metadata=%7Bbroken`, "metadata"],
    ["with an unknown event", `model=${MODEL}&prompt=p&callback_events=video.done`, "callback_events.0"],
    ["with a misspelled callback field", `model=${MODEL}&prompt=p&callback_uri=x`, "callback_uri"],
    ["with nothing in it", "", "model"],
  ])("%s is 400 and names the field", async (_name, form, param) => {
    const answer = await post(form, FORM);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: "invalid_request", param } });
    expect(forwarded()).toBeUndefined();
  });

  it("that is not UTF-8 is 400", async () => {
    expect((await post(`model=${MODEL}&prompt=%ff`, FORM)).status).toBe(400);
    expect((await post(Uint8Array.of(0x70, 0x3d, 0xff), FORM)).status).toBe(400);
  });
});

describe("a form with brackets in its names", () => {
  it("has a test that is free, and callbacks as it says", async () => {
    const hook = newHook(stack);
    const form = new URLSearchParams({
      model: MODEL,
      prompt: "p",
      "test[outcome]": "succeeded",
      "test[delay_seconds]": "0",
      callback_url: hook.url,
      "callback_headers[x-make-apikey]": "a-secret",
      "callback_events[]": "video.succeeded",
      "metadata.order": "42",
    });
    const answer = await post(form.toString(), FORM);
    expect(answer.status).toBe(202);
    expect(JSON.parse(answer.body)).toMatchObject({ test: true, metadata: { order: "42" } });
    const [callback] = await hook.waitFor(1);
    expect(callback?.headers["x-make-apikey"]).toBe("a-secret");
    expect(forwarded()).toBeUndefined();
  });

  it.each([
    ["test[outcome][x]=succeeded", "test[outcome][x]"],
    ["Test[outcome]=succeeded", "Test[outcome]"],
    ["test__outcome=succeeded", "test__outcome"],
    ["test=&test[outcome]=succeeded", "test[outcome]"],
    ["test=", "test"],
    ["prompt[]=a", "prompt[]"],
    ["seed.x=1", "seed.x"],
  ])("or is 400, all its problems at once, and nothing is paid: %s", async (field, param) => {
    const answer = await post(
      `model=${MODEL}&prompt=p&duration_seconds=99&${field}`,
      FORM,
      {},
      "/videos?x=1",
    );
    expect(answer.status).toBe(400);
    const { issues } = (JSON.parse(answer.body) as { error: { issues: { path: string }[] } }).error;
    expect(issues.map(({ path }) => path)).toEqual(expect.arrayContaining(["x", param, "duration_seconds"]));
    expect(forwarded()).toBeUndefined();
  });
});

describe("a form with a file", () => {
  async function postFiles(form: FormData, path = "/videos"): Promise<Response> {
    return stack.call(`/v1${path}`, { method: "POST", body: form });
  }

  it("is a create with that image, of megabytes too, and the same request as its JSON", async () => {
    const image = Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 31) % 256);
    const form = new FormData();
    form.append("model", MODEL);
    form.append("prompt", "A lighthouse, 灯.");
    form.append("duration_seconds", "5");
    form.append("image", new Blob([image], { type: "image/png" }), "first.png");
    form.append("metadata[order]", "42");
    const answer = await postFiles(form);
    expect([answer.status, ((await answer.json()) as TaskBody).metadata]).toEqual([202, { order: "42" }]);
    expect(forwarded()).toEqual({
      model: MODEL,
      prompt: "A lighthouse, 灯.",
      duration_seconds: 5,
      image: `data:image/png;base64,${Buffer.from(image).toString("base64")}`,
    });
  });

  it("is 400 with a file that is no image, or for a field that takes none", async () => {
    for (const [name, type] of [
      ["image", "text/plain"],
      ["metadata", "application/json"],
    ] as const) {
      const form = new FormData();
      form.append("model", MODEL);
      form.append("prompt", "p");
      form.append(name, new Blob(["{}"], { type }), "a");
      const answer = await postFiles(form);
      expect(await answer.json()).toMatchObject({ error: { code: "invalid_request", param: name } });
    }
    expect(forwarded()).toBeUndefined();
  });

  const FORM_MAX_BYTES = 12_582_912;

  /** A form of that many bytes, nearly all of them one image. */
  function formOf(length: number): Buffer {
    const head = [
      `--b\r\ncontent-disposition: form-data; name="model"\r\n\r\n${MODEL}\r\n`,
      '--b\r\ncontent-disposition: form-data; name="prompt"\r\n\r\np\r\n',
      '--b\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n',
    ].join("");
    const tail = "\r\n--b--\r\n";
    return Buffer.concat([
      Buffer.from(head),
      Buffer.alloc(length - head.length - tail.length, "x"),
      Buffer.from(tail),
    ]);
  }

  it.each([
    ["said", FORM_MAX_BYTES, { "content-length": String(FORM_MAX_BYTES) }, 202],
    ["said", FORM_MAX_BYTES + 1, { "content-length": String(FORM_MAX_BYTES + 1) }, 413],
    ["not said", FORM_MAX_BYTES + 1, {}, 413],
  ])("whose length is %s, %d bytes, is judged by an address's half", async (_name, length, more, status) => {
    const answer = await post(formOf(length), "multipart/form-data; boundary=b", more);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject(
      status === 202 ? { status: "queued" } : { error: { code: "payload_too_large" } },
    );
  });

  it("may be a ping", async () => {
    const hook = newHook(stack);
    const form = new FormData();
    form.append("callback_url", hook.url);
    expect(await (await postFiles(form, "/webhooks/ping/")).json()).toMatchObject({ delivered: true });
  });
});

describe("what is not a create, as a form", () => {
  it.each([
    [
      "as a form",
      (url: string) =>
        `callback_url=${encodeURIComponent(url)}&callback_format=flat&callback_headers=%7B%22x-app%22%3A%227%22%7D`,
    ],
    [
      "as the JSON of curl -d",
      (url: string) =>
        JSON.stringify({ callback_url: url, callback_format: "flat", callback_headers: { "x-app": "7" } }),
    ],
  ])("a ping is sent %s", async (_name, body) => {
    const hook = newHook(stack);
    const answer = await post(body(hook.url), FORM, {}, "/webhooks/ping");
    expect(JSON.parse(answer.body)).toMatchObject({ delivered: true, status_code: 200 });
    const [callback] = await hook.waitFor(1);
    expect(callback?.headers["x-app"]).toBe("7");
    expect(JSON.parse(callback?.body ?? "")).toMatchObject({ event: "ping" });
  });

  it.each([
    ["overlap_seconds=60", 200],
    ['{"overlap_seconds": 60}', 200],
    ["", 200],
    ["overlap_seconds=long", 400],
    ["{broken", 400],
  ])("a rotation of %j is %i", async (body, status) => {
    // Its own account: at most three previous secrets are kept.
    const own = { authorization: `Bearer sk-rotates-${body.length}` };
    expect((await post(body, FORM, own, "/webhooks/secret/rotate")).status).toBe(status);
  });

  it("a redelivery names its message", async () => {
    const hook = newHook(stack);
    const created = await stack.create({ callback_url: hook.url });
    const { task_id: id } = (await created.json()) as TaskBody;
    const [first] = await hook.waitFor(1);
    const message = String(first?.headers["webhook-id"]);
    expect((await post(`message_id=${message}`, FORM, {}, `/videos/${id}/redeliver`)).status).toBe(202);
    const [, second] = await hook.waitFor(2);
    expect(second?.headers["webhook-id"]).toBe(message);
    expect((await post("message_id=msg_other", FORM, {}, `/videos/${id}/redeliver`)).status).toBe(404);
  });
});

describe("another type", () => {
  it.each([
    "text/plain",
    "multipart/mixed; boundary=x",
    "application/json, text/plain",
    "application/x-www-form-urlencoded-not",
    "application/xml",
  ])("is 415: %s", async (type) => {
    expect((await post(`model=${MODEL}&prompt=p`, type)).status).toBe(415);
  });

  it("is 415 for a form with a content encoding", async () => {
    expect((await post(`model=${MODEL}&prompt=p`, FORM, { "content-encoding": "gzip" })).status).toBe(415);
  });
});
