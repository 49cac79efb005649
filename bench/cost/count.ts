import { startChild, type Child } from "../lib/child.ts";
import { paced, sleep } from "../lib/measure.ts";
import { startBenchWorker, type BenchWorker } from "../lib/workerd.ts";
import { ask, read } from "../flight/fleet.ts";
import type { Polls } from "../flight/gateway-process.ts";
import type { BucketCounts, Counts, Kind, Metered } from "./counts.ts";

/**
 * Lives of tasks with few and with many polls, metered: what a life costs, and what each poll adds. Then lives whose result
 * is kept, and lives of an account that has registered an endpoint; their polls are the same.
 */

const GAP_SECONDS = 0.25;
const HEADERS = { authorization: "Bearer sk-bench-cost", "content-type": "application/json" };
const END_MAX_MS = 20_000;
/** Tasks of one isolate share what they know of the cadence for 10 s: each batch must find as little as the other. */
const FORGETTING_MS = 11_000;

/** As many as are copied at one time: in a line for their copies they would be awake for longer. */
const KEPT_TASKS = 4;

export interface CountPlan {
  tasks: number;
  upstreamMs: number;
  /** How long the two batches live. */
  livesMs: readonly [number, number];
}

/** Per task or per poll. */
export type Costs = Record<Kind, Counts>;

export interface Counted extends CountPlan {
  /** Without its polls; its end goes to its callback_url, and the account has no endpoint. */
  life: Costs;
  poll: Costs;
  pollsPerTask: [number, number];
  /** The same life, and the copy of its result: from a source that says how long it is, and from one that does not. */
  kept: { known: KeptLife; unknown: KeptLife };
  /** The same life where the account has one registered endpoint. */
  withEndpoint: {
    /** The end goes there alone. */
    alone: Costs;
    /** The end goes to the task's callback_url, too. */
    beside: Costs;
  };
}

export interface KeptLife {
  life: Costs;
  /** Per task. */
  bucket: BucketCounts;
}

interface Batch {
  polls: number;
  counts: Costs;
  bucket: BucketCounts;
}

interface BatchOptions {
  tasks: number;
  livesMs: number;
  callbackUrl: string | null;
  /** Null: it is not kept. */
  resultUrl: string | null;
}

export async function count(plan: CountPlan): Promise<Counted> {
  const delay = String(plan.upstreamMs);
  const gateway = await startChild("../flight/gateway-process.ts", import.meta.url, [
    "--delay-ms",
    delay,
    "--submit-delay-ms",
    delay,
  ]);
  const receiver = await startChild("../flight/receiver-process.ts", import.meta.url, []);
  const source = await startChild("./source-process.ts", import.meta.url, []);
  const worker = await start(gateway);
  try {
    const callbackUrl = await ask<string>(receiver, { ask: "url" });
    const live = async (livesMs: number, options: Partial<BatchOptions> = {}): Promise<Batch> => {
      await sleep(FORGETTING_MS);
      const plain = { tasks: plan.tasks, livesMs, callbackUrl, resultUrl: null };
      return batch({ ...plain, ...options }, { worker, gateway });
    };
    // The first tasks find an account and a cadence without tables.
    await live(0);
    const [shortMs, longMs] = plan.livesMs;
    const without = counted(plan, await live(shortMs), await live(longMs));
    const few = { tasks: KEPT_TASKS };
    const unkept = await live(shortMs, few);
    const kept = async (path: string): Promise<KeptLife> => {
      const resultUrl = (await source.ask<string>({})) + path;
      return keptLife({ kept: await live(shortMs, { ...few, resultUrl }), unkept }, without);
    };
    const keeping = { known: await kept("/length"), unknown: await kept("/chunked") };
    await register(worker, `${callbackUrl}/endpoint`);
    const alone = lifeOf(await live(shortMs, { callbackUrl: null }), without);
    const beside = lifeOf(await live(shortMs), without);
    return { ...without, kept: keeping, withEndpoint: { alone, beside } };
  } finally {
    await worker.close();
    await Promise.all([gateway.close(), receiver.close(), source.close()]);
  }
}

async function start(gateway: Child): Promise<BenchWorker> {
  const gap = String(GAP_SECONDS);
  return startBenchWorker({
    entry: "counting.ts",
    settings: {
      AIO_BASE_URL: await ask<string>(gateway, { ask: "base url" }),
      RINGBACK_SECRET: "a secret of the bench, long enough to count",
      ALLOW_PRIVATE_CALLBACKS: "true",
      KEEP_RESULTS: "ask",
      POLL_FIRST_SECONDS: gap,
      POLL_MIN_SECONDS: gap,
      POLL_MAX_SECONDS: gap,
    },
    objects: { TASKS: "TaskObject", ACCOUNTS: "AccountObject", CADENCES: "CadenceObject" },
    flags: ["nodejs_als"],
  });
}

