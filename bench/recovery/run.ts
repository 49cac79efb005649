import {
  ask as askFleet,
  fill,
  HEADERS,
  POLL_MS,
  read,
  spread,
  startRingback,
  type Spread,
} from "../flight/fleet.ts";
import type { Polls } from "../flight/gateway-process.ts";
import { startChild, type Child } from "../lib/child.ts";
import { cpuMs, paced, sleep } from "../lib/measure.ts";
import { atMost, publish, round } from "../lib/report.ts";
import type { BenchWorker } from "../lib/workerd.ts";
import type { Name, ReceiverQuestion, Taken } from "./receiver-process.ts";

/** `npm run bench:recovery`: what an outage left undelivered, delivered by a recovery and by a loop of redeliveries. */

const QUICK = process.argv.includes("--quick");
const RECOVERED = QUICK ? 200 : 5000;
const REDELIVERED = QUICK ? 100 : 1000;
/** Tasks that are polled all the time. */
const POLLED = QUICK ? 50 : 500;
/** What the receiver takes for each callback. */
const RECEIVER_MS = 50;
/** What a recovery has at one host; the loop has as many calls, each of which is answered before it delivers. */
const AT_ONCE = 5;
const CREATES_PER_SECOND = 250;
const ENDED_MAX_MS = 300_000;
const OTHER_EVERY_MS = 250;
/** After the hold of a first callback. */
const OTHER_DELAY_SECONDS = 3;

const startedAt = performance.now();

interface Processes {
  gateway: Child;
  receiver: Child;
  worker: BenchWorker;
  urls: Record<Name, string>;
}

interface Pass {
  tasks: number;
  seconds: number;
  cpuMs: number;
  taken: Taken;
}

interface Others {
  pollLateMs: Spread;
  polls: number;
  callbackLateMs: Spread;
  callbacks: number;
}

interface Recovery {
  id: string;
  status: string;
  matched: number;
  delivered: number;
}

const found = await withProcesses(measure);
const msEach = ({ seconds, tasks }: Pass): number => (1000 * seconds) / tasks;

publish({
  part: "recovery",
  title: "After an outage",
  about:
    `${RECOVERED.toLocaleString("en")} test tasks whose receiver was down are recovered, once it takes each callback in ` +
    `${RECEIVER_MS} ms. Before that, in the same workerd and account, ${REDELIVERED.toLocaleString("en")} tasks of another receiver are ` +
    `delivered by a loop of redeliver calls, ${AT_ONCE} at once. These are answered before they deliver, so that the loop has more deliveries ` +
    `on their way than the ${AT_ONCE} that a recovery has at one host. All the time ` +
    `${POLLED} other tasks of the account are polled every ${POLL_MS / 1000} s; during the recovery one ends every ` +
    `${OTHER_EVERY_MS} ms and calls back.`,
  bars: [
    atMost(`${RECOVERED.toLocaleString("en")} recovered`, 180, found.recovery.seconds, " s"),
    atMost("not delivered", 0, RECOVERED - found.ended.delivered),
    atMost("sent twice", 0, found.recovery.taken.callbacks - found.recovery.taken.tasks),
    atMost("the latest poll of another task meanwhile", 1000, found.others.pollLateMs.max, " ms"),
    atMost("the latest callback of another task meanwhile", 1000, found.others.callbackLateMs.max, " ms"),
    atMost(
      `time a delivery against the receiver's own, ${AT_ONCE} at once`,
      1.25,
      msEach(found.recovery) / (RECEIVER_MS / AT_ONCE),
    ),
  ],
  tables: [
    {
      columns: [":by", "tasks", "seconds", "ms each", "CPU each, ms"],
      rows: [row("a loop of redeliver calls", found.loop), row("a recovery", found.recovery)],
    },
    {
      caption:
        "Of the other tasks, how late: a poll from 2 s after the last answer to its arrival at the gateway, a callback from its event to its arrival.",
      columns: [":", "count", "p50, ms", "p95", "p99", "latest"],
      rows: [
        ["polls before", String(found.before.polls), ...cells(found.before.pollLateMs)],
        ["polls during the recovery", String(found.others.polls), ...cells(found.others.pollLateMs)],
        [
          "callbacks during the recovery",
          String(found.others.callbacks),
          ...cells(found.others.callbackLateMs),
        ],
      ],
    },
  ],
  plots: [],
  notes: [],
  seconds: Math.round((performance.now() - startedAt) / 1000),
});
// Kept connections would keep the process.
process.exit(0);

function row(name: string, pass: Pass): string[] {
  const cpuEach = (pass.cpuMs / pass.tasks).toFixed(2);
  return [name, pass.tasks.toLocaleString("en"), round(pass.seconds), round(msEach(pass)), cpuEach];
}

function cells({ p50, p95, p99, max }: Spread): string[] {
  return [p50, p95, p99, max].map((value) => value.toFixed(0));
}

async function withProcesses<T>(act: (processes: Processes) => Promise<T>): Promise<T> {
  const gateway = await startChild("../flight/gateway-process.ts", import.meta.url, []);
  const receiver = await startChild("./receiver-process.ts", import.meta.url, []);
  // A retry at once, and then no more.
  const worker = await startRingback(gateway, { settings: { CALLBACK_RETRY_SECONDS: "0" } });
  try {
    const urls = await ask<Record<Name, string>>(receiver, { ask: "urls" });
    return await act({ gateway, receiver, worker, urls });
  } finally {
    await Promise.all([worker, gateway, receiver].map(async (one) => one.close()));
  }
}

