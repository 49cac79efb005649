import type { NewCall } from "../gateway/serve.ts";
import type { GatewayTask } from "../gateway/task.ts";
import { parseObject } from "../gateway/validation.ts";
import { type Api, findMissing } from "./api.ts";

/** What a call of an API is, and what in it only a wrong caller sends. */

export interface Route {
  name: "submit" | "poll" | "models" | "download" | "file" | "none";
  /** As the API wants to be shown it; null: not shown, or in another way. */
  key: string | null;
  /** Of the task that a poll names, else empty. */
  id: string;
  /** As the path of a create names it. */
  model: string | null;
}

export function findRoute(api: Api, call: NewCall, tasks: Iterable<GatewayTask>): Route {
  const { method, path, headers, body } = call;
  const route = { key: readKey(api, headers), id: "", model: null };
  const create = method === "POST" ? matchFirst(api.creates, path) : null;
  if (create !== null) return { ...route, name: "submit", model: create.groups?.model ?? null };
  const poll = method === api.poll.method ? api.poll.path.exec(path) : null;
  if (poll !== null) {
    const id = decoded(poll.groups?.id) ?? parseObject(body)?.requestId;
    return { ...route, name: "poll", id: typeof id === "string" ? id : "" };
  }
  return { ...route, name: method === "GET" ? findOther(api, path, tasks) : "none" };
}

/** As a path's part names it; one that is wrongly encoded names nothing. */
function decoded(part: string | undefined): string | undefined {
  try {
    return part && decodeURIComponent(part);
  } catch {
    return "";
  }
}

function findOther(api: Api, path: string, tasks: Iterable<GatewayTask>): Route["name"] {
  if (path === api.models?.path) return "models";
  if (path.startsWith("/files/")) return "file";
  return [...tasks].some((task) => api.keyedPaths?.(task).includes(path)) ? "download" : "none";
}

function matchFirst(patterns: readonly RegExp[], path: string): RegExpExecArray | null {
  return patterns.map((pattern) => pattern.exec(path)).find((match) => match !== null) ?? null;
}

function readKey({ auth }: Api, headers: NewCall["headers"]): string | null {
  const value = headers[auth.header];
  if (typeof value !== "string") return null;
  const key = auth.scheme === undefined ? value : /^Bearer (.*)$/.exec(value)?.[1];
  return key !== undefined && /^\S+$/.test(key) ? key : null;
}

/** What only a wrong caller sends with a key, worded as an error; null: nothing. */
export function findTrespass(api: Api, call: NewCall, name: Route["name"]): string | null {
  const { method, headers } = call;
  const stray = findStrayHeader(headers);
  if (stray !== null) return stray;
  const required = { ...api.headers, ...(name === "submit" && api.createHeaders) };
  const missing = Object.entries(required).find(([header, value]) => headers[header] !== value);
  if (missing !== undefined) return `The header ${missing[0]} must be ${missing[1]}.`;
  return method === "POST" ? findWrongBody(call, name) : null;
}

/** A header that a caller meant for Ringback, worded as an error. */
export function findStrayHeader(headers: NewCall["headers"]): string | null {
  const stray = Object.keys(headers).find((each) => each.startsWith("ringback-") && each !== "ringback-hop");
  return stray === undefined ? null : `The header ${stray} is not known.`;
}

function findWrongBody({ headers, body }: NewCall, name: Route["name"]): string | null {
  if (!/^application\/json\b/.test(headers["content-type"] ?? ""))
    return "The body must be application/json.";
  const request = parseObject(body);
  if (request === null) return "The body must be a JSON object.";
  const own = ["ringback", "callback_url"].find((member) => member in request);
  if (own !== undefined) return `The member ${own} is not known.`;
  return name === "poll" ? findMissing(request, { requestId: "text" }) : null;
}
