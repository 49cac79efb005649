/** A task of the simulated gateway, and its status by the clock. */

export interface GatewayTask {
  /** The id under which Ringback asks. */
  id: string;
  /** A second id of the same task, under which the gateway answers as well. */
  otherId: string | null;
  /** The id that the gateway's own vendor gave. */
  vendorId: string;
  /** A count of tasks, as a database numbers its rows. */
  row: number;
  key: string;
  model: string;
  request: Record<string, unknown>;
  createdAt: number;
  runsAt: number;
  /** As planned. Progress grows towards it, whatever `finish` does. */
  fullAt: number;
  endsAt: number;
  /** Null: it succeeds. */
  errorMessage: string | null;
  fileToken: string;
  /** Status answers so far, the one being made included. */
  polls: number;
  /** What the gateway's loop over its vendor found last. Null before its first visit, and where there is no loop. */
  found: { status: TaskStatus; at: number } | null;
}

export type TaskStatus = "queued" | "running" | "succeeded" | "failed";

export interface TaskPlan {
  queueSeconds: number;
  runSeconds: number;
  fails?: boolean;
}

export function taskStatus(task: GatewayTask, now: number): TaskStatus {
  if (now >= task.endsAt) return task.errorMessage === null ? "succeeded" : "failed";
  return now >= task.runsAt ? "running" : "queued";
}

export function partialProgress({ runsAt, fullAt, endsAt }: GatewayTask, now: number): number {
  const reached = (Math.min(now, endsAt) - runsAt) / Math.max(1, fullAt - runsAt);
  return Math.min(99, Math.max(0, Math.floor(reached * 100)));
}
