import type { Task } from "../task/task.ts";
import type { BriefedEndpoint, TaskEndpoint } from "./endpoint.ts";

/** Those that were registered when the task was created, but for the one that its own callback goes to anyway. */
export function takenAlong(
  { createdAt, callback }: Pick<Task, "createdAt" | "callback">,
  briefed: readonly BriefedEndpoint[],
): TaskEndpoint[] {
  return briefed
    .filter((endpoint) => endpoint.createdAt <= createdAt && endpoint.url !== callback?.url)
    .map(({ id, host, events, format }) => ({ id, host, events, format }));
}
