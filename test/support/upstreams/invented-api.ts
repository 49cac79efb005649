import { readFileSync } from "node:fs";
import { root } from "../../../dev/bundle.ts";

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
