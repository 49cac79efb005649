import type { UpstreamTrouble } from "../domain/alerts/upstream.ts";
import { StallError } from "../domain/errors/stall.ts";
import type { KeyVerdict } from "../domain/task/key-proof.ts";
import type { Task } from "../domain/task/task.ts";
import { nameInTaskId } from "../domain/task/task-id.ts";
import { upstreamNamed, type TaskSettings } from "../env.ts";
import type { UpstreamSettings } from "../env/upstreams.ts";
import type { AnswerMemory } from "../upstream/answer-memory.ts";
import { httpUpstream } from "../upstream/http-upstream.ts";
import { judgeKey, type AskedKey } from "../upstream/key-check.ts";
import type { AskedTask, Upstream } from "../upstream/provider.ts";
import { simulatedUpstream } from "../upstream/simulated-upstream.ts";
import type { TaskDocument } from "./document/document.ts";
import { openText } from "./document/sealed.ts";
import type { UpstreamCalls } from "./upstream-session.ts";
import { watchedUpstream } from "./watched-upstream.ts";

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

interface UpstreamDeps {
  /** The present ones. */
  settings(): TaskSettings;
  /** By the account, which remembers an accepted create. @throws OverloadedError if it does not answer */
  isKeyProved(account: string): Promise<boolean>;
  /** Tells the account, and keeps no call waiting for it. */
  tell(trouble: UpstreamTrouble): void;
}

/** A task's upstream by the settings: over HTTP, or simulated. */
export class TaskUpstream implements UpstreamCalls {
  readonly #deps: UpstreamDeps;

  constructor(deps: UpstreamDeps) {
    this.#deps = deps;
  }

  async openKey(document: TaskDocument): Promise<string | null> {
    return openText({ settings: this.#deps.settings() }, document, "key");
  }

  apiKey(task: Task, ownKey: string | null): string {
    return askedKey(this.#deps.settings(), task, ownKey).apiKey;
  }

  connect(task: Task, ownKey: string | null, memory: AnswerMemory): Upstream {
    if (task.test) return simulatedUpstream(task.test, nameInTaskId(task.taskId) ?? "", task.submittedAt);
    const settings = this.#deps.settings();
    const upstream = httpUpstream(askedKey(settings, task, ownKey), askedTask(task), memory);
    // Only an operator who wants alerts hears of an upstream that does not work.
    if (settings.alerts === null) return upstream;
    const { operatorKey } = upstreamOf(settings, task);
    return watchedUpstream(upstream, { task, operatorKey, tell: (trouble) => this.#deps.tell(trouble) });
  }

  async judgeKey(task: Task, ownKey: string | null): Promise<KeyVerdict> {
    const verdict = await judgeKey(askedKey(this.#deps.settings(), task, ownKey));
    if (verdict !== "no_check") return verdict;
    return (await this.#deps.isKeyProved(task.account)) ? "accepted" : "silent";
  }
}

function askedTask({ upstreamTaskId, upstreamAliases, requestDigests, createPath }: Task): AskedTask {
  const taskIds = upstreamTaskId === null ? null : [upstreamTaskId, ...upstreamAliases];
  return { taskIds, requestDigests, createPath };
}
