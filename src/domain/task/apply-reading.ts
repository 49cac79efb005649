import { startedCopy } from "./keep.ts";
import { failed, isDecided, NO_WINDOWS, patch, succeeded, taskError, type Task } from "./task.ts";
import type { TaskReading } from "./upstream-answer.ts";

/** `video.progress` is due each time the reported progress grew by this much. */
const PROGRESS_STEP = 10;

/**
 * Applies a readable answer to a task. A known word moves the status; any other leaves it and is never the end;
 * success without a URL waits, up to `resultMissingMs` after the first such answer; a failure that may have been the
 * query's counts once the next answer says the same.
 */
export function applyReading(task: Task, reading: TaskReading, now: number, resultMissingMs: number): Task {
  if (isDecided(task)) return task;
  const seen = patch(task, NO_WINDOWS);
  switch (reading.status) {
    case "succeeded": {
      if (reading.result !== null) {
        return task.keep === null
          ? succeeded(seen, reading.result, reading.progress, now)
          : startedCopy(seen, reading.result, now);
      }
      const since = task.resultMissingSince ?? now;
      if (now - since >= resultMissingMs) return failed(seen, taskError("result_missing"), now);
      return patch(task, { ...NO_WINDOWS, resultMissingSince: since });
    }
    case "failed":
      if (reading.isAmbiguous && !task.ambiguousFailure)
        return patch(task, { ...NO_WINDOWS, ambiguousFailure: true });
      return failed(
        patch(seen, { progress: reading.progress ?? seen.progress }),
        taskError("generation_failed", reading.errorMessage),
        now,
      );
    case "running":
      return withProgress(
        patch(seen, { status: "running", runningSince: seen.runningSince ?? now }),
        reading.progress,
      );
    case "queued":
      return withProgress(patch(seen, { status: "queued" }), reading.progress);
    case null:
      return withProgress(seen, reading.progress);
    default:
      return reading.status satisfies never;
  }
}

function withProgress(task: Task, progress: number | null): Task {
  if (progress === null) return task;
  const isEvent = progress - task.lastProgressEvent >= PROGRESS_STEP;
  return patch(task, { progress, lastProgressEvent: isEvent ? progress : task.lastProgressEvent });
}
