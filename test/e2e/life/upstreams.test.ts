import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../../dev/bundle.ts";
import { startUpstream, UPSTREAM_NAMES, type Upstream, type UpstreamName } from "../../../dev/upstreams.ts";
import { keySettingOf } from "../../../src/env/upstreams.ts";
import { expectClean, expectSealed } from "../../support/checks/canary.ts";
import { ALICE, OPERATOR_SETTINGS } from "../../support/operator.ts";
import { isTerminal, MODEL, newHook, startStack, type Stack, type TaskBody } from "../../support/stack.ts";
import { inventedApi, startInventedApi, type InventedServer } from "../../support/upstreams/invented-api.ts";
import { SHAPES } from "../../support/upstreams/shapes.ts";

/*
 * One deployment with every built-in upstream, and with the one that docs/upstreams.md adds by settings alone.
 *
 * scenario                                          requirement (the contract, "Other upstreams")
 * a whole life at each, and one that fails          a signed callback; the file kept, with the key where it is needed
 * the commands of docs/upstreams.md                 the page's profile, request and callback, as they stand there
 * a refusal and an answer that repeat the key       guarantee 9: no key in the answers, callbacks, log and store
 */

const run = promisify(execFile);
const CLIP = readFileSync(`${root}dev/clip.mp4`);
const PICTURE = Buffer.from("89504e470d0a1a0a", "hex");
const NAMES = ["aio", ...UPSTREAM_NAMES] as const;
type Name = (typeof NAMES)[number];

const FAILED = "The model could not make this video.";
const REVIEW = "The prompt was refused by content review.";
const PICTURA_KEY = "canary-key-of-pictura";
const keyOf = (name: Name): string =>
  name === "aio" ? (OPERATOR_SETTINGS["AIO_API_KEY"] ?? "") : `canary-key-of-${name}`;
const KEYS = [...NAMES.map(keyOf), PICTURA_KEY];

const folder = mkdtempSync(join(tmpdir(), "ringback-upstreams-"));
/** Every answer to the caller. */
const answers: string[] = [];
let stack: Stack;
let upstreams: Record<UpstreamName, Upstream>;
let pictura: InventedServer;

beforeAll(async () => {
  const started = UPSTREAM_NAMES.map(async (name): Promise<[UpstreamName, Upstream]> => {
    const plan = { keys: [keyOf(name)], queueSeconds: 0.2, runSeconds: 0.4 };
    return [name, await startUpstream(name, plan)];
  });
  upstreams = Object.fromEntries(await Promise.all(started)) as typeof upstreams;
  pictura = await startInventedApi(({ waits, runs, succeeds }) => [waits, runs, succeeds], {
    key: PICTURA_KEY,
    file: PICTURE,
  });
  const entries = UPSTREAM_NAMES.map((name) => [name, { profile: name, base_url: upstreams[name].origin }]);
  stack = await startStack({
    token: ALICE,
    persistTo: folder,
    settings: {
      ...OPERATOR_SETTINGS,
      KEEP_RESULTS: "ask",
      // Twenty lives at a time, on a machine that does more.
      UPSTREAM_TIMEOUT_SECONDS: "10",
      CALLBACK_TIMEOUT_SECONDS: "10",
      POLL_MIN_SECONDS: "0.2",
      POLL_MAX_SECONDS: "0.2",
      UPSTREAMS: JSON.stringify(Object.fromEntries(entries)),
      ...Object.fromEntries(UPSTREAM_NAMES.map((name) => [keySettingOf(name), keyOf(name)])),
      UPSTREAMS_2: pictura.api.setting,
      [keySettingOf("pictura")]: PICTURA_KEY,
    },
  });
}, 60_000);
afterAll(async () => {
  await Promise.all([stack, pictura, ...Object.values(upstreams ?? {})].map(async (one) => one?.close()));
  rmSync(folder, { recursive: true, force: true });
});

interface Created {
  status: number;
  task: TaskBody;
  /** What is to go upstream. */
  sent: object;
}