async function register(worker: BenchWorker, url: string): Promise<void> {
  const body = JSON.stringify({ url });
  const init = { method: "POST", headers: HEADERS, body };
  const { status } = await fetch(`${worker.url}/v1/webhooks/endpoints`, init);
  if (status !== 201) throw new Error(`the endpoint was not registered: ${status}`);
}

async function batch(
  { tasks, livesMs, callbackUrl, resultUrl }: BatchOptions,
  { worker, gateway }: { worker: BenchWorker; gateway: Child },
): Promise<Batch> {
  const before = await read<Metered>(worker, "/_bench/counts");
  const from = Date.now();
  const body = JSON.stringify({
    model: "doubao-seedance-2-0-260128",
    prompt: "A lighthouse at dusk, waves below, seen from a boat that passes slowly.",
    duration_seconds: 5,
    resolution: "720p",
    ...(callbackUrl !== null && { callback_url: callbackUrl }),
    keep_result: resultUrl !== null,
  });
  const send = { url: `${worker.url}/v1/videos`, headers: HEADERS, body, expect: 202 };
  const { failed } = await paced(send, { count: tasks, overMs: 1000 });
  if (failed > 0) throw new Error(`${failed} of ${tasks} creates were not answered 202`);
  await sleep(livesMs);
  await ask<number>(gateway, { ask: "finish", ...(resultUrl !== null && { resultUrl }) });
  await reported(worker);
  // The next tasks run until they are told to end, too.
  if (resultUrl !== null) await ask<number>(gateway, { ask: "finish" });
  const after = await read<Metered>(worker, "/_bench/counts");
  const polls = await ask<Polls>(gateway, { ask: "polls", from, to: Date.now(), gapMs: GAP_SECONDS * 1000 });
  return {
    polls: polls.count,
    counts: both(after.objects, before.objects, since),
    bucket: bothBuckets(after.bucket, before.bucket, since),
  };
}

/** Until nothing has been written for a while: every callback has been sent, every report made. */
async function reported(worker: BenchWorker): Promise<void> {
  let last = -1;
  for (let waitedMs = 0; waitedMs < END_MAX_MS; waitedMs += 2500) {
    await sleep(2500);
    const {
      objects: { task, account },
    } = await read<Metered>(worker, "/_bench/counts");
    const now = task.requests + account.requests;
    if (now === last) return;
    last = now;
  }
  throw new Error("tasks that do not come to rest");
}

/** Two lives and what differs between them: the polls. */
function counted(plan: CountPlan, short: Batch, long: Batch): Omit<Counted, "kept" | "withEndpoint"> {
  const { tasks } = plan;
  const poll = both(long.counts, short.counts, (more, less) => (more - less) / (long.polls - short.polls));
  const life = lifeOf(short, { tasks, poll });
  return { ...plan, life, poll, pollsPerTask: [short.polls / tasks, long.polls / tasks] };
}

function lifeOf({ counts, polls }: Batch, { tasks, poll }: { tasks: number; poll: Costs }): Costs {
  return both(counts, poll, (sum, perPoll) => (sum - perPoll * polls) / tasks);
}

/** What a copy adds to a life, added to the life that all the others are compared with. */
function keptLife(
  { kept, unkept }: { kept: Batch; unkept: Batch },
  { life, poll }: { life: Costs; poll: Costs },
): KeptLife {
  const per = { tasks: KEPT_TASKS, poll };
  const added = both(lifeOf(kept, per), lifeOf(unkept, per), (more, less) => more - less);
  const bucket = bothBuckets(kept.bucket, unkept.bucket, (more, less) => (more - less) / KEPT_TASKS);
  // A store's size is that of whole pages.
  return { life: both(life, added, (one, more) => one + more), bucket };
}

function since(now: number, then: number): number {
  return now - then;
}

function bothBuckets(a: BucketCounts, b: BucketCounts, act: (a: number, b: number) => number): BucketCounts {
  return {
    writes: act(a.writes, b.writes),
    reads: act(a.reads, b.reads),
    bytes: act(a.bytes, b.bytes),
  };
}

const MEASURES = [
  "objects",
  "requests",
  "rowsWritten",
  "rowsRead",
  "awakeSeconds",
  "storedBytes",
  "logLines",
] as const;

function both(a: Costs, b: Costs, act: (a: number, b: number) => number): Costs {
  const of = (kind: Kind): Counts => {
    const values = MEASURES.map((measure) => [measure, act(a[kind][measure], b[kind][measure])]);
    return Object.fromEntries(values) as Counts;
  };
  return { task: of("task"), account: of("account"), cadence: of("cadence") };
}
