import { TASK_NOTES } from "../contract/errors.ts";
import { TEST_VIDEO_URL, type TestPlan } from "../domain/task/task.ts";
import type { TaskReading } from "../domain/task/upstream-answer.ts";
import type { Upstream } from "./provider.ts";

/** The upstream of a `test` task: accepts, runs, and ends as planned, by the clock, without a request. */
export function simulatedUpstream(plan: TestPlan, name: string, submittedAt: number | null): Upstream {
  const upstreamTaskId = `test_${name}`;
  const read = (reading: Partial<TaskReading> & Pick<TaskReading, "status">) => {
    const whole: TaskReading = {
      isAmbiguous: false,
      word: reading.status,
      members: [],
      progress: null,
      result: null,
      errorMessage: null,
      ...reading,
    };
    const json = JSON.stringify({
      task_id: upstreamTaskId,
      status: whole.status,
      ...(whole.progress === null ? {} : { progress: whole.progress }),
      ...(whole.result === null ? {} : { video_url: whole.result.url }),
      ...(whole.errorMessage === null ? {} : { error_message: whole.errorMessage }),
    });
    return { reading: whole, json };
  };
  return {
    async submit() {
      return { kind: "accepted", ids: [upstreamTaskId], ...read({ status: "queued", progress: 0 }) };
    },
    async poll() {
      const elapsed = Date.now() - (submittedAt ?? Date.now());
      if (elapsed < plan.delayMs || plan.outcome === "timeout") {
        const progress = Math.min(99, Math.floor((100 * elapsed) / Math.max(plan.delayMs, 1)));
        return { kind: "read", ...read({ status: "running", progress }), notBeforeMs: null };
      }
      const end =
        plan.outcome === "succeeded"
          ? read({
              status: "succeeded",
              progress: 100,
              result: { url: TEST_VIDEO_URL, containsKey: false, needsKey: false },
            })
          : read({ status: "failed", errorMessage: TASK_NOTES.test_failed });
      return { kind: "read", ...end, notBeforeMs: null };
    },
  };
}
