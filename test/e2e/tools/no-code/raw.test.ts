import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { MODEL, newHook, submitsTo, sendRaw, type TaskBody } from "../../../support/stack.ts";
import {
  FORM,
  TOOLS,
  AUTHORIZATION,
  KEY,
  N8N,
  NODE_RED,
  POST,
  PROMPT,
  ZAPIER_PLATFORM,
  fieldsFor,
  type Wire,
} from "./tools.ts";
import { usePosts } from "./posts.ts";

/*
 * Requests as tools put them on the wire, byte for byte, each over a connection of its own. Captured: curl 7.88.1, n8n
 * 2.41.1, Node-RED 5.0.7, zapier-platform-core 19.1.0; the others follow their documents.
 *
 * scenario                                          requirement
 * a create by each tool, of strings alone           contract, POST: typed, forwarded once, flat callback with its metadata
 * an object in a form, which becomes empty          contract, POST: an empty test is 400, not a paid video
 * chunks, Expect: 100-continue, one connection      HTTP, whatever the client's library makes of it
 * a byte order mark, a type that is sent twice      contract, POST: as without
 * a path with a slash at its end                    contract: the path without it
 * what the tools' hooks answer                      contract, callback: Make's and n8n's answers are retried, or stop it
 */

const { stack, post, forwarded } = usePosts();

/** Writes the bytes, reads until the other side closes, and gives its bytes; bodies may be compressed. */
async function onTheWire(bytes: string | readonly (string | Buffer)[], pauseMs = 20): Promise<string> {
  const { hostname, port } = new URL(stack.worker.url);
  const pieces = typeof bytes === "string" ? [bytes] : bytes;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let answer = "";
    socket.setEncoding("latin1").on("data", (text: string) => (answer += text));
    socket.on("error", reject).on("close", () => resolve(answer));
    const write = (index: number): void => {
      const piece = pieces[index];
      if (piece === undefined) return;
      socket.write(piece);
      setTimeout(write, pauseMs, index + 1);
    };
    write(0);
  });
}

function request({ head, body }: Wire, more: string[] = ["Connection: close"]): string {
  const { host } = new URL(stack.worker.url);
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return [...head, `Host: ${host}`, length, ...more, "", body].join("\r\n");
}

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
}

describe("a create of strings alone", () => {
  it.each(TOOLS)("by %s is typed, submitted once and called back", async (_name, wire) => {
    const hook = newHook(stack);
    const answer = await onTheWire(request(wire(fieldsFor(hook.url))));
    expect(statusOf(answer)).toBe(202);
    const submits = submitsTo(stack.gateway);
    expect(submits).toHaveLength(1);
    expect(JSON.parse(submits[0]?.body.toString() ?? "")).toEqual({
      model: MODEL,
      prompt: PROMPT,
      duration_seconds: 5,
      with_audio: true,
      reference_images: ["https://a.example.com/1.png", "https://a.example.com/2.png"],
    });
    expect(submits[0]?.authorization).toBe(`Bearer ${KEY}`);
    const [callback] = await hook.waitFor(1);
    expect(callback?.headers["x-make-apikey"]).toBe("a-secret");
    expect(JSON.parse(callback?.body ?? "")).toMatchObject({ event: "video.succeeded", metadata_row: "7" });
  });

  const IMAGES = ["https://a.example.com/1.png", "https://a.example.com/2.png"];
  it.each([
    ["a list", IMAGES],
    ["a list in a string", JSON.stringify(IMAGES)],
    ["lines", IMAGES.join("\n")],
    ["lines of Windows, and an empty one", `${IMAGES.join("\r\n")}\r\n`],
  ])("has its reference images as %s", async (_name, images) => {
    const body = JSON.stringify({ model: MODEL, prompt: "p", reference_images: images });
    expect(
      statusOf(await onTheWire(request({ head: [...N8N, "Content-Type: application/json"], body }))),
    ).toBe(202);
    const [submit] = submitsTo(stack.gateway);
    expect(JSON.parse(submit?.body.toString() ?? "")).toMatchObject({ reference_images: IMAGES });
  });
});

