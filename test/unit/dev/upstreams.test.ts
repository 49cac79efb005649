import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import {
  startUpstream,
  type Upstream,
  UPSTREAM_NAMES,
  type UpstreamName,
  type UpstreamOptions,
} from "../../../dev/upstreams.ts";
import { BEARER, KEY, SHAPES } from "../../support/upstreams/shapes.ts";

const PROMPT = "A lighthouse in the rain";

const running: Upstream[] = [];
afterEach(() => Promise.all(running.splice(0).map((upstream) => upstream.close())));

async function start(name: UpstreamName, options: UpstreamOptions = {}): Promise<Upstream> {
  const upstream = await startUpstream(name, { keys: [KEY], queueSeconds: 0, runSeconds: 0, ...options });
  running.push(upstream);
  return upstream;
}

interface Seen {
  status: number;
  /** An empty one as an empty string. */
  body: unknown;
}

async function send(url: string, headers: Record<string, string>, body?: unknown): Promise<Seen> {
  const response = await fetch(url, {
    headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
    ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? "" : JSON.parse(text) };
}

async function create(name: UpstreamName, upstream: Upstream, prompt = PROMPT): Promise<Seen> {
  const [path, body] = SHAPES[name].create;
  return send(upstream.origin + path, SHAPES[name].headers, body(prompt));
}

async function created(name: UpstreamName, upstream: Upstream, prompt = PROMPT): Promise<string> {
  const { body } = await create(name, upstream, prompt);
  const text = JSON.stringify(body);
  const id = /"(?:task_id|requestId|request_id|name|id)":"([^"]+)"/.exec(
    text.replace(/"request_id":"[^"]*","output"/, ""),
  );
  return id?.[1] ?? "";
}

function poll(
  name: UpstreamName,
  upstream: Upstream,
  id: string,
  headers = SHAPES[name].headers,
): Promise<Seen> {
  const [path, body] = SHAPES[name].poll(id);
  return send(upstream.origin + path, headers, body);
}

function withSecondKey(headers: Record<string, string>): Record<string, string> {
  return JSON.parse(JSON.stringify(headers).replace(KEY, "sk-second")) as Record<string, string>;
}

describe.each(UPSTREAM_NAMES)("%s", (name) => {
  const shape = SHAPES[name];
  const pending = name === "xai" ? 202 : 200;

  it.each<[word: "queued" | "running", queueSeconds: number]>([
    ["queued", 60],
    ["running", 0],
  ])("shows a %s task", async (word, queueSeconds) => {
    const upstream = await start(name, { queueSeconds, runSeconds: 60 });
    const id = await created(name, upstream);
    expect(id).toMatch(shape.id);
    expect(await poll(name, upstream, id)).toEqual({ status: pending, body: shape[word] });
  });

  it("accepts a create, and shows and serves its result", async () => {
    const upstream = await start(name, { keys: [KEY, "sk-second"] });
    const accepted = await create(name, upstream);
    const id = await created(name, upstream);
    expect(accepted).toEqual({
      status: 200,
      body: shape.accepted(expect.stringMatching(shape.id) as string),
    });
    const { status, body } = await poll(name, upstream, id);
    const found = /"(http:\/\/127[^"]+)"/.exec(JSON.stringify(body))?.[1];
    const url = found ?? `${upstream.origin}/v1/videos/${id}/content`;
    expect({ status, body }).toEqual({ status: 200, body: shape.succeeded(url) });

    const needsKey = name === "openai" || name === "veo";
    const statuses = [{}, withSecondKey(shape.headers), shape.headers].map(
      async (headers) => (await fetch(url, { headers })).status,
    );
    // A key where none belongs is refused.
    expect(await Promise.all(statuses)).toEqual(needsKey ? [401, 404, 200] : [200, 400, 400]);
    const response = await fetch(url, { headers: needsKey ? shape.headers : {} });
    expect(response.headers.get("content-type")).toBe("video/mp4");
  });

  it.each([
    ["[fail]", shape.failed],
    ["[moderate]", shape.moderated],
  ])("ends a task that is marked %s in its own way", async (mark, body) => {
    const upstream = await start(name);
    const id = await created(name, upstream, `${mark} a harbour`);
    expect(await poll(name, upstream, id)).toEqual({ status: 200, body });
  });

  it("does not know a task that is lost, none, or another key's", async () => {
    const [status, body] = shape.unknownTask;
    const upstream = await start(name, { keys: [KEY, "sk-second"] });
    const own = await created(name, upstream);
    const lost = await created(name, upstream, "[lost] a harbour");
    for (const id of [lost, own.replace(/.$/, "z")])
      expect(await poll(name, upstream, id)).toEqual({ status, body });
    expect(await poll(name, upstream, own, withSecondKey(shape.headers))).toEqual({ status, body });
    expect((await poll(name, upstream, own)).status).toBe(200);
  });

  it("refuses a key that it does not know or that comes in another way", async () => {
    const upstream = await start(name);
    const id = await created(name, upstream);
    const rest = Object.entries(shape.headers).filter(([header]) => !/^(authorization|x-goog)/.test(header));
    const wrong = name === "veo" ? BEARER : { authorization: KEY };
    const keys = [{}, wrong, { authorization: "Bearer sk-none", "x-goog-api-key": "sk-none" }];
    for (const key of keys) {
      const answer = await poll(name, upstream, id, { ...Object.fromEntries(rest), ...key });
      expect(answer).toEqual({ status: 401, body: shape.refusals[0] });
    }
  });

  it("answers a fault that has a status alone in its own words", async () => {
    const upstream = await start(name);
    const id = await created(name, upstream);
    for (const status of [429, 402, 403, 404, 503]) upstream.fault({ on: "poll", status });
    const seen = [await poll(name, upstream, id)];
    for (let left = 4; left > 0; left -= 1) seen.push(await poll(name, upstream, id));
    expect(seen[0]).toEqual({ status: 429, body: shape.refusals[1] });
    expect(seen.map(({ status }) => status)).toEqual([429, 402, 403, 404, 503]);
    upstream.fault({ on: "submit", status: 500, times: Infinity });
    upstream.clearFaults();
    expect((await create(name, upstream)).status).toBe(200);
  });

  it("refuses what only a wrong caller sends, and records it", async () => {
    const upstream = await start(name);
    const [path, makeBody] = shape.create;
    const [url, body] = [upstream.origin + path, makeBody(PROMPT)];
    const headers = { ...shape.headers, "ringback-hop": "1" };
    const lacking = Object.keys(body).map((member) =>
      Object.fromEntries(Object.entries(body).filter(([each]) => each !== member)),
    );
    // OpenAI has a default for its model.
    const refused = name === "openai" ? lacking.slice(1) : lacking;
    const wrong: [status: number, url: string, headers: Record<string, string>, body?: unknown][] = [
      [200, url, headers, body],
      ...refused.map((each): [number, string, typeof headers, unknown] => [400, url, headers, each]),
      [400, url, headers, { ...body, ringback: {} }],
      [400, url, headers, { ...body, callback_url: "https://example.com/" }],
      [400, url, headers, makeBody("[refuse] a harbour")],
      [400, url, { ...headers, "ringback-callback-url": "https://example.com/" }, body],
      [400, url, { ...headers, "content-type": "text/plain" }, body],
      ...Object.keys(shape.headers)
        .slice(1)
        .map((each): [number, string, typeof headers, unknown] => [
          400,
          url,
          { ...headers, [each]: "" },
          body,
        ]),
      [404, `${url}?key=${KEY}`, headers, body],
      [404, `${url}/none/of/it`, headers, body],
      [404, url, headers],
    ];
    const statuses: number[] = [];
    for (const [, ...call] of wrong) statuses.push((await send(...call)).status);
    expect(statuses).toEqual(wrong.map(([status]) => status));
    expect(upstream.calls.map(({ status }) => status)).toEqual(statuses);
    expect(upstream.calls.at(-1)).toMatchObject({ method: "GET", path });
  });
});

