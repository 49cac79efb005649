import { head } from "../../support/wire/hostile-bytes.ts";
import type { RawServer } from "../../support/wire/raw-server.ts";
import { json, VIDEO, type Answer } from "../../support/upstreams/raw-upstream.ts";

/** What would be believed if it were looked for in the wrong place. */
const lure = (id: string) =>
  JSON.stringify({ task_id: id, status: "succeeded", video_url: "https://evil.example.net/" });
const page = (id: string) =>
  `<!doctype html><title>Sign in to Wi-Fi</title><script>const a = ${lure(id)}</script>`;

/** Bodies of a 200 that are no answer of the API. */
export const PAGES: [name: string, body: (id: string) => string, type: string][] = [
  ["a captive page", page, "text/html"],
  ["a captive page that calls itself JSON", page, "application/json"],
  ["JSON in a callback", (id) => `cb(${lure(id)})`, "application/javascript"],
  ["JSON behind a guard", (id) => `)]}',\n${lure(id)}`, "application/json"],
  ["JSON as an event stream", (id) => `data: ${lure(id)}\n\n`, "text/event-stream"],
  ["JSON lines", (id) => `${lure(id)}\n${lure(id)}\n`, "application/x-ndjson"],
  ["JSON in a list", (id) => `[${lure(id)}]`, "application/json"],
  ["JSON in UTF-16", (id) => Buffer.from(lure(id), "utf16le").toString("latin1"), "application/json"],
  [
    "3 MB of good JSON",
    (id) => lure(id).replace("}", `,"pad":"${"x".repeat(3_000_000)}"}`),
    "application/json",
  ],
];

/** Members of a submit's answer that are no id. */
export const NO_IDS: [name: string, ids: string][] = [
  ["null", '"task_id":null'],
  ["true", '"task_id":true'],
  ["a fraction", '"task_id":7.5'],
  ["a power of ten", '"task_id":1e30'],
  ["an empty text", '"task_id":""'],
  ["a list", '"task_id":["up"]'],
  ["an object", '"task_id":{"id":"up"}'],
  ["half of a character", String.raw`"task_id":"\ud800"`],
  ["257 characters", `"task_id":"${"x".repeat(257)}"`],
  ["a megabyte", `"task_id":"${"x".repeat(1_000_000)}"`],
  ["the folder above", '"task_id":".."'],
  ["the folder itself", '"id":".","task_id":null'],
  ["inherited", '"__proto__":{"task_id":"up"}'],
  ["named in another case", '"Task_ID":"up"'],
];

/** Members of a poll's answer that are another task's id. */
export const FOREIGN_IDS: [name: string, ids: (id: string) => string][] = [
  ["another text", () => '"task_id":"up-other"'],
  ["another integer", () => '"task_id":1'],
  ["the same with a space", (id) => `"task_id":"${id} "`],
  ["the same in upper case", (id) => `"task_id":"${id.toUpperCase()}"`],
  ["the same and more", (id) => `"task_id":"${id}-2"`],
  ["in data", () => '"data":{"task_id":"up-other"}'],
  ["of 257 characters", () => `"task_id":"${"x".repeat(257)}"`],
  ["the same, padded to 300 characters", (id) => `"task_id":"${id.padEnd(300, "0")}"`],
  ["with half of a character", (id) => String.raw`"task_id":"${id}\ud800"`],
  ["the folder above", () => '"task_id":".."'],
];

export const say = (status: string, more: object = {}): Answer => json(200, { status, ...more });
const done = say("succeeded", { video_url: VIDEO });

/** Polls' answers one after the other, where they end and after how many polls. */
export const STATUSES_IN_A_ROW: [name: string, plan: Answer[], end: object, polls: number][] = [
  [
    "from succeeded to failed",
    [say("running"), done, say("failed")],
    { status: "succeeded", video_url: VIDEO },
    2,
  ],
  [
    "from failed to succeeded",
    [say("failed"), done],
    { status: "failed", error: { code: "generation_failed" } },
    1,
  ],
  [
    "from running to queued and running again",
    [
      say("running", { progress: 50 }),
      say("queued", { progress: 0 }),
      say("running", { progress: 10 }),
      done,
    ],
    { status: "succeeded", progress: 100 },
    4,
  ],
  [
    "from a success without a URL to failed, which is the end",
    [say("succeeded"), say("running"), say("failed", { message: "After all." }), done],
    { status: "failed", error_message: "After all.", video_url: null },
    3,
  ],
  [
    "within one answer: the inner one counts",
    [
      say("succeeded", { video_url: VIDEO, data: { status: "running" } }),
      say("failed", { data: { status: "queued" } }),
      done,
    ],
    { status: "succeeded" },
    3,
  ],
];

/** A 200 with this body, of this type. */
export const okWith =
  (body: (id: string) => string, type: string): Answer =>
  (socket, { id }) => {
    const bytes = Buffer.from(body(id), "latin1");
    socket.write(head(200, `content-type: ${type}`, `content-length: ${bytes.length}`, "connection: close"));
    socket.end(bytes);
  };

/** Every header that could make a client speak to another host. */
export function pointersTo({ origin, port }: RawServer): Record<string, string> {
  return {
    location: `${origin}/steal`,
    "content-location": `${origin}/steal`,
    refresh: `0; url=${origin}/steal`,
    link: `<${origin}/steal>; rel=preload, <${origin}>; rel=preconnect`,
    "alt-svc": `http/1.1="127.0.0.1:${port}"; ma=3600`,
  };
}
