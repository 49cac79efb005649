import type { TaskJson } from "../../../contract/shapes/task.ts";

/** How long the upstream usually keeps a file after the task has ended. It does not promise it. */
const USUAL_LIFE_MS = 24 * 3_600_000;

/** Until when the file of a task that has ended is usually there, and whether that time is over. */
export function fileLife(
  { finished_at: finishedAt, created_at: createdAt }: Pick<TaskJson, "finished_at" | "created_at">,
  now: number,
): { until: string; isOver: boolean } {
  const until = Date.parse(finishedAt ?? createdAt) + USUAL_LIFE_MS;
  return { until: new Date(until).toISOString(), isOver: until <= now };
}