it.each<[UpstreamName, string, string]>([
  ["new-api", "/v1/models", "data"],
  ["openai", "/v1/models", "data"],
  ["xai", "/v1/models", "data"],
  ["dashscope", "/compatible-mode/v1/models", "data"],
  ["siliconflow", "/v1/models", "data"],
  ["veo", "/v1beta/models", "models"],
])("%s lists its models to a key that it knows", async (name, path, member) => {
  const upstream = await start(name);
  const { status, body } = await send(upstream.origin + path, SHAPES[name].headers);
  expect([status, body]).toEqual([200, expect.objectContaining({ [member]: [expect.anything()] })]);
  expect((await send(upstream.origin + path, {})).status).toBe(401);
});

it("veo leads a download over one redirect, and both need the key", async () => {
  const upstream = await start("veo");
  const { body } = await poll("veo", upstream, await created("veo", upstream));
  const uri = /"uri":"([^"]+)"/.exec(JSON.stringify(body))?.[1] ?? "";
  const first = await fetch(uri, { headers: SHAPES.veo.headers, redirect: "manual" });
  const location = first.headers.get("location") ?? "";
  expect([first.status, new URL(location).origin]).toEqual([302, upstream.origin]);
  expect((await fetch(location)).status).toBe(401);
  expect((await fetch(location, { headers: SHAPES.veo.headers })).status).toBe(200);
});

it("new-api shows a result that needs the key for a prompt that is marked [content]", async () => {
  const upstream = await start("new-api");
  const id = await created("new-api", upstream, "[content] a harbour");
  const url = `${upstream.origin}/v1/videos/${id}/content`;
  expect((await poll("new-api", upstream, id)).body).toMatchObject({ data: { result_url: url } });
  expect((await fetch(url)).status).toBe(401);
  expect((await fetch(url, { headers: BEARER })).status).toBe(200);
});

it("runway shows a task that waits for the account's others as THROTTLED", async () => {
  const upstream = await start("runway", { queueSeconds: 60 });
  const id = await created("runway", upstream);
  await poll("runway", upstream, id);
  expect((await poll("runway", upstream, id)).body).toMatchObject({ status: "THROTTLED" });
});

it.each(["/image_to_video", "/video_upscale", "/character_performance"])(
  "runway asks for the members of %s",
  async (path) => {
    const upstream = await start("runway");
    const url = `${upstream.origin}/v1${path}`;
    expect(await send(url, SHAPES.runway.headers, { model: "gen4_turbo", promptText: PROMPT })).toMatchObject(
      {
        status: 400,
        body: { error: expect.stringMatching(/is required$/) as string },
      },
    );
    const media = { promptImage: "https://example.com/a.png", videoUri: "https://example.com/a.mp4" };
    const body = { model: "gen4_turbo", ...media, character: {}, reference: {} };
    expect((await send(url, SHAPES.runway.headers, body)).status).toBe(200);
  },
);

it("runs from a shell", async () => {
  const program = fileURLToPath(new URL("../../../dev/upstreams.ts", import.meta.url));
  const child = spawn(process.execPath, [program, "--name", "ark", "--key", KEY], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    const origin = line.replace("ark at ", "");
    const asked = { authorization: "Bearer sk-none" };
    expect((await send(`${origin}/api/v3/contents/generations/tasks/x`, asked)).status).toBe(401);
    expect(await send(`${origin}/_control/faults`, {}, { on: "poll", refusal: "busy" })).toMatchObject({
      status: 400,
    });
  } finally {
    child.kill();
  }
});
