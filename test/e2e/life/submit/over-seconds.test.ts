import { describe, expect, it, type TestContext } from "vitest";
import { startGateway, type Gateway } from "../../../../dev/gateway.ts";
import {
  isTerminal,
  MODEL,
  newHook,
  startStack,
  submitsTo,
  type Hook,
  type Stack,
  type StackOptions,
  type TaskBody,
} from "../../../support/stack.ts";
import { OPERATOR, onlyEvent, submittedBodies, type Answer } from "./upstream-answers.ts";

/*
 * scenario                                               requirement
 * 429 until the deadline                                 Submit, row 3: timed_out without ever being submitted
 * retry_ambiguous_submit                                 row 4: a complete 5xx again, at most 3 times
 */

/** What takes seconds by its nature: at the same time, each with a stack of its own. */
describe.concurrent("over seconds", () => {
  const modes: [name: string, mode: StackOptions][] = [
    ["the caller's own key", {}],
    ["the operator's key", OPERATOR],
  ];

  async function own(
    { onTestFinished }: TestContext,
    settings: Record<string, string> = {},
    mode: StackOptions = {},
  ): Promise<{ stack: Stack; hook: Hook }> {
    // A loaded machine must not turn an answer that is on its way into a timeout.
    const patient = { UPSTREAM_TIMEOUT_SECONDS: "20", CALLBACK_TIMEOUT_SECONDS: "15" };
    const stack = await startStack({ ...mode, settings: { ...mode.settings, ...patient, ...settings } });
    onTestFinished(async () => stack.close());
    return { stack, hook: newHook(stack) };
  }

  async function created({ stack, hook }: { stack: Stack; hook: Hook }, fields = {}): Promise<TaskBody> {
    const response = await stack.create({ callback_url: hook.url, ...fields });
    expect(response.status).toBe(202);
    return (await response.json()) as TaskBody;
  }

  function gapsMs(gateway: Gateway): number[] {
    const calls = submitsTo(gateway);
    return calls.slice(1).map(({ at }, index) => at - (calls[index]?.at ?? Number.NaN));
  }

  it.for(modes)(
    "429 without an end backs off and ends at the deadline, with %s: timed_out, never submitted",
    async ([, mode], context) => {
      const { stack, hook } = await own(context, { TASK_TIMEOUT_SECONDS: "5" }, mode);
      stack.gateway.fault({ on: "submit", status: 429, times: Infinity });
      const task = await created({ stack, hook });
      expect(Date.parse(task.deadline_at) - Date.parse(task.created_at)).toBe(5000);
      const event = await onlyEvent(stack, hook, task.task_id);
      expect(event).toMatchObject({ type: "video.failed", data: { error: { code: "timed_out" } } });
      const ended = await stack.task(task.task_id);
      expect(ended).toMatchObject({
        status: "failed",
        error: { code: "timed_out" },
        upstream_task_id: null,
        submitted_at: null,
      });
      expect(Date.parse(ended.finished_at ?? "")).toBeGreaterThanOrEqual(Date.parse(task.deadline_at));
      expect(stack.gateway.tasks.size).toBe(0);
      // Neither a poll nor a submit that was accepted; so an own key is asked about before the callback.
      const calls = stack.gateway.calls.map(({ method, path, status }) => `${method} ${path} ${status}`);
      if (mode !== OPERATOR) expect(calls.pop()).toBe("GET /v1/models 200");
      expect(new Set(calls)).toEqual(new Set(["POST /v1/videos 429"]));
      // 1 and 2 seconds with a fifth of jitter each: at most 3.6 s, so the third submit comes before the deadline.
      const [first = 0, second = 0] = gapsMs(stack.gateway);
      expect(second).toBeGreaterThan(first);
    },
  );

  it("a Retry-After beyond the deadline leaves time for one more submit, 5 s before it", async (context) => {
    const { stack, hook } = await own(context, { TASK_TIMEOUT_SECONDS: "7" });
    stack.gateway.fault({ on: "submit", status: 429, headers: { "retry-after": "3600" } });
    const task = await created({ stack, hook });
    expect((await onlyEvent(stack, hook, task.task_id)).type).toBe("video.succeeded");
    const [, again, ...others] = submitsTo(stack.gateway);
    expect(others).toEqual([]);
    // 5 s before the deadline is 2 s after the creation, however late the first submit was.
    const afterMs = (again?.at ?? Number.NaN) - Date.parse(task.created_at);
    expect(afterMs).toBeGreaterThan(1900);
    expect(afterMs).toBeLessThan(3500);
  });

  it("retry_ambiguous_submit repeats a whole 500 three times, backing off, and then succeeds", async (context) => {
    const { stack, hook } = await own(context);
    stack.gateway.fault({ on: "submit", status: 500, times: 3 });
    const task = await created({ stack, hook }, { retry_ambiguous_submit: true, seed: 1 });
    expect(task).toMatchObject({ status: "queued", error: null, submitted_at: null });
    await hook.waitFor(1, 20_000);
    const event = await onlyEvent(stack, hook, task.task_id);
    expect(event).toMatchObject({ type: "video.succeeded", data: { task_id: task.task_id } });
    const bodies = submittedBodies(stack.gateway);
    expect(bodies).toHaveLength(4);
    expect(new Set(bodies).size).toBe(1);
    const [first = 0, second = 0, third = 0] = gapsMs(stack.gateway);
    expect(second).toBeGreaterThan(first);
    expect(third).toBeGreaterThan(second);
  });

  it("retry_ambiguous_submit gives up after the fourth 500: submit_unknown, exactly four creates", async (context) => {
    const { stack, hook } = await own(context);
    // 503 without a Retry-After, and pages, are complete 5xx answers like any other.
    const page = { body: "<h1>Bad Gateway</h1>", headers: { "content-type": "text/html" } };
    for (const answer of [{ status: 500 }, { status: 503 }, { status: 502, ...page }, { status: 500 }])
      stack.gateway.fault({ on: "submit", ...answer });
    const task = await created({ stack, hook }, { retry_ambiguous_submit: true });
    await hook.waitFor(1, 20_000);
    const event = await onlyEvent(stack, hook, task.task_id);
    expect(event).toMatchObject({ type: "video.failed", data: { error: { code: "submit_unknown" } } });
    expect(submitsTo(stack.gateway)).toHaveLength(4);
    expect(submitsTo(stack.gateway).map(({ status }) => status)).toEqual([500, 503, 502, 500]);
  });

  it.for([
    ["a timeout", { delayMs: 5000 }],
    ["a broken connection", { drop: "after" }],
  ] satisfies [string, Answer][])(
    "retry_ambiguous_submit ends at %s, also after a 500",
    async ([, answer], context) => {
      const { stack, hook } = await own(context, { UPSTREAM_TIMEOUT_SECONDS: "3" });
      stack.gateway.fault({ on: "submit", status: 500 });
      stack.gateway.fault({ on: "submit", ...answer });
      const task = await created({ stack, hook }, { retry_ambiguous_submit: true });
      expect(task.status).toBe("queued");
      const event = await onlyEvent(stack, hook, task.task_id);
      expect(event).toMatchObject({ type: "video.failed", data: { error: { code: "submit_unknown" } } });
      expect(submitsTo(stack.gateway)).toHaveLength(2);
    },
  );

  it.for(modes)(
    "an upstream that refuses the connection leaves the outcome unknown, with %s, and an own key unproved",
    async ([, mode], context) => {
      const closed = await startGateway();
      await closed.close();
      const { stack, hook } = await own(context, { AIO_BASE_URL: closed.baseUrl }, mode);
      const task = await created({ stack, hook });
      expect(task).toMatchObject({ status: "failed", model: MODEL, error: { code: "submit_unknown" } });
      if (mode === OPERATOR) await onlyEvent(stack, hook, task.task_id);
      else {
        const [delivery] = await stack.deliveries(task.task_id, ([first]) => first?.status === "exhausted");
        expect(delivery).toMatchObject({ event: "video.failed", attempts: [] });
        expect(hook.received()).toEqual([]);
      }
      expect(await stack.task(task.task_id, isTerminal)).toMatchObject({ error: { code: "submit_unknown" } });
    },
  );
});
