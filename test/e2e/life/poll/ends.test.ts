import { describe, expect, it } from "vitest";
import type { GatewayCall } from "../../../../dev/gateway.ts";
import { isTerminal, type TaskBody } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import {
  DONE,
  LATE_MS,
  RUNNING,
  VIDEO,
  WINDOW_MS,
  follow,
  plan,
  useQuickPolls,
  type Planned,
} from "./follow.ts";

/*
 * What ends a task, and what does not.
 *
 * scenario                                            requirement
 * words in any case, several for one status           contract, The task: upstream words are read tolerantly
 * an unknown word                                     the same: leaves the status, never terminal
 * nothing but 404, nothing but 401 or 403             contract, The task: windows
 * success without a URL                               the same, `result_missing`
 * failed after succeeded                              contract: a terminal task never changes
 */

describe("with quick polls", () => {
  const { stack, ending } = useQuickPolls();

  describe("the status", () => {
    it.each(byDay(["succeeded", "SUCCEEDED", "completed", "Completed", "success", "sUcCeSs"]))(
      "%s is the end, well",
      async (status) => {
        const { task } = await ending([{ body: { status, video_url: VIDEO } }]);
        expect(task).toMatchObject({ status: "succeeded", video_url: VIDEO, error: null });
      },
    );

    it.each(
      byDay([
        "failed",
        "FAILED",
        "FAILURE",
        "fail",
        "cancelled",
        "canceled",
        "Canceled",
        "expired",
        "EXPIRED",
      ]),
    )("%s is the end, badly", async (status) => {
      const { task } = await ending([{ body: { status } }]);
      expect(task).toMatchObject({
        status: "failed",
        video_url: null,
        error: { code: "generation_failed", message: expect.stringMatching(/./) as string },
      });
    });

    it.each(["error", "Error", "timeout", "timed_out"])(
      "%s is the end at once beside the task's id, and else when the next poll says the same",
      async (status) => {
        const named = await ending([{ body: { task_id: "up-named", status } }], () => ({
          task_id: "up-named",
        }));
        expect(named.task).toMatchObject({ status: "failed", error: { code: "generation_failed" } });
        expect(named.polls).toHaveLength(1);
        const twice = await ending([{ body: { status } }, { status: 500 }, { body: { status } }]);
        expect(twice.task).toMatchObject({ status: "failed", error: { code: "generation_failed" } });
        expect(twice.polls).toHaveLength(3);
        const once = await ending([{ body: { status } }, RUNNING, { body: { status } }, DONE]);
        expect(once.task).toMatchObject({ status: "succeeded" });
      },
    );

    it.each(
      byDay(["running", "Running", "processing", "PROCESSING", "in_progress", "In_Progress", "generating"]),
    )("%s is running", async (status) => {
      const { id, created } = await follow(stack, [{ body: { status }, times: Infinity }]);
      expect(created.status).toBe("queued");
      await stack.task(id, (task) => task.status === "running");
      stack.gateway.clearFaults();
      plan(stack, [DONE]);
      await stack.task(id, isTerminal);
    });

    it.each(byDay(["queued", "QUEUED", "pending", "Pending", "submitted", "Submitted"]))(
      "%s is queued, also after running",
      async (status) => {
        const { id } = await follow(stack, [{ ...RUNNING, times: Infinity }]);
        await stack.task(id, (task) => task.status === "running");
        stack.gateway.clearFaults();
        plan(stack, [{ body: { status }, times: Infinity }]);
        await stack.task(id, (task) => task.status === "queued");
        stack.gateway.clearFaults();
        plan(stack, [DONE]);
        expect((await stack.task(id, isTerminal)).status).toBe("succeeded");
      },
    );

    it.each(byDay(["archiving", "done!", "ok", "0", "succeeded!", "not_failed", "constructor"]))(
      "%s is no word of ours: the status stays, nothing ends",
      async (status) => {
        const { id } = await follow(stack, [RUNNING, { body: { status, progress: 61 }, times: Infinity }]);
        const task = await stack.task(id, ({ progress }) => progress === 61);
        expect(task).toMatchObject({ status: "running", finished_at: null, error: null });
        stack.gateway.clearFaults();
        plan(stack, [DONE]);
        await stack.task(id, isTerminal);
      },
    );

    it("of a submit's own answer may be the end already", async () => {
      const { created, id, polls } = await follow(stack, [], (upstreamId) => ({
        id: upstreamId,
        status: "COMPLETED",
        url: VIDEO,
      }));
      expect(created).toMatchObject({ status: "succeeded", video_url: VIDEO });
      expect(await stack.task(id)).toEqual(created);
      expect(polls()).toEqual([]);
    });
  });

  describe("a window of patience", () => {
    const NOT_FOUND = { status: 404 };
    const OUTAGE = { status: 500 };

    function repeated(times: number, ...row: Planned[]): Planned[] {
      return Array.from({ length: times }, () => row).flat();
    }

    /** From the first planned answer of a kind to the end of the task. */
    function lasted(task: TaskBody, polls: GatewayCall[], statuses: number[]): number {
      const first = polls.find(({ status }) => statuses.includes(status ?? 0));
      return Date.parse(task.finished_at ?? "") - (first?.at ?? Number.NaN);
    }

    it("of nothing but 404 ends as upstream_lost, not before it is over", async () => {
      const { task, polls } = await ending([RUNNING, { ...NOT_FOUND, times: Infinity }]);
      expect(task).toMatchObject({ status: "failed", error: { code: "upstream_lost" }, video_url: null });
      expect(lasted(task, polls, [404])).toBeGreaterThanOrEqual(WINDOW_MS);
      expect(lasted(task, polls, [404])).toBeLessThan(WINDOW_MS + LATE_MS);
    });

    it("is not ended by a 5xx in between", async () => {
      const { task, polls } = await ending(repeated(200, NOT_FOUND, OUTAGE));
      expect(task.error?.code).toBe("upstream_lost");
      expect(lasted(task, polls, [404])).toBeGreaterThanOrEqual(WINDOW_MS);
    });

    it("is not ended by silence in between", async () => {
      const { task } = await ending(repeated(100, NOT_FOUND, { drop: "after" }, { drop: "before" }));
      expect(task.error?.code).toBe("upstream_lost");
    });

    it("is not begun by a 5xx: the first 404 after a long outage is the first", async () => {
      const { id, polls } = await follow(stack, [{ ...OUTAGE, times: Infinity }]);
      await stack.task(id, () => (polls().at(-1)?.at ?? 0) - (polls()[0]?.at ?? 0) > WINDOW_MS + 100);
      stack.gateway.clearFaults();
      plan(stack, [NOT_FOUND, NOT_FOUND, DONE]);
      expect(await stack.task(id, isTerminal)).toMatchObject({ status: "succeeded", video_url: VIDEO });
    });

    it.each(
      byDay([
        ["a good answer", RUNNING],
        ["a 403", { status: 403 }],
        ["a 400", { status: 400 }],
        ["an unknown word", { body: { status: "archiving" } }],
      ]),
    )("of 404 is ended by %s in between", async (_name, other) => {
      const { id, polls } = await follow(stack, repeated(400, NOT_FOUND, NOT_FOUND, other));
      await stack.task(id, () => (polls().at(-1)?.at ?? 0) - (polls()[0]?.at ?? 0) > 2 * WINDOW_MS);
      stack.gateway.clearFaults();
      plan(stack, [DONE]);
      expect(await stack.task(id, isTerminal)).toMatchObject({ status: "succeeded", video_url: VIDEO });
    });

    it.each(
      byDay([
        ["401", [{ status: 401 }]],
        ["403", [{ status: 403 }]],
        ["401 or 403", [{ status: 401 }, { status: 403 }]],
      ]),
    )("of nothing but %s ends as upstream_unauthorized", async (_name, row) => {
      const { task, polls } = await ending(repeated(200, ...row));
      expect(task).toMatchObject({ status: "failed", error: { code: "upstream_unauthorized" } });
      expect(lasted(task, polls, [401, 403])).toBeGreaterThanOrEqual(WINDOW_MS);
      expect(lasted(task, polls, [401, 403])).toBeLessThan(WINDOW_MS + LATE_MS);
    });

    it("of 401 is not ended by a 5xx", async () => {
      const { task } = await ending(repeated(200, { status: 401 }, OUTAGE));
      expect(task.error?.code).toBe("upstream_unauthorized");
    });

    it("of 401 is ended by a good answer", async () => {
      const { id, polls } = await follow(stack, repeated(400, { status: 401 }, RUNNING));
      await stack.task(id, () => (polls().at(-1)?.at ?? 0) - (polls()[0]?.at ?? 0) > 2 * WINDOW_MS);
      stack.gateway.clearFaults();
      plan(stack, [DONE]);
      expect((await stack.task(id, isTerminal)).status).toBe("succeeded");
    });

    it.each(
      byDay([
        ["absent", {}],
        ["empty", { video_url: "" }],
        ["null", { video_url: null }],
        ["relative to nothing", { video_url: "files/v.mp4" }],
        ["of another scheme", { video_url: "javascript:alert(1)", url: "ftp://example.com/v.mp4" }],
        ["longer than 8 KB", { video_url: `https://cdn.example.com/${"x".repeat(8192)}` }],
      ]),
    )("of success with a URL that is %s ends as result_missing", async (_name, facts) => {
      const { id, polls } = await follow(stack, [
        RUNNING,
        { body: { status: "succeeded", ...facts }, times: Infinity },
      ]);
      await stack.task(id, () => polls().length > 2);
      const task = await stack.task(id, isTerminal);
      expect(task).toMatchObject({ status: "failed", error: { code: "result_missing" }, video_url: null });
      const second = polls()[1]?.at ?? Number.NaN;
      const lastedMs = Date.parse(task.finished_at ?? "") - second;
      expect(lastedMs).toBeGreaterThanOrEqual(WINDOW_MS);
      expect(lastedMs).toBeLessThan(WINDOW_MS + LATE_MS);
    });

    it("of success without a URL ends well if the URL comes in time", async () => {
      const { id } = await follow(stack, [{ body: { status: "succeeded" }, times: 4 }, DONE]);
      expect(await stack.task(id, isTerminal)).toMatchObject({ status: "succeeded", video_url: VIDEO });
    });

    it("of success without a URL begins with the submit's own answer", async () => {
      const { task } = await ending([DONE], (id) => ({ task_id: id, status: "succeeded" }));
      expect(task).toMatchObject({ status: "succeeded", video_url: VIDEO });
    });

    it("of success without a URL is no end to a read meanwhile", async () => {
      const { id, polls } = await follow(stack, [RUNNING, { body: { status: "succeeded" }, times: 4 }, DONE]);
      const seen: string[] = [];
      await stack.task(id, (task) => {
        seen.push(task.status);
        return isTerminal(task);
      });
      const meanwhile = seen.slice(0, -1);
      expect(meanwhile.filter((status) => status !== "queued" && status !== "running")).toEqual([]);
      expect(seen.at(-1)).toBe("succeeded");
      expect(polls()).toHaveLength(6);
    });
  });

  it("asks no more about a task that has ended, and never lets it flip", async () => {
    const created = (await (await stack.create()).json()) as TaskBody;
    const { upstream_task_id: upstreamId } = created;
    const ended = await stack.task(created.task_id, isTerminal);
    expect(ended.status).toBe("succeeded");
    const polls = () => stack.gateway.calls.filter(({ path }) => path.endsWith(`/${upstreamId}`)).length;
    const before = polls();
    stack.gateway.finish(upstreamId ?? "", "failed");
    // The life of another task is the time in which this one would have been asked about.
    await ending([...Array.from({ length: 10 }, () => RUNNING), DONE]);
    expect(polls()).toBe(before);
    expect(await stack.task(created.task_id)).toEqual(ended);
  });

  it("carries the upstream's last JSON answer verbatim, and none over 64 KB", async () => {
    const answer = '{ "status":"running", "progress":1.0, "seed":12345678901234567890, "z":{"b":1,"a":[ ]} }';
    const { id } = await follow(stack, [{ body: answer, times: Infinity }]);
    await stack.task(id, ({ status }) => status === "running");
    const text = await (await stack.call(`/v1/videos/${id}`)).text();
    expect(text).toContain(`"upstream":${answer}`);
    stack.gateway.clearFaults();
    plan(stack, [{ body: { ...DONE.body, pad: "x".repeat(70_000) } }]);
    expect(await stack.task(id, isTerminal)).toMatchObject({ status: "succeeded", upstream: null });
  });
});
