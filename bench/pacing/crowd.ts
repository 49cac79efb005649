import { startGateway, type Gateway } from "../../dev/gateway.ts";
import { startReceiver, type Receiver } from "../../dev/receiver.ts";
import { sleep } from "../lib/measure.ts";
import { startBenchWorker, type BenchWorker } from "../lib/workerd.ts";

/** Tasks of several keys on one real Worker, against an upstream that limits each key. */

export const LIMITS = { submitsPerSecond: 2, pollsPerSecond: 5 };
const RUN_SECONDS = 8;
const MODEL = "doubao-seedance-2-0-260128";

export interface Crowd {
  gateway: Gateway;
  receiver: Receiver;
  worker: BenchWorker;
  close(): Promise<void>;
}

export async function startCrowd(): Promise<Crowd> {
  const gateway = await startGateway({ queueSeconds: 0, runSeconds: RUN_SECONDS, limits: LIMITS });
  const receiver = await startReceiver();
  const worker = await startBenchWorker({
    entry: "ringback.ts",
    settings: {
      AIO_BASE_URL: gateway.baseUrl,
      RINGBACK_SECRET: "a secret of the bench, long enough to count",
      ALLOW_PRIVATE_CALLBACKS: "true",
      POLL_FIRST_SECONDS: "2",
      POLL_MIN_SECONDS: "1",
      POLL_MAX_SECONDS: "2",
    },
    objects: { TASKS: "TaskObject", ACCOUNTS: "AccountObject", CADENCES: "CadenceObject" },
  });
  return {
    gateway,
    receiver,
    worker,
    close: async () => {
      await worker.close();
      await Promise.all([gateway.close(), receiver.close()]);
    },
  };
}

/** Creates tasks of one key, so far apart. */
export async function createTasks(
  { worker, receiver }: Crowd,
  { key, path, count, apartMs }: { key: string; path: string; count: number; apartMs: number },
): Promise<void> {
  const body = JSON.stringify({ model: MODEL, prompt: "p", callback_url: `${receiver.url}${path}` });
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const creates = Array.from({ length: count }, async (_, index) => {
    await sleep(index * apartMs);
    const response = await fetch(`${worker.url}/v1/videos`, { method: "POST", headers, body });
    await response.body?.cancel();
    if (response.status !== 202) throw new Error(`a create was answered ${response.status}`);
  });
  await Promise.all(creates);
}

/** Waits until so many callbacks have come to this path. */
export async function called(
  { receiver }: Crowd,
  { path, count, seconds }: { path: string; count: number; seconds: number },
): Promise<number> {
  const of = (): number => receiver.received.filter((callback) => callback.path === `/hook${path}`).length;
  for (let wait = 0; wait < seconds * 10 && of() < count; wait++) await sleep(100);
  return of();
}

/** Seconds from each task's end at the upstream to its callback. */
export function callbackDelays({ gateway, receiver }: Crowd, path: string): number[] {
  return receiver.received
    .filter((callback) => callback.path === `/hook${path}`)
    .map(({ at, body }) => {
      const { data } = JSON.parse(body) as { data: { upstream_task_id: string } };
      return (at - (gateway.tasks.get(data.upstream_task_id)?.endsAt ?? Number.NaN)) / 1000;
    });
}
