import type { TaskJson } from "../../../contract/shapes/task.ts";
import { AIO } from "../../../contract/words.ts";
import type { ShownUpstream } from "../../page-context.ts";

const HOUR_MS = 3_600_000;
/** How long `aio` usually keeps a file after the task has ended. It does not promise it. */
const AIO_HOURS = 24;

/**
 * Until when the file of a task that has ended is usually there, and whether that time is over; null: its upstream does not
 * say.
 */
export function fileLife(
  task: Pick<TaskJson, "finished_at" | "created_at" | "upstream_name">,
  upstreams: readonly ShownUpstream[],
  now: number,
): { until: string; isOver: boolean; lifeMs: number } | null {
  const { finished_at: finishedAt, created_at: createdAt, upstream_name: name } = task;
  const known = upstreams.find((upstream) => upstream.name === name)?.lifetimeHours ?? null;
  const hours = name === AIO ? AIO_HOURS : known;
  if (hours === null) return null;
  const lifeMs = hours * HOUR_MS;
  const until = Date.parse(finishedAt ?? createdAt) + lifeMs;
  return { until: new Date(until).toISOString(), isOver: until <= now, lifeMs };
}