// Both make a form with Node's own `querystring`, which writes an object as nothing: the test would be a paid video.
it.each([
  ["Node-RED", NODE_RED],
  ["an integration on Zapier's platform", ZAPIER_PLATFORM.filter((line) => !line.startsWith("Accept-Enc"))],
])("a form by %s with an object in it is refused, not paid", async (_name, head) => {
  const body = `model=${MODEL}&prompt=p&metadata=&test=`;
  const answer = await onTheWire(request({ head: [...head, `content-type: ${FORM}`], body }));
  expect(statusOf(answer)).toBe(400);
  expect(answer).toContain('"param":"test"');
  expect(submitsTo(stack.gateway)).toEqual([]);
});

describe("the wire", () => {
  const JSON_HEAD = [POST, AUTHORIZATION, "Content-Type: application/json"];
  const BODY = `{"model":"${MODEL}","prompt":"in pieces"}`;

  it("carries a body in chunks, one of them in the middle of a character", async () => {
    const { host } = new URL(stack.worker.url);
    const bytes = Buffer.from(`{"model":"${MODEL}","prompt":"灯"}`);
    const cut = bytes.indexOf(Buffer.from("灯")) + 1;
    const chunk = (part: Buffer): string => `${part.length.toString(16)}\r\n${part.toString("latin1")}\r\n`;
    const head = [
      ...JSON_HEAD,
      `Host: ${host}`,
      "Transfer-Encoding: chunked",
      "Connection: close",
      "",
      "",
    ].join("\r\n");
    const pieces = [head, chunk(bytes.subarray(0, cut)), chunk(bytes.subarray(cut)), "0\r\n\r\n"];
    const answer = await onTheWire(pieces.map((piece) => Buffer.from(piece, "latin1")));
    expect(statusOf(answer)).toBe(202);
    expect(JSON.parse(submitsTo(stack.gateway)[0]?.body.toString() ?? "")).toMatchObject({ prompt: "灯" });
  });

  it("asks before it sends a long body, as curl does", async () => {
    const whole = request({ head: [...JSON_HEAD, "Expect: 100-continue"], body: BODY });
    const cut = whole.indexOf("\r\n\r\n") + 4;
    const answer = await onTheWire([whole.slice(0, cut), whole.slice(cut)], 200);
    const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => status);
    expect(statuses.at(-1)).toBe("202");
    expect(submitsTo(stack.gateway)).toHaveLength(1);
  });

  it("carries two creates on one connection, each submitted once", async () => {
    const wire: Wire = { head: JSON_HEAD, body: BODY };
    const answer = await onTheWire([request(wire, []), request(wire)], 300);
    expect(answer.match(/HTTP\/1\.1 202/g)).toHaveLength(2);
    expect(submitsTo(stack.gateway)).toHaveLength(2);
  });

  it("that breaks off in the middle of a body submits nothing", async () => {
    const whole = request({ head: JSON_HEAD, body: BODY });
    const { hostname, port } = new URL(stack.worker.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(whole.slice(0, -5), () => socket.destroy());
      });
      socket.on("close", () => resolve());
    });
    // Whatever came of it has come by the time a later request has gone all the way.
    expect(
      statusOf(await onTheWire(request({ head: JSON_HEAD, body: `{"model":"${MODEL}","prompt":"later"}` }))),
    ).toBe(202);
    expect(submitsTo(stack.gateway).map(({ body }) => body.toString())).toEqual([
      `{"model":"${MODEL}","prompt":"later"}`,
    ]);
  });
});

