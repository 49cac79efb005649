import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { root } from "../../../dev/bundle.ts";
import { type Answer, type Listening, listen, readBody, sendAnswer } from "../../../dev/listen.ts";

/** The image API that docs/upstreams.md invents, and what the page does with it, read out of the page. */

export interface InventedRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  /** As parsed. */
  body: unknown;
}

export interface InventedApi {
  create: InventedRequest;
  /** JSON texts, as all answers. */
  created: string;
  poll: InventedRequest;
  waits: string;
  runs: string;
  succeeds: string;
  fails: string;
  heldBack: string;
  unknown: string;
  /** `UPSTREAMS`. */
  setting: string;
  /** The shell's lines: the list of upstreams; a create and its task. */
  commands: [list: string, create: string];
  /** Members of the callback, as JSON. */
  callback: string;
}

/** Hosts on the page stand for those of a test: `replaced` puts others in their places. */
export function inventedApi(replaced: Readonly<Record<string, string>> = {}): InventedApi {
  let page = readFileSync(`${root}docs/upstreams.md`, "utf8");
  for (const [from, to] of Object.entries(replaced)) page = page.replaceAll(from, to);
  const section = page.slice(page.indexOf("## Write a profile"), page.indexOf("## The members"));
  const blocks = (language: string): string[] =>
    Array.from(section.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm")), ([, code]) =>
      (code ?? "").trim(),
    );
  const [create, poll] = blocks("http").map(requestIn);
  const [created, course, trouble, setting, callback] = blocks("json");
  const [waits, runs, succeeds] = course?.split("\n") ?? [];
  const [fails, heldBack, unknown] = trouble?.split("\n") ?? [];
  const [list, send] = blocks("sh");
  const found = {
    ...{ create, created, poll, waits, runs, succeeds, fails, heldBack, unknown, setting, callback },
    commands: list === undefined || send === undefined ? undefined : [list, send],
  };
  const lacking = Object.entries(found).find(([, value]) => value === undefined);
  if (lacking !== undefined) throw new Error(`docs/upstreams.md has no ${lacking[0]}`);
  return found as InventedApi;
}

function requestIn(text: string): InventedRequest {
  const [head = "", body = ""] = text.split("\n\n");
  const [line = "", ...headers] = head.split("\n");
  const [method = "", url = ""] = line.split(" ");
  const pairs = headers.map((header) => header.split(": ") as [string, string]);
  return { method, url, headers: Object.fromEntries(pairs), body: JSON.parse(body) };
}

export interface InventedServer extends Listening {
  /** The page's, with this server's addresses. */
  api: InventedApi;
  calls: InventedRequest[];
}

/**
 * The invented API on loopback. It answers the page's two requests alone: a create, and its polls in the order of `answers`, the
 * last one again and again. The files that the page names need no key, and it refuses one.
 */
export async function startInventedApi(
  answers: (api: InventedApi) => string[],
  { key, file }: { key: string; file: Buffer },
): Promise<InventedServer> {
  const calls: InventedRequest[] = [];
  const server = await listen(async (request, response) => {
    const { method = "", url: path = "" } = request;
    const { bytes } = await readBody(request, 1_000_000);
    const call: InventedRequest = {
      method,
      url: server.origin + path,
      headers: Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      ),
      body: bytes.length === 0 ? null : JSON.parse(bytes.toString()),
    };
    calls.push(call);
    await sendAnswer(response, answer(call));
  });
  const api = inventedApi({
    "https://api.pictura.example": server.origin,
    "https://files.pictura.example": server.origin,
    "YOUR-KEY": key,
  });
  const polls = answers(api);

  function answer(call: InventedRequest): Answer {
    const { method, url, headers } = call;
    if (method === "GET" && api.succeeds.includes(`"${url}"`))
      return JSON.stringify(headers).includes(key)
        ? { status: 400 }
        : { status: 200, headers: { "content-type": "image/png" }, body: file };
    if (isThe(call, api.create)) return json(api.created);
    if (!isThe(call, api.poll)) return { status: 404, body: { error: "no such call" } };
    return json((polls.length > 1 ? polls.shift() : polls[0]) ?? "");
  }
  return { ...server, api, calls };
}

function json(body: string): Answer {
  return { status: 200, headers: { "content-type": "application/json" }, body };
}

/** Its method, URL and body, and each header that the page shows. */
function isThe(call: InventedRequest, expected: InventedRequest): boolean {
  return (
    call.method === expected.method &&
    call.url === expected.url &&
    isDeepStrictEqual(call.body, expected.body) &&
    Object.entries(expected.headers).every(([name, value]) => call.headers[name] === value)
  );
}
