import type { Retention } from "../../domain/account/reconcile.ts";
import type { TaskSummary } from "../../domain/account/summary.ts";
import { keyRange, receiverOf } from "../../domain/recovery/candidates.ts";
import type { RecoveryFilter, RecoveryPreview } from "../../domain/recovery/recovery.ts";
import { wait } from "../../net/wait.ts";
import { CHUNK, type Recovering } from "./run.ts";

type Reading = Pick<Recovering, "readTasks" | "retention">;

interface Match {
  key: string;
  host: string;
  summary: TaskSummary;
}

/**
 * What a recovery would be for that began at `now`, a run of rows at a time: oldest first, over all rows. Other calls are
 * answered in between.
 */
export async function* matchesOf(
  { readTasks, retention }: Reading,
  filter: RecoveryFilter,
  now: number,
): AsyncGenerator<Match[]> {
  const { after: first, before } = keyRange(filter, now);
  for (let after = first; ;) {
    const rows = readTasks(after, before, CHUNK);
    yield matchesAmong(rows, filter, retention());
    const last = rows.at(-1);
    if (rows.length < CHUNK || !last) return;
    after = last.key;
    await wait(0);
  }
}

function matchesAmong(
  rows: readonly { key: string; task: { summary: TaskSummary } }[],
  filter: RecoveryFilter,
  retention: Retention,
): Match[] {
  return rows.flatMap(({ key, task: { summary } }) => {
    const receiver = receiverOf(summary, filter, retention);
    return receiver ? [{ key, host: receiver.host, summary }] : [];
  });
}

const FIRST_MAX = 10;

export async function previewOf(reading: Reading, filter: RecoveryFilter): Promise<RecoveryPreview> {
  const hosts = new Map<string, number>();
  const first: TaskSummary[] = [];
  let matched = 0;
  for await (const matches of matchesOf(reading, filter, reading.retention().now)) {
    matched += matches.length;
    for (const { host, summary } of matches) {
      hosts.set(host, (hosts.get(host) ?? 0) + 1);
      if (first.length < FIRST_MAX) first.push(summary);
    }
  }
  const counts = Array.from(hosts, ([host, count]) => ({ host, count }));
  return { matched, hosts: counts.toSorted((a, b) => b.count - a.count), first };
}