describe("what a tool adds to a request", () => {
  const json = `{"model":"${MODEL}","prompt":"p"}`;
  it.each([
    ["a byte order mark", `\ufeff${json}`, "application/json", "/videos"],
    ["a byte order mark in front of a form", `\ufeffmodel=${MODEL}&prompt=p`, FORM, "/videos"],
    ["a byte order mark in front of the JSON of a form", `\ufeff${json}`, FORM, "/videos"],
    ["its own content type beside the user's", json, "application/json, application/json", "/videos"],
    ["a slash at the end of the path", json, "application/json", "/videos/"],
  ])("%s changes nothing", async (_name, body, type, path) => {
    expect((await post(body, type, {}, path)).status).toBe(202);
    expect(forwarded()).toEqual({ model: MODEL, prompt: "p" });
  });

  it("a slash changes no path, but two of them do", async () => {
    const ask = async (path: string) => (await sendRaw(stack.worker.url + path)).status;
    for (const path of ["/healthz", "/openapi.json", "/docs", "/robots.txt"])
      expect([path, await ask(path), await ask(`${path}/`), await ask(`${path}//`)]).toEqual([
        path,
        200,
        200,
        404,
      ]);
    const { task_id: id } = (await (await stack.create()).json()) as TaskBody;
    for (const path of [`/v1/videos/${id}`, `/v1/videos/${id}/deliveries`, "/v1/stats", "/v1/models"])
      expect([path, (await stack.call(`${path}/`)).status]).toEqual([path, 200]);
    expect(await ask("/v1/nope/")).toBe(404);
  });
});

describe("the answers of the tools' hooks", () => {
  const accepted = { status: 200, body: "Accepted" };
  it.each([
    ["Make: Accepted", [accepted], "delivered", ["delivered"]],
    [
      "Make: Queue is full, then Accepted",
      [{ status: 400, body: "Queue is full." }, accepted],
      "delivered",
      ["retryable", "delivered"],
    ],
    [
      "Make: without its key",
      [{ status: 401, body: "Unauthorized" }, accepted],
      "delivered",
      ["retryable", "delivered"],
    ],
    ["Make: a webhook that was switched off", [{ status: 410, body: "Gone" }], "stopped", ["permanent"]],
    [
      "n8n: the execution has not reached the Wait node yet",
      [
        { status: 409, body: { code: 409, message: 'The execution "1" is running already.' } },
        { status: 200, body: { message: "Workflow was started" } },
      ],
      "delivered",
      ["retryable", "delivered"],
    ],
    [
      "n8n: it waits at another node, or saves no progress, and then at the right one",
      [
        {
          status: 404,
          body: {
            code: 404,
            message:
              'The workflow for execution "1" does not contain a waiting webhook with a matching path/method.',
          },
        },
        {
          status: 500,
          body: { code: 0, message: "Cannot read properties of undefined (reading 'resumeToken')" },
        },
        { status: 200, body: { message: "Workflow was started" } },
      ],
      "delivered",
      ["retryable", "retryable", "delivered"],
    ],
    [
      "n8n: the execution is over",
      Array.from({ length: 4 }, () => ({
        status: 409,
        body: { code: 409, message: 'The execution "1" has finished already.' },
      })),
      "exhausted",
      ["retryable", "retryable", "retryable", "retryable"],
    ],
    [
      "Zapier: taken, whatever the Zap does",
      [{ status: 200, body: { status: "success", id: "018e", attempt: "018e" } }],
      "delivered",
      ["delivered"],
    ],
  ])("%s", async (_name, replies, status, outcomes) => {
    for (const reply of replies) stack.receiver.reply(reply);
    const hook = newHook(stack);
    const url = `${hook.url}?signature=25fbefae24e5ac15`;
    const { task_id: id } = (await (
      await stack.create({ callback_url: url, callback_format: "flat" })
    ).json()) as TaskBody;
    const [delivery] = await stack.deliveries(id, (all) => all[0]?.status === status);
    expect(delivery?.attempts.map(({ outcome }) => outcome)).toEqual(outcomes);
    const paths = hook.received().map(({ path }) => path);
    expect(new Set(paths)).toEqual(new Set([new URL(url).pathname + new URL(url).search]));
    expect(paths).toHaveLength(outcomes.length);
  });
});