/** The upstream's own request, with Ringback's fields where its create has them. */
async function create(name: Name, prompt: string, own: object = {}): Promise<Created> {
  const [path, sent] = name === "aio" ? ["/v1/videos", { model: MODEL, prompt }] : requestOf(name, prompt);
  const body = name === "aio" ? { ...sent, ...own } : { ...sent, ringback: own };
  const response = await stack.call(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-custom": "1" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  answers.push(text);
  return { status: response.status, task: JSON.parse(text) as TaskBody, sent };
}

function requestOf(name: UpstreamName, prompt: string): [path: string, body: object] {
  const [path, body] = SHAPES[name].create;
  return [`/v1/upstreams/${name}${path}`, body(prompt)];
}

interface Life {
  task: TaskBody;
  /** The one callback, whose signature holds. */
  event: { type: string; data: TaskBody };
}

async function live(name: Name, prompt: string): Promise<Life> {
  const hook = newHook(stack);
  const own = { callback_url: hook.url, keep_result: true, metadata: { of: name } };
  const { task: created, status, sent } = await create(name, prompt, own);
  expect([name, status]).toEqual([name, 202]);
  const submits = callsTo(name).filter(({ body }) => body.includes(prompt));
  expect(submits.map(({ body }) => body.toString())).toEqual([JSON.stringify(sent)]);
  expect(submits[0]?.headers).not.toHaveProperty("x-custom");
  const isOver = (one: TaskBody): boolean => isTerminal(one) && one.callback?.status === "delivered";
  const task = await stack.task(created.task_id, isOver, 20_000);
  answers.push(JSON.stringify(task));
  const [callback, ...others] = hook.received();
  expect(others).toEqual([]);
  const { secret } = (await (await stack.call("/v1/webhooks/secret")).json()) as { secret: string };
  const headers = callback?.headers as Record<string, string>;
  return { task, event: new Webhook(secret).verify(callback?.body ?? "", headers) as Life["event"] };
}

function upstreamOf(name: Name): Pick<Upstream, "calls" | "fault"> {
  return name === "aio" ? stack.gateway : upstreams[name];
}

function callsTo(name: Name): Upstream["calls"] {
  return upstreamOf(name).calls;
}

it("an upstream that repeats its key does not show it to the caller", async () => {
  for (const name of NAMES) {
    const body = { error: { message: `The key ${keyOf(name)} is odd.` }, [keyOf(name)]: true };
    upstreamOf(name).fault({ on: "submit", status: 422, body });
    const { status, task } = await create(name, "A lighthouse in the rain");
    expect([name, status, task.error?.code]).toEqual([name, 422, "upstream_rejected"]);
    // The first poll of a life below meets this one.
    upstreamOf(name).fault({ on: "poll", status: 418, body });
  }
});

/** Side by side: Runway has its polls five seconds apart. */
describe.concurrent("a life at each upstream", () => {
  it("makes a file, which is kept, and calls back", async () => {
    const lives = NAMES.map(async (name) => {
      const { task, event } = await live(name, "A lighthouse at noon");
      const shared = { upstream_name: name, status: "succeeded", progress: 100, metadata: { of: name } };
      expect(task).toMatchObject({ ...shared, file: { status: "kept", bytes: CLIP.length } });
      const { task_id: id, video_url: url, source_url: source } = task;
      const type = "video.succeeded";
      expect(event).toMatchObject({ type, data: { ...shared, task_id: id, video_url: url } });
      const origin = name === "aio" ? new URL(stack.gateway.baseUrl).origin : upstreams[name].origin;
      expect([url, source].map((each) => new URL(each ?? "").origin)).toEqual([stack.worker.url, origin]);
      const file = await fetch(url ?? "");
      expect(Buffer.from(await file.arrayBuffer()).equals(CLIP)).toBe(true);
    });
    await Promise.all(lives);
  });

  it("fails, and calls back with the reason", async () => {
    const lives = NAMES.map(async (name) => {
      const { task, event } = await live(name, "[fail] a harbour");
      expect(task).toMatchObject({ upstream_name: name, status: "failed", file: null, video_url: null });
      const error = { code: "generation_failed", message: name === "aio" ? REVIEW : FAILED };
      expect(event).toMatchObject({ type: "video.failed", data: { task_id: task.task_id, error } });
    });
    await Promise.all(lives);
  });
});

describe.concurrent("the commands of docs/upstreams.md", () => {
  it("add an upstream by settings alone, and make a task there", async () => {
    const hook = newHook(stack);
    const {
      commands,
      callback,
      succeeds,
      poll,
      create: first,
    } = inventedApi({
      "https://ringback.example.com": stack.worker.url,
      "https://app.example.com/hook": hook.url,
      "https://files.pictura.example": pictura.origin,
      "YOUR-TOKEN": ALICE,
    });
    const script = ["set -eu", ...commands].join("\n");
    const { stdout } = await run("bash", ["-c", script], { cwd: folder, timeout: 30_000 });
    answers.push(stdout);
    const [ready, list, created, ended] = stdout
      .split(/(?<=\})(?=\{)/)
      .map((text) => JSON.parse(text) as unknown);
    expect(ready).toMatchObject({ status: "ready" });
    expect(list).toMatchObject({
      data: expect.arrayContaining([
        expect.objectContaining({ name: "pictura", create_paths: ["/images"], lifetime_hours: 2 }),
      ]) as unknown,
    });
    expect(created).toMatchObject({
      status: "queued",
      upstream_name: "pictura",
      upstream_task_id: "img-7f3a",
    });
    // Both pictures stand in the upstream's last answer.
    expect(ended).toMatchObject({ status: "succeeded", upstream: JSON.parse(succeeds) as object });
    const [received] = await hook.waitFor(1);
    expect(JSON.parse(received?.body ?? "")).toMatchObject(JSON.parse(callback) as object);
    const [submit, ...polls] = pictura.calls;
    expect(submit?.body).toEqual(first.body);
    expect(polls.map(({ body }) => body)).toEqual([poll.body, poll.body, poll.body]);
  });

  it("call Ark by its own path", async () => {
    const hook = newHook(stack);
    const page = readFileSync(`${root}docs/upstreams.md`, "utf8");
    const [, block = ""] = /^## Call it\n[\s\S]*?^```sh\n([\s\S]*?)^```/m.exec(page) ?? [];
    const script = block
      .replaceAll("https://ringback.example.com", stack.worker.url)
      .replaceAll("https://app.example.com/hook", hook.url)
      .replaceAll("YOUR-TOKEN", ALICE);
    const { stdout } = await run("bash", ["-c", script], { timeout: 30_000 });
    expect(JSON.parse(stdout)).toMatchObject({ upstream_name: "ark", metadata: { order: 42 } });
    const [received] = await hook.waitFor(1);
    expect(JSON.parse(received?.body ?? "")).toMatchObject({ type: "video.succeeded" });
  });
});

it("no key of an upstream is in an answer, a callback, the log or the store, nor a result's query in the log", async () => {
  const log = stack.logs.join("\n");
  expect(answers.length).toBeGreaterThan(NAMES.length * 5);
  expect(stack.receiver.received.length).toBeGreaterThan(NAMES.length * 2);
  for (const id of stack.accepted) expect(log).toContain(id);
  await stack.worker.close();
  for (const text of [...answers, ...stack.receiver.received.map(({ body }) => body)])
    expectClean(text, ...KEYS);
  expectClean(log, ...KEYS, "token=", "alt=media");
  expectSealed(folder, ...KEYS);
});
