import { randomBytes } from "node:crypto";
import { encodeJsonBody, parseJsonBody } from "../../src/http/body/json-body.ts";
import { readVideoRequest } from "../../src/http/create/video-request.ts";
import { median } from "../lib/measure.ts";

/** What a create with a large image costs before it is submitted, beside a plain `JSON.parse` of the same bytes. */

const MIB = 1_048_576;

export interface ImageCost {
  /** Milliseconds, medians. */
  plainMs: number;
  parseMs: number;
  judgeMs: number;
  encodeMs: number;
  /** All three against the plain one, within each round, so that a slow spell of the machine divides itself out. */
  ratio: number;
}

interface Round {
  plainMs: number;
  parseMs: number;
  judgeMs: number;
  encodeMs: number;
}

export function imageCost({ mib, rounds }: { mib: number; rounds: number }): ImageCost {
  const image = randomBytes((mib * MIB * 3) / 4).toString("base64");
  const request = {
    model: "doubao-seedance-2-0-260128",
    prompt: "A lighthouse at dusk.",
    input_mode: "single_image",
    image: `data:image/png;base64,${image}`,
    callback_url: "https://hooks.example.com/ringback",
  };
  const body = new TextEncoder().encode(JSON.stringify(request));
  // The first ones warm the compiler up.
  const all = Array.from({ length: rounds + 5 }, () => play(body)).slice(5);
  const of = (pick: (round: Round) => number): number => median(all.map(pick));
  return {
    plainMs: of(({ plainMs }) => plainMs),
    parseMs: of(({ parseMs }) => parseMs),
    judgeMs: of(({ judgeMs }) => judgeMs),
    encodeMs: of(({ encodeMs }) => encodeMs),
    ratio: of(({ plainMs, parseMs, judgeMs, encodeMs }) => (parseMs + judgeMs + encodeMs) / plainMs),
  };
}

function play(body: Uint8Array): Round {
  const text = new TextDecoder().decode(body);
  const [plainMs] = timed(() => JSON.parse(text) as object);
  const [parseMs, parsed] = timed(() => parseJsonBody(body));
  if (!parsed.ok) throw new Error(`the request ${parsed.problem.code}`);
  const rules = { allowPrivate: true, ownHosts: [] };
  const [judgeMs, read] = timed(() => readVideoRequest(parsed.value, { strict: true, rules, keeps: true }));
  if (!read.ok) throw new Error(`the request: ${JSON.stringify(read.issues)}`);
  const [encodeMs, encoded] = timed(() => encodeJsonBody(read.request.upstream));
  if (encoded.length < body.length - 1024) throw new Error("something of the request is lost");
  return { plainMs, parseMs, judgeMs, encodeMs };
}

function timed<T>(act: () => T): [ms: number, value: T] {
  const startedAt = performance.now();
  const value = act();
  return [performance.now() - startedAt, value];
}
