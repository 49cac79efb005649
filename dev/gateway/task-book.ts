import { randomUUID } from "node:crypto";
import type { Profile, TaskView } from "./profile.ts";
import { type GatewayTask, partialProgress, type TaskPlan, taskStatus } from "./task.ts";
import { startVendorLoop, type VendorLoop } from "./vendor-loop.ts";

/** The tasks of a simulated gateway, with its state of each. */

const FAILED_BY_REVIEW = "The prompt was refused by content review.";

export interface NewTask {
  key: string;
  model: string;
  request: Record<string, unknown>;
  plan: TaskPlan;
}

export class TaskBook {
  readonly tasks = new Map<string, GatewayTask>();
  readonly #origin: string;
  readonly #loopSeconds: number;
  #loop: VendorLoop | null = null;
  #rows = 0;

  constructor(origin: string, loopSeconds: number) {
    this.#origin = origin;
    this.#loopSeconds = loopSeconds;
  }

  add({ plan, ...asked }: NewTask, profile: Pick<Profile, "makeIds" | "statusComesFrom">): GatewayTask {
    const createdAt = Date.now();
    const runsAt = createdAt + plan.queueSeconds * 1000;
    const fullAt = runsAt + plan.runSeconds * 1000;
    const fails = plan.fails === true || hasMark(asked.request, "[fail]");
    const vendorId = `cgt-${randomUUID()}`;
    this.#rows += 1;
    const task: GatewayTask = {
      ...profile.makeIds(vendorId),
      vendorId,
      row: this.#rows,
      ...asked,
      createdAt,
      runsAt,
      fullAt,
      endsAt: fullAt,
      errorMessage: fails ? FAILED_BY_REVIEW : null,
      fileToken: randomUUID(),
      polls: 0,
      found: null,
    };
    if (!hasMark(asked.request, "[lost]")) this.tasks.set(task.id, task);
    if (profile.statusComesFrom === "loop") this.#loop ??= this.#startLoop();
    return task;
  }

  /** By either of its ids; another key's task is none. */
  find(id: string, key: string): GatewayTask | undefined {
    const task = this.tasks.get(id) ?? [...this.tasks.values()].find(({ otherId }) => otherId === id);
    return task?.key === key ? task : undefined;
  }

  /** The gateway's state of the task now. */
  view(task: GatewayTask, { statusComesFrom }: Pick<Profile, "statusComesFrom">): TaskView {
    const now = Date.now();
    const isLive = statusComesFrom === "live";
    const status = isLive ? taskStatus(task, now) : (task.found?.status ?? "queued");
    return {
      task,
      status,
      isVisited: isLive || task.found !== null,
      changedAt: task.found?.at ?? task.createdAt,
      progress: status === "succeeded" ? 100 : partialProgress(task, now),
      videoUrl: status === "succeeded" ? this.#resultUrl(task) : null,
    };
  }

  /** The task whose result is at this path, which needs no key. */
  findByFilePath(path: string): GatewayTask | undefined {
    return [...this.tasks.values()].find(
      (task) => path === filePath(task) && taskStatus(task, Date.now()) === "succeeded",
    );
  }

  finish(id: string, outcome: "succeeded" | "failed", errorMessage = FAILED_BY_REVIEW): void {
    const task = this.tasks.get(id);
    if (task === undefined) throw new Error(`The gateway has no task ${id}`);
    task.endsAt = Date.now();
    task.errorMessage = outcome === "failed" ? errorMessage : null;
  }

  close(): void {
    this.#loop?.stop();
  }

  #resultUrl(task: GatewayTask): string {
    const path = hasMark(task.request, "[content]") ? `/v1/videos/${task.id}/content` : filePath(task);
    return this.#origin + path;
  }

  #startLoop(): VendorLoop {
    return startVendorLoop({
      roundSeconds: this.#loopSeconds,
      unfinished: () => [...this.tasks.values()].filter(({ found }) => !isOver(found)),
      visit: (task) => {
        const at = Date.now();
        task.found = { status: taskStatus(task, at), at };
      },
    });
  }
}

/** Whether the prompt asks for a situation. */
export function hasMark(request: Record<string, unknown>, mark: string): boolean {
  return String(request.prompt).includes(mark);
}

function isOver(found: GatewayTask["found"]): boolean {
  return found?.status === "succeeded" || found?.status === "failed";
}

function filePath(task: GatewayTask): string {
  return `/files/${task.id}.mp4?token=${task.fileToken}`;
}
