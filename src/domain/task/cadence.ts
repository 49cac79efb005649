import type { TaskClass } from "../polling/class.ts";
import type { Forecast } from "../polling/forecast.ts";
import { finishSample, type FinishSample } from "../polling/observations.ts";
import { AIO } from "../../contract/words.ts";
import type { Task, PollSchedule } from "./task.ts";

/** The cadence and the class of a task. */
export interface CadenceClass {
  /** The name of the key's cadence. */
  cadence: string;
  task: TaskClass;
}

/** What the tasks to come may learn from one that has ended. */
export interface Lesson extends CadenceClass {
  sample: FinishSample;
}

/** What a task of a class may expect. */
export interface Outlook {
  /** Null: nothing is known yet, so the prior counts. */
  forecast: Forecast | null;
  /** Polls of the key are paced right now. */
  paced: boolean;
}

type Keyed = Pick<Task, "mode" | "account" | "upstreamName">;

/**
 * One cadence per upstream key: a caller's own key is its account, and all accounts share the operator's. Another upstream
 * is as fast as it is, and counts its own calls.
 */
export function cadenceName({ mode, account, upstreamName }: Keyed): string {
  const key = mode === "operator" ? "operator" : account;
  return upstreamName === AIO ? key : `${upstreamName} ${key}`;
}

export function cadenceClass(task: Keyed & Pick<Task, "model" | "traits">): CadenceClass {
  return { cadence: cadenceName(task), task: { model: task.model, ...task.traits } };
}

/** Null: the task has not ended, or its end teaches no finish time. */
export function lessonOf(task: Task, { observations }: Pick<PollSchedule, "observations">): Lesson | null {
  const sample = finishSample(task, observations);
  return sample && { ...cadenceClass(task), sample };
}