async function measure(processes: Processes) {
  const { worker, urls } = processes;
  for (const [of, count] of [
    ["loop", REDELIVERED],
    ["recovery", RECOVERED],
  ] as const) {
    await createTests(worker, urls[of], count);
    await reached(
      count,
      async () => (await start(worker, { dry_run: true, callback_host: hostOf(urls[of]) })).matched,
    );
  }
  await fill([worker], POLLED, null);
  await sleep(2 * POLL_MS);
  const before = await pollsWhile(processes, async () => sleep(3 * POLL_MS));
  const loop = await passOf(processes, "loop", REDELIVERED, async () => redeliverAll(processes));
  let ended: Recovery | null = null;
  let recovery: Pass | null = null;
  const during = await pollsWhile(processes, async () => {
    const creating = new AbortController();
    const created = createOthers(worker, urls.others, creating.signal);
    recovery = await passOf(processes, "recovery", RECOVERED, async () => {
      ended = await recoverAll(worker, urls.recovery);
    });
    creating.abort();
    await created;
  });
  await sleep(1000 * OTHER_DELAY_SECONDS + POLL_MS);
  const callbackLateMs = await ask<number[]>(processes.receiver, { ask: "late", of: "others" });
  if (ended === null || recovery === null) throw new Error("nothing was recovered");
  return {
    before,
    loop,
    recovery: recovery as Pass,
    ended: ended as Recovery,
    others: {
      ...during,
      callbackLateMs: spread(callbackLateMs),
      callbacks: callbackLateMs.length,
    } satisfies Others,
  };
}

async function passOf(
  { worker, receiver }: Processes,
  of: Name,
  tasks: number,
  act: () => Promise<void>,
): Promise<Pass> {
  await ask(receiver, { ask: "up", of, delayMs: RECEIVER_MS });
  const from = performance.now();
  const cpuBefore = cpuMs(worker.pid);
  await act();
  await reached(tasks, async () => (await ask<Taken>(receiver, { ask: "taken", of })).tasks);
  const seconds = (performance.now() - from) / 1000;
  const cpu = cpuMs(worker.pid) - cpuBefore;
  return { tasks, seconds, cpuMs: cpu, taken: await ask<Taken>(receiver, { ask: "taken", of }) };
}

async function pollsWhile({ gateway }: Processes, act: () => Promise<void>) {
  const from = Date.now();
  await act();
  const polls = await askFleet<Polls>(gateway, { ask: "polls", from, to: Date.now(), gapMs: POLL_MS });
  return { pollLateMs: spread(polls.lateMs), polls: polls.count };
}

/** What a caller without recoveries does. */
async function redeliverAll({ worker, urls }: Processes): Promise<void> {
  const ids: string[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const more: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const path = `/v1/videos?limit=100&callback_status=exhausted&callback_host=${hostOf(urls.loop)}${more}`;
    const page = await read<{ data: { id: string }[]; next_cursor: string | null }>(worker, path);
    ids.push(...page.data.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  const lane = async (): Promise<void> => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      await post(worker, `/v1/videos/${id}/redeliver`, {});
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

async function recoverAll(worker: BenchWorker, url: string): Promise<Recovery> {
  const { id } = await start(worker, { callback_host: hostOf(url) });
  for (const until = Date.now() + ENDED_MAX_MS; Date.now() < until; await sleep(500)) {
    const recovery = await read<Recovery>(worker, `/v1/webhooks/recoveries/${id}`);
    if (recovery.status !== "running") return recovery;
  }
  throw new Error("the recovery did not end");
}

async function start(worker: BenchWorker, fields: object): Promise<Recovery> {
  return post<Recovery>(worker, "/v1/webhooks/recoveries", fields);
}

async function post<T>(worker: BenchWorker, path: string, fields: object): Promise<T> {
  const init = { method: "POST", headers: HEADERS, body: JSON.stringify(fields) };
  const response = await fetch(worker.url + path, init);
  if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

function testTask(url: string, delaySeconds: number): object {
  const test = { outcome: "succeeded", delay_seconds: delaySeconds };
  return { model: "m", prompt: "p", callback_url: url, test };
}

async function createTests(worker: BenchWorker, url: string, count: number): Promise<void> {
  const body = JSON.stringify(testTask(url, 0));
  const to = { url: `${worker.url}/v1/videos`, headers: HEADERS, body, expect: 202 };
  const { failed } = await paced(to, { count, overMs: (1000 * count) / CREATES_PER_SECOND });
  if (failed > 0) throw new Error(`${failed} of ${count} creates were not answered 202`);
}

async function createOthers(worker: BenchWorker, url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await post(worker, "/v1/videos", testTask(url, OTHER_DELAY_SECONDS));
    await sleep(OTHER_EVERY_MS);
  }
}

async function reached(count: number, now: () => Promise<number>): Promise<void> {
  for (const until = Date.now() + ENDED_MAX_MS; Date.now() < until; await sleep(500))
    if ((await now()) >= count) return;
  throw new Error(`${count} were not reached`);
}

function hostOf(url: string): string {
  return new URL(url).host;
}

async function ask<T>(child: Child, question: ReceiverQuestion): Promise<T> {
  return child.ask<T>(question);
}
