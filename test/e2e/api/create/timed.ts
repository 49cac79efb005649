import { afterEach, beforeEach } from "vitest";
import type { Stack, TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

export const HOLD_SECONDS = 1;

export interface Timed {
  response: Response;
  task: TaskBody;
  seconds: number;
  applied: string | null;
}

export async function timed(asked: Promise<Response>): Promise<Timed> {
  const startedAt = Date.now();
  const response = await asked;
  const task = (await response.json()) as TaskBody;
  const seconds = (Date.now() - startedAt) / 1000;
  return { response, task, seconds, applied: response.headers.get("preference-applied") };
}

interface Waits {
  stack: Stack;
  /** Seconds that the tasks of this test run; without it a third of one. */
  runFor(seconds: number): void;
  create(prefer: string, fields?: object, headers?: object): Promise<Timed>;
  read(id: string, query?: string, headers?: Record<string, string>): Promise<Timed>;
  /** A task that goes on for as long as the test does. */
  longTask(): Promise<string>;
}

/** One stack for all tests of a file, where every answer is timed. */
export function useWaits(): Waits {
  let runSeconds = 0.3;
  const stack = useStack({
    settings: { UPSTREAM_TIMEOUT_SECONDS: "10", CALLBACK_HOLD_SECONDS: String(HOLD_SECONDS) },
    gateway: { taskPlan: () => ({ queueSeconds: 0.1, runSeconds }) },
  });
  beforeEach(() => {
    runSeconds = 0.3;
  });
  afterEach(() => stack.gateway.clearFaults());
  return {
    stack,
    runFor: (seconds) => {
      runSeconds = seconds;
    },
    create: async (prefer, fields = {}, headers = {}) =>
      timed(stack.create({ ...fields }, { prefer, ...headers })),
    read: async (id, query = "", headers = {}) => timed(stack.call(`/v1/videos/${id}${query}`, { headers })),
    longTask: async () => {
      runSeconds = 600;
      const { task } = await timed(stack.create());
      return task.task_id;
    },
  };
}
