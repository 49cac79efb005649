import { cpuMs, peakRssMiB, rssMiB } from "../lib/measure.ts";
import { startBenchWorker, type BenchWorkerOptions } from "../lib/workerd.ts";

/** What one request does to a Worker that is made of nothing but empty objects: `[{},{},…]`. */

export interface Flood {
  /** Resident memory of the process at its most, beyond what it had before. */
  grewMiB: number;
  cpuMs: number;
  /** Null: the connection broke, or nothing came in time. */
  status: number | null;
}

const PATIENCE_MS = 60_000;

/** A process of its own for each: what one has grown to another would begin with. */
export async function flood(options: BenchWorkerOptions, mib: number): Promise<Flood> {
  const worker = await startBenchWorker(options);
  try {
    await post(worker.url, '{"model":1}');
    const before = { rss: rssMiB(worker.pid), cpu: cpuMs(worker.pid) };
    const status = await post(worker.url, `{"model":1,"a":[${"{},".repeat((mib * 1_048_576 - 32) / 3)}{}]}`);
    return {
      grewMiB: peakRssMiB(worker.pid) - before.rss,
      cpuMs: cpuMs(worker.pid) - before.cpu,
      status,
    };
  } finally {
    await worker.close();
  }
}

async function post(url: string, body: string): Promise<number | null> {
  try {
    const response = await fetch(`${url}/v1/videos`, {
      method: "POST",
      headers: { authorization: "Bearer made-up", "content-type": "application/json" },
      body,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return null;
  }
}
