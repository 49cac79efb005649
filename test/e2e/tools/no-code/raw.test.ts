import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { MODEL, newHook, submitsTo, type TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

/*
 * Requests as tools put them on the wire, byte for byte, each over a connection of its own. Captured: curl 7.88.1, n8n
 * 2.41.1, Node-RED 5.0.7, zapier-platform-core 19.1.0; the others follow their documents.
 *
 * scenario                                          requirement
 * a create by each tool, of strings alone           contract, POST: typed, forwarded once, flat callback with its metadata
 * an object in a form, which becomes empty          contract, POST: an empty test is 400, not a paid video
 * chunks, Expect: 100-continue, one connection      HTTP, whatever the client's library makes of it
 * what the tools' hooks answer                      contract, callback: Make's and n8n's answers are retried, or stop it
 */

const stack = useStack();
afterEach(() => {
  stack.gateway.calls.length = 0;
});

const KEY = "sk-of-a-no-code-tool";
const PROMPT = 'Lighthouse & "quiet", 灯塔';

interface Wire {
  /** The request's head without its `Host` and `Content-Length`. */
  head: string[];
  body: string;
}

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

const POST = "POST /v1/videos HTTP/1.1";
const AUTHORIZATION = `Authorization: Bearer ${KEY}`;
const FORM = "application/x-www-form-urlencoded";

/** What a user of each tool typed into its fields, one value a field, all of them text. */
function fieldsFor(callbackUrl: string): Record<string, string> {
  return {
    model: MODEL,
    prompt: PROMPT,
    duration_seconds: "5",
    with_audio: "true",
    resolution: "",
    reference_images: "https://a.example.com/1.png\nhttps://a.example.com/2.png",
    callback_url: callbackUrl,
    callback_format: "flat",
    callback_headers: '{"x-make-apikey":"a-secret"}',
    callback_events: "video.succeeded,video.failed",
    metadata: '{"row":"7"}',
    timeout_seconds: "600",
  };
}

/** Spaces as `%20`, as axios and curl write them; as `+`, as Python and the browsers do. */
function form(fields: Record<string, string>, space: "%20" | "+"): string {
  return new URLSearchParams(fields).toString().replaceAll("+", space);
}

const AXIOS = ["Accept: application/json, text/plain, */*", "Accept-Encoding: gzip, compress, deflate, br"];
const N8N = [
  POST,
  "Accept: application/json,text/html,application/xhtml+xml,application/xml,text/*;q=0.9, image/*;q=0.8, */*;q=0.7",
  AUTHORIZATION,
  "User-Agent: n8n",
  "Accept-Encoding: gzip, compress, deflate, br",
];
const ZAPIER = [POST, "User-Agent: Zapier", AUTHORIZATION, "Accept: */*", "Accept-Encoding: gzip, deflate"];
const NODE_RED = [POST, "user-agent: got (https://github.com/sindresorhus/got)", AUTHORIZATION];
const ZAPIER_PLATFORM = [
  POST,
  AUTHORIZATION,
  "user-agent: Zapier",
  "Accept: */*",
  "Accept-Encoding: gzip,deflate",
];
const BOUNDARY = "--------------------------cd78df37c9561b06891d5340";
const MAKE = [POST, "User-Agent: Make/production", AUTHORIZATION, ...AXIOS];

const TOOLS: [string, (fields: Record<string, string>) => Wire][] = [
  [
    "curl -d with JSON and no type",
    (fields) => ({
      head: [POST, AUTHORIZATION, "User-Agent: curl/7.88.1", "Accept: */*", `Content-Type: ${FORM}`],
      body: JSON.stringify(fields),
    }),
  ],
  [
    "curl --data-urlencode",
    (fields) => ({
      head: [POST, AUTHORIZATION, "User-Agent: curl/7.88.1", "Accept: */*", `Content-Type: ${FORM}`],
      body: form(fields, "%20"),
    }),
  ],
  [
    "n8n, JSON of name and value pairs",
    (fields) => ({ head: [...N8N, "Content-Type: application/json"], body: JSON.stringify(fields) }),
  ],
  ["n8n, a form", (fields) => ({ head: [...N8N, `Content-Type: ${FORM}`], body: form(fields, "%20") })],
  [
    "Zapier, payload type json",
    (fields) => ({
      head: [...ZAPIER, "Content-Type: application/json; charset=utf-8"],
      // Python's serialiser, which escapes whatever is not ASCII.
      body: escaped(JSON.stringify(fields, null, 1).replaceAll(/\n */g, " ")),
    }),
  ],
  [
    "Zapier, payload type form",
    (fields) => ({ head: [...ZAPIER, `Content-Type: ${FORM}; charset=utf-8`], body: form(fields, "+") }),
  ],
  [
    "Make, a JSON string",
    (fields) => ({
      head: [...MAKE, "Content-Type: application/json"],
      body: JSON.stringify(fields, null, 4),
    }),
  ],
  [
    "an integration on Zapier's platform, a body",
    (fields) => ({
      head: [...ZAPIER_PLATFORM, "content-type: application/json; charset=utf-8"],
      body: JSON.stringify(fields),
    }),
  ],
  [
    "an integration on Zapier's platform, a form",
    (fields) => ({ head: [...ZAPIER_PLATFORM, `content-type: ${FORM}`], body: form(fields, "+") }),
  ],
  [
    "Node-RED, an object",
    (fields) => ({ head: [...NODE_RED, "Content-Type: application/json"], body: JSON.stringify(fields) }),
  ],
  [
    "Node-RED, a form",
    (fields) => ({ head: [...NODE_RED, `content-type: ${FORM}`], body: form(fields, "%20") }),
  ],
  [
    "Node-RED, a form in parts",
    (fields) => ({
      head: [...NODE_RED, `content-type: multipart/form-data; boundary=${BOUNDARY}`],
      body: parts(fields),
    }),
  ],
  ["Make, a form", (fields) => ({ head: [...MAKE, `Content-Type: ${FORM}`], body: form(fields, "%20") })],
  [
    "Power Automate, its JSON with a byte order mark",
    (fields) => ({
      head: [
        POST,
        AUTHORIZATION,
        "User-Agent: azure-logic-apps/1.0",
        "Content-Type: application/json; charset=utf-8",
      ],
      body: `\uFEFF${JSON.stringify(fields)}`,
    }),
  ],
  [
    "Python's requests, data=",
    (fields) => ({
      head: [
        POST,
        "User-Agent: python-requests/2.28.1",
        "Accept-Encoding: gzip, deflate",
        "Accept: */*",
        AUTHORIZATION,
        `Content-Type: ${FORM}`,
      ],
      body: form(fields, "+"),
    }),
  ],
  [
    "headers in lower case and JSON without a type",
    (fields) => ({ head: [POST, `authorization: bearer ${KEY}`], body: JSON.stringify(fields) }),
  ],
];

function parts(fields: Record<string, string>): string {
  const each = Object.entries(fields).map(
    ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return `${each.join("")}--${BOUNDARY}--\r\n`;
}

function escaped(json: string): string {
  return json.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
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
