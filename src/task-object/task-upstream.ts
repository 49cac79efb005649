import { StallError } from "../domain/errors/stall.ts";
import type { Task } from "../domain/task/task.ts";
import { upstreamNamed, type TaskSettings } from "../env.ts";
import type { UpstreamSettings } from "../env/upstreams.ts";
import type { AskedKey } from "../upstream/key-check.ts";

/** The task was created with the operator's key, and the deployment no longer has one. */
export class MissingKeyError extends StallError {
  override name = "MissingKeyError";
}

/** The deployment no longer has the task's upstream. Its key must go to no other. */
class MissingUpstreamError extends StallError {
  override name = "MissingUpstreamError";
}

/** @throws MissingUpstreamError */
export function upstreamOf(
  settings: TaskSettings,
  { upstreamName }: Pick<Task, "upstreamName">,
): UpstreamSettings {
  const upstream = upstreamNamed(settings, upstreamName);
  if (upstream === null) throw new MissingUpstreamError(`no upstream named ${upstreamName}`);
  return upstream;
}

/** The bounds of the task's polls: an upstream may ask for longer gaps than the deployment has set. */
export function pollLimits(
  settings: TaskSettings,
  task: Pick<Task, "upstreamName" | "test">,
): TaskSettings["poll"] {
  const { poll } = settings;
  // Nothing of a test goes there.
  if (task.test !== null) return poll;
  const { profile } = upstreamNamed(settings, task.upstreamName) ?? {};
  const gapMs = (profile?.min_gap_seconds ?? 0) * 1000;
  return gapMs <= poll.minMs ? poll : { ...poll, minMs: gapMs, maxMs: Math.max(poll.maxMs, gapMs) };
}

/** @throws MissingUpstreamError, MissingKeyError */
export function askedKey(settings: TaskSettings, task: Task, ownKey: string | null): AskedKey {
  const { baseUrl, operatorKey, profile } = upstreamOf(settings, task);
  const apiKey = task.mode === "operator" ? operatorKey : ownKey;
  if (apiKey === null) throw new MissingKeyError(`no upstream key for a task of mode ${task.mode}`);
  return {
    baseUrl,
    profile,
    apiKey,
    timeoutMs: settings.upstreamTimeoutMs,
    name: task.account,
  };
}
