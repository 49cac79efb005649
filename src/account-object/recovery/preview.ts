import type { TaskSummary } from "../../domain/account/summary.ts";
import { candidateKey } from "../../domain/recovery/candidate-key.ts";
import { judgeReceivers, keyRange } from "../../domain/recovery/candidates.ts";
import {
  COUNTING_PATIENCE_MS,
  type RecoveryFilter,
  type RecoveryPreview,
} from "../../domain/recovery/recovery.ts";
import { OverloadedError } from "../../domain/errors/unavailable.ts";
import { wait } from "../../net/wait.ts";
import { ROWS_AT_ONCE } from "../rows.ts";
import type { RecoveryDeps } from "./run.ts";

type Reading = Pick<RecoveryDeps, "readTasks" | "retention" | "endpointHost">;

interface Match {
  /** Of the candidate. */
  key: string;
  host: string;
  summary: TaskSummary;
}

/**
 * What a recovery would be for that began at `now`, a run of rows at a time: oldest first, over all rows. Other calls are
 * answered in between.
 */
export async function* matchesOf(
  reading: Reading,
  filter: RecoveryFilter,
  now: number,
): AsyncGenerator<Match[]> {
  const { after: first, before } = keyRange(filter, now);
  for (let after = first; ;) {
    const rows = reading.readTasks(after, before, ROWS_AT_ONCE);
    yield matchesAmong(rows, filter, reading);
    const last = rows.at(-1);
    if (rows.length < ROWS_AT_ONCE || !last) return;
    after = last.key;
    await wait(0);
  }
}

function matchesAmong(
  rows: readonly { key: string; task: { summary: TaskSummary } }[],
  filter: RecoveryFilter,
  { retention, endpointHost }: Reading,
): Match[] {
  const scope = { filter, retention: retention(), endpointHost };
  return rows.flatMap(({ key, task: { summary } }) =>
    judgeReceivers(summary, scope)
      .filter(({ isMatch }) => isMatch)
      .map(({ endpoint, host }) => ({ key: candidateKey(key, endpoint), host, summary })),
  );
}

const FIRST_MAX = 10;
const HOSTS_MAX = 100;

/** Previews, one after the other: those of the same filter that come meanwhile are one. */
export class Previews {
  readonly #reading: Reading;
  readonly #underWay = new Map<string, Promise<RecoveryPreview>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /** @throws OverloadedError if there are too many rows for a caller's patience */
  async read(filter: RecoveryFilter): Promise<RecoveryPreview> {
    const asked = JSON.stringify(filter);
    const same = this.#underWay.get(asked);
    if (same) return same;
    const stopAt = Date.now() + COUNTING_PATIENCE_MS;
    const preview = this.#readAfter(this.#last, filter, stopAt).finally(() => this.#underWay.delete(asked));
    this.#underWay.set(asked, preview);
    this.#last = preview.catch(() => undefined);
    return preview;
  }

  async #readAfter(last: Promise<unknown>, filter: RecoveryFilter, stopAt: number): Promise<RecoveryPreview> {
    await last;
    return previewOf(this.#reading, filter, stopAt);
  }
}

async function previewOf(reading: Reading, filter: RecoveryFilter, stopAt: number): Promise<RecoveryPreview> {
  const hosts = new Map<string, number>();
  const first: TaskSummary[] = [];
  let matched = 0;
  for await (const matches of matchesOf(reading, filter, reading.retention().now)) {
    if (Date.now() >= stopAt) throw new OverloadedError("the count takes too long");
    matched += matches.length;
    for (const { host, summary } of matches) {
      hosts.set(host, (hosts.get(host) ?? 0) + 1);
      // One task's deliveries follow one another.
      if (first.length < FIRST_MAX && first.at(-1)?.name !== summary.name) first.push(summary);
    }
  }
  const counts = Array.from(hosts, ([host, count]) => ({ host, count }));
  return { matched, hosts: counts.toSorted((a, b) => b.count - a.count).slice(0, HOSTS_MAX), first };
}
