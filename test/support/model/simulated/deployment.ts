import type { TaskSettings } from "../../../../src/env.ts";
import { sealEndpointHeaders } from "../../../../src/keys/endpoint-headers.ts";
import type { CreateInput } from "../../../../src/task-object/steps/create.ts";
import { anUpstream } from "../../builders.ts";
import { aCreateInput } from "../../create-input.ts";
import { ENDPOINT_IDS, HEADER_VALUE, headerOf, type EndpointId } from "../endpoints.ts";
import type { CreateRequest, LifePlan } from "../world.ts";

/** The deployment of the simulated world, its one caller, and the create of its one task. */

const ROOT = "a secret of the model, long enough to count";
export const SETTINGS: TaskSettings = {
  upstreams: [anUpstream({ baseUrl: "https://upstream.test/v1" })],
  roots: [ROOT],
  poll: {
    firstMs: null,
    minMs: 1_000,
    maxMs: 120_000,
    lostMs: 120_000,
    unauthorizedMs: 600_000,
    resultMissingMs: 120_000,
  },
  callback: {
    retryMs: [5_000, 30_000, 120_000, 300_000, 1_800_000],
    timeoutMs: 15_000,
    holdMs: 2_000,
    allowPrivate: false,
  },
  ownHosts: [],
  upstreamTimeoutMs: 20_000,
  taskTimeoutMs: 86_400_000,
  alerts: null,
  keep: { mode: "off", maxBytes: 536_870_912, patienceMs: 120_000, publicUrl: null },
  retentionMs: 7_200_000,
};

export const ACCOUNT = "key:somebody";
/** Neither this nor the prompt is in what others are told. */
export const API_KEY = "sk-own-key";
export const PROMPT = "a cat of the caller";
export const ELSEWHERE = "https://elsewhere.acme.com/ringback";
export const ENDPOINT_URLS: Record<EndpointId, string> = {
  ep_a: "https://endpoint-a.acme.com/hook",
  ep_b: "https://endpoint-b.acme.com/hook",
};
/** What only the key opens, and only the sealed source may name. */
export const SECRET_RESULT = {
  url: `https://cdn.test/v.mp4?key=${API_KEY}`,
  containsKey: true,
  needsKey: true,
};
export const SEALED_HEADERS = Object.fromEntries(
  await Promise.all(
    ENDPOINT_IDS.map(
      async (id) => [id, await sealEndpointHeaders(ROOT, id, [["x-endpoint", headerOf(id)]])] as const,
    ),
  ),
) as Record<EndpointId, string>;
/** What a call takes. */
export const LATENCY_MS = 40;

export async function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** `nth` create of a life, from 1. */
export function createInput(life: LifePlan, request: CreateRequest, nth: number): CreateInput {
  const { keyed, repeats, events, timeoutMs } = life;
  return aCreateInput({
    account: ACCOUNT,
    apiKey: API_KEY,
    createId: `create-${nth}`,
    fingerprint: keyed ? `body ${request.other}` : null,
    timeoutMs,
    repeatServerErrors: repeats,
    callback: events && {
      url: "https://hooks.acme.com/ringback",
      events: [...events],
      format: "standard",
      headers: [["x-make-apikey", HEADER_VALUE]],
    },
    endpoints: true,
    keep: life.keep ? newKeep(nth) : null,
    body: new TextEncoder().encode(JSON.stringify({ model: "m", prompt: PROMPT })),
    // The Worker has asked before it answers at once.
    isKnownKey: request.respondAsync,
    respondAsync: request.respondAsync,
  });
}

function newKeep(nth: number): CreateInput["keep"] {
  const fileId = `file${nth}`.padEnd(26, "a");
  return { fileId, origin: "https://ringback.test", patienceMs: SETTINGS.keep.patienceMs };
}
