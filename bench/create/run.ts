import { startGatewayProcess } from "../lib/gateway.ts";
import { cpuMs, load, median, quantile } from "../lib/measure.ts";
import { atLeast, atMost, publish, type Report } from "../lib/report.ts";
import { startBenchWorker, type BenchWorker } from "../lib/workerd.ts";

/**
 * `npm run bench:create`: what a create costs, beside the gateway alone, a plain proxy, and a bare Worker that makes
 * one object per create. Rounds are interleaved, so that what the machine does meanwhile meets all four alike.
 */

/** `--quick`: to see that it runs; the figures are of no use. */
const QUICK = process.argv.includes("--quick");
const ROUNDS = QUICK ? 1 : 5;
const COUNT = QUICK ? 100 : 1500;
const AT_ONCE = 32;
const WARM_UP = QUICK ? 50 : 500;

const BODY = JSON.stringify({
  model: "doubao-seedance-2-0-260128",
  prompt: "A lighthouse at dusk, waves below, seen from a boat that passes slowly.",
  aspect_ratio: "16:9",
  duration_seconds: 5,
  resolution: "720p",
});
/** What only Ringback is sent: it would not be asked without. */
const WITH_CALLBACK = JSON.stringify({ ...JSON.parse(BODY), callback_url: "http://127.0.0.1:9/hook" });

interface Contender {
  name: string;
  url: string;
  body: string;
  expect: number;
  /** The process whose CPU counts; null: the gateway's own is not ours. */
  pid: number | null;
}

interface Round {
  perSecond: number;
  p50: number;
  p99: number;
  cpuPerCreateMs: number | null;
}

const startedAt = performance.now();
const gateway = await startGatewayProcess(["--queue-seconds", "3600", "--run-seconds", "60"]);
const workers: BenchWorker[] = [];
try {
  const settings = { AIO_BASE_URL: gateway.baseUrl };
  const start = async (entry: string, more: Record<string, string>, objects: Record<string, string>) => {
    const worker = await startBenchWorker({ entry, settings: { ...settings, ...more }, objects });
    workers.push(worker);
    return worker;
  };
  const proxy = await start("proxy.ts", {}, {});
  const bare = await start("bare.ts", { POLL_MS: "600000" }, { TASKS: "BareTask" });
  const ringback = await start(
    "ringback.ts",
    {
      RINGBACK_SECRET: "a secret of the bench, long enough to count",
      ALLOW_PRIVATE_CALLBACKS: "true",
      // As the bare one: no poll falls into the measurement.
      POLL_FIRST_SECONDS: "600",
    },
    { TASKS: "TaskObject", ACCOUNTS: "AccountObject", CADENCES: "CadenceObject" },
  );
  const contenders: Contender[] = [
    { name: "the gateway alone", url: `${gateway.baseUrl}/videos`, body: BODY, expect: 200, pid: null },
    { name: "a plain proxy", url: `${proxy.url}/v1/videos`, body: BODY, expect: 202, pid: proxy.pid },
    {
      name: "a bare object per create",
      url: `${bare.url}/v1/videos`,
      body: BODY,
      expect: 202,
      pid: bare.pid,
    },
    {
      name: "Ringback",
      url: `${ringback.url}/v1/videos`,
      body: WITH_CALLBACK,
      expect: 202,
      pid: ringback.pid,
    },
  ];
  const rounds = await play(contenders);
  publish(report(contenders, rounds));
} finally {
  await Promise.all(workers.map(async (worker) => worker.close()));
  await gateway.close();
}

async function play(contenders: readonly Contender[]): Promise<Map<string, Round[]>> {
  for (const contender of contenders) await round(contender, WARM_UP);
  const rounds = new Map<string, Round[]>();
  for (let index = 0; index < ROUNDS; index++) {
    for (const contender of contenders) {
      rounds.set(contender.name, [...(rounds.get(contender.name) ?? []), await round(contender, COUNT)]);
    }
  }
  return rounds;
}

async function round({ url, body, expect, pid, name }: Contender, count: number): Promise<Round> {
  const headers = { authorization: "Bearer sk-bench", "content-type": "application/json" };
  const before = pid === null ? 0 : cpuMs(pid);
  const result = await load({ url, headers, body, expect }, { count, atOnce: AT_ONCE });
  if (result.failed > 0) throw new Error(`${name}: ${result.failed} of ${count} were not answered ${expect}`);
  return {
    perSecond: count / result.seconds,
    p50: quantile(result.latencyMs, 0.5),
    p99: quantile(result.latencyMs, 0.99),
    cpuPerCreateMs: pid === null ? null : (cpuMs(pid) - before) / count,
  };
}

function report(contenders: readonly Contender[], rounds: Map<string, Round[]>): Report {
  const of = (name: string, pick: (one: Round) => number): number =>
    median((rounds.get(name) ?? []).map(pick));
  // Within each round, so that a slow spell of the machine divides itself out.
  const against = (pick: (one: Round) => number): number =>
    median(
      (rounds.get("Ringback") ?? []).map((one, index) => {
        const floor = rounds.get("a bare object per create")?.[index];
        return floor ? pick(one) / pick(floor) : Number.NaN;
      }),
    );
  return {
    part: "create",
    title: "A create",
    about:
      `${ROUNDS} interleaved rounds of ${COUNT} creates, ${AT_ONCE} at once; medians. The bare object validates nothing: a ` +
      "row and an alarm, the submit, a row. CPU is that of the workerd process, from `/proc`.",
    bars: [
      atMost(
        "CPU per create against the bare object's",
        1.25,
        against((one) => one.cpuPerCreateMs ?? Number.NaN),
      ),
      atLeast(
        "creates/s against the bare object's",
        0.8,
        against((one) => one.perSecond),
      ),
    ],
    tables: [
      {
        columns: [":creates go to", "requests/s", "p50, ms", "p99, ms", "CPU per create, ms"],
        rows: contenders.map(({ name, pid }) => [
          name,
          of(name, (one) => one.perSecond).toFixed(0),
          of(name, (one) => one.p50).toFixed(1),
          of(name, (one) => one.p99).toFixed(1),
          pid === null ? "" : of(name, (one) => one.cpuPerCreateMs ?? Number.NaN).toFixed(2),
        ]),
      },
    ],
    plots: [],
    notes: [],
    seconds: Math.round((performance.now() - startedAt) / 1000),
  };
}
