import { startGateway } from "../../../dev/gateway.ts";
import { startUpstream, type Upstream, type UpstreamName } from "../../../dev/upstreams.ts";
import type { PollAnswer, ResultUrl, SubmitAnswer } from "../../../src/domain/task/upstream-answer.ts";
import { openSource } from "../../../src/files/source.ts";
import { TryTime } from "../../../src/files/try-time.ts";
import { BUILT_IN } from "../../../src/profiles/built-in.ts";
import type { Profile } from "../../../src/profiles/schema.ts";
import { httpUpstream } from "../../../src/upstream/http-upstream.ts";
import { anAskedTask } from "../builders.ts";
import { SHAPES } from "./shapes.ts";

/** A simulated API behind Ringback's own reading by the built-in profile of its name, in plain Node. */

export const KEY = "sk-0123456789abcdef";
export const OTHER_KEY = "sk-another-key-0123";

const TIMEOUT_MS = 5000;

export interface VendorOptions {
  /** Those that it knows; every key if left out. The gateway that plays `aio` knows every key. */
  keys?: string[];
  /** 0 if left out, as for `runSeconds`. */
  queueSeconds?: number;
  runSeconds?: number;
}

export interface Vendor extends Pick<Upstream, "calls" | "fault" | "close"> {
  name: string;
  profile: Profile;
  baseUrl: string;
  origin: string;
  submit(request: { prompt?: string; key?: string; path?: string }): Promise<SubmitAnswer>;
  /** The id of a create, which must be accepted. */
  created(prompt?: string): Promise<string>;
  poll(id: string, key?: string): Promise<PollAnswer>;
}

export async function startVendor(name: string, options: VendorOptions = {}): Promise<Vendor> {
  const profile = BUILT_IN.get(name);
  if (profile === undefined) throw new Error(`no profile ${name}`);
  const plan = { queueSeconds: 0, runSeconds: 0, ...options };
  const { baseUrl, ...server } = await startServer(name, plan);
  const [firstPath, bodyOf] = createOf(name);
  const access = (apiKey: string) => ({ baseUrl, apiKey, timeoutMs: TIMEOUT_MS, profile });
  const submit: Vendor["submit"] = async ({ prompt = "A lighthouse", key = KEY, path = firstPath }) => {
    const upstream = httpUpstream(access(key), anAskedTask({ taskIds: null, createPath: path }));
    return upstream.submit(new TextEncoder().encode(JSON.stringify({ ...MEMBERS, ...bodyOf(prompt) })));
  };
  return {
    ...server,
    ...{ name, profile, baseUrl, submit },
    origin: new URL(baseUrl).origin,
    created: async (prompt) => {
      const answer = await submit(prompt === undefined ? {} : { prompt });
      if (answer.kind !== "accepted") throw new Error(JSON.stringify(answer));
      return answer.ids[0];
    },
    poll: async (id, key = KEY) => httpUpstream(access(key), anAskedTask({ taskIds: [id] })).poll(id),
  };
}

type Server = Pick<Vendor, "calls" | "fault" | "close" | "baseUrl">;

async function startServer(name: string, options: VendorOptions): Promise<Server> {
  if (name === "aio") return startGateway(options);
  const server = await startUpstream(name as UpstreamName, options);
  return { ...server, baseUrl: server.origin };
}

/** Those that some paths of a vendor demand, and the others ignore. */
const MEMBERS = {
  promptText: "A lighthouse",
  promptImage: "https://example.com/a.png",
  videoUri: "https://example.com/a.mp4",
  character: {},
  reference: {},
  video: {},
};

function createOf(name: string): [path: string, body: (prompt: string) => object] {
  if (name !== "aio") return SHAPES[name as UpstreamName].create;
  return ["/videos", (prompt) => ({ model: "doubao-seedance-2-0-260128", prompt })];
}

/** @throws if the answer has none */
export function resultOf(answer: PollAnswer): ResultUrl {
  const result = answer.kind === "read" ? answer.reading.result : null;
  if (result === null) throw new Error(JSON.stringify(answer));
  return result;
}

/** Fetches a result as a copy does; what came, and whether each request to the vendor on the way carried the key. */
export async function fetchResult(
  { profile, origin, calls }: Vendor,
  { url, needsKey }: ResultUrl,
): Promise<{ body: Buffer; keys: boolean[] }> {
  const before = calls.length;
  const time = new TryTime(TIMEOUT_MS, TIMEOUT_MS, new AbortController().signal);
  const upstream = { origin, apiKey: needsKey ? KEY : null, profile };
  const found = await openSource({ url, upstream, rules: { allowPrivate: true, ownHosts: [] } }, time);
  time.clear();
  if (found.kind === "failed") throw new Error(found.reason);
  const body = Buffer.from(await found.response.arrayBuffer());
  return { body, keys: calls.slice(before).map(hasKey) };
}

export function hasKey({ headers, path }: Vendor["calls"][number]): boolean {
  return JSON.stringify([headers, path]).includes(KEY);
}
