import { describe, expect, it } from "vitest";
import type { TaskEndpoint } from "../../../../../src/domain/endpoint/endpoint.ts";
import { announce, bodyOf } from "../../../../../src/domain/task/events/announce.ts";
import { isTerminal, type Task } from "../../../../../src/domain/task/task.ts";
import { aDelivery, aTask, T0 } from "../../../../support/builders.ts";

/*
 * scenario                                       requirement
 * an event with several receivers                one message id, one body for each format, a delivery each
 * an endpoint that wants other events            gets these alone
 * endpoints known only later                     of an ended task the end alone; else running and the newest progress;
 *                                                with the id and the body that the event has
 * the hold of the create's answer                holds for endpoints, too
 * the own receiver has said 410                  stops nothing at endpoints
 * another end of a task that has ended           there is none
 */

const ALL = ["video.succeeded", "video.failed", "video.running", "video.progress"] as const;
const LATER = T0 + 60_000;

function anEndpoint(id: string, overrides: Partial<TaskEndpoint> = {}): TaskEndpoint {
  return { id, host: `${id}.acme.com`, events: ALL, format: "standard", ...overrides };
}

const [A, B] = [anEndpoint("ep_a"), anEndpoint("ep_b", { format: "flat" })];

function running(task: Task, progress = 0): Task {
  return { ...task, status: "running", runningSince: T0 + 1000, progress, lastProgressEvent: progress };
}

function ended(task: Task): Task {
  return { ...task, status: "succeeded", videoUrl: "https://cdn.acme.com/v.mp4", finishedAt: T0 + 5000 };
}

function step(
  before: { task: Task } & Partial<Parameters<typeof announce>[0]>,
  after: Task,
  now = LATER,
): ReturnType<typeof announce> {
  let made = 0;
  const newMessageId = (): string => `msg_new${(made += 1)}`;
  return announce({ deliveries: [], bodies: [], ...before }, after, { now, newMessageId });
}

/** The receivers of an event, each with the message. */
function told({ deliveries }: ReturnType<typeof announce>): string[] {
  return deliveries.map(
    ({ seq, endpoint, type, messageId }) => `${seq} ${endpoint?.id ?? "own"} ${type} ${messageId}`,
  );
}

describe("an event with several receivers", () => {
  it("is one message, with a delivery for each and one body for each format", () => {
    const before = aTask({ endpoints: [A, B, anEndpoint("ep_c")] });
    const step1 = step({ task: before }, ended(before));
    expect(told(step1)).toEqual([
      "1 own video.succeeded msg_new1",
      "2 ep_a video.succeeded msg_new1",
      "3 ep_b video.succeeded msg_new1",
      "4 ep_c video.succeeded msg_new1",
    ]);
    expect(new Set(step1.deliveries.map(({ occurredAt }) => occurredAt)).size).toBe(1);
    expect(step1.bodies.map(({ messageId, format }) => [messageId, format])).toEqual([
      ["msg_new1", "standard"],
      ["msg_new1", "flat"],
    ]);
    const [own, , flat] = step1.deliveries;
    expect(own && JSON.parse(bodyOf(step1.bodies, own))).toMatchObject({
      id: "msg_new1",
      data: { id: before.taskId },
    });
    expect(flat && JSON.parse(bodyOf(step1.bodies, flat))).toMatchObject({ message_id: "msg_new1" });
  });

  it("goes to those that want it", () => {
    const wantsEnds = anEndpoint("ep_e", { events: ["video.succeeded"] });
    const before = aTask({ callback: null, endpoints: [A, wantsEnds] });
    const now = running(before, 20);
    expect(told(step({ task: before }, now))).toEqual([
      "1 ep_a video.running msg_new1",
      "2 ep_a video.progress msg_new2",
    ]);
    expect(told(step({ task: now }, ended(now)))).toEqual([
      "1 ep_a video.succeeded msg_new1",
      "2 ep_e video.succeeded msg_new1",
    ]);
    const failed = { ...now, status: "failed", finishedAt: LATER } as const;
    expect(told(step({ task: now }, failed))).toEqual(["1 ep_a video.failed msg_new1"]);
  });

  it("waits at each of them for the create's answer to be read", () => {
    const before = aTask({ endpoints: [A], holdUntil: LATER + 2000 });
    const { deliveries } = step({ task: before }, ended(before));
    expect(deliveries.map(({ nextAttemptAt }) => nextAttemptAt)).toEqual([LATER + 2000, LATER + 2000]);
  });

  it("is stopped at a receiver of its own that said 410, and at no endpoint", () => {
    const { callback } = aTask();
    const before = aTask({ callback: callback && { ...callback, stopped: true }, endpoints: [A] });
    const { deliveries } = step({ task: before }, ended(before));
    expect(deliveries.map(({ endpoint, status }) => [endpoint?.id, status])).toEqual([
      [undefined, "stopped"],
      ["ep_a", "pending"],
    ]);
  });
});

describe("endpoints that become known later", () => {
  const unknown = aTask({ endpoints: null });

  it("are told of nothing by a task that is still queued", () => {
    expect(step({ task: unknown }, { ...unknown, endpoints: [A] })).toEqual({ deliveries: [], bodies: [] });
  });

  it("are told of the end alone, in the message that it has", () => {
    const before = ended(running(unknown, 20));
    const earlier = [
      aDelivery({ messageId: "msg_r", type: "video.running", occurredAt: T0 + 1000, status: "delivered" }),
      aDelivery({ seq: 2, messageId: "msg_s", occurredAt: T0 + 5000, status: "delivered" }),
    ];
    const bodies = [{ messageId: "msg_s", format: "standard", text: "as it was sent" }] as const;
    const late = step({ task: before, deliveries: earlier, bodies }, { ...before, endpoints: [A, B] });
    expect(told(late)).toEqual(["3 ep_a video.succeeded msg_s", "4 ep_b video.succeeded msg_s"]);
    expect(late.deliveries.map(({ occurredAt, nextAttemptAt }) => [occurredAt, nextAttemptAt])).toEqual([
      [T0 + 5000, T0 + 5000],
      [T0 + 5000, T0 + 5000],
    ]);
    // Only the format that there was none of.
    expect(late.bodies.map(({ messageId, format }) => [messageId, format])).toEqual([["msg_s", "flat"]]);
  });

  it("are told of an end that no other receiver was told of, by its own time", () => {
    const before = ended(aTask({ callback: null, endpoints: null }));
    const late = step({ task: before }, { ...before, endpoints: [A] });
    expect(late.deliveries).toMatchObject([
      { endpoint: { id: "ep_a", host: "ep_a.acme.com" }, messageId: "msg_new1", occurredAt: T0 + 5000 },
    ]);
    expect(late.bodies).toHaveLength(1);
  });

  it("are told that it runs, and of the newest progress", () => {
    const before = running(unknown, 60);
    const earlier = [20, 60].map((progress, index) =>
      aDelivery({
        seq: index + 1,
        messageId: `msg_${progress}`,
        type: "video.progress",
        occurredAt: T0 + progress * 100,
      }),
    );
    const bodies = [{ messageId: "msg_60", format: "standard", text: "60" }] as const;
    const late = step({ task: before, deliveries: earlier, bodies }, { ...before, endpoints: [A] });
    expect(told(late)).toEqual(["3 ep_a video.running msg_new1", "4 ep_a video.progress msg_60"]);
    expect(late.deliveries.map(({ occurredAt }) => occurredAt)).toEqual([T0 + 1000, T0 + 6000]);
  });

  it("learn of a step in which they become known as the others do", () => {
    const before = running(unknown);
    const earlier = [aDelivery({ messageId: "msg_r", type: "video.running", occurredAt: T0 + 1000 })];
    const now = { ...running(before, 30), endpoints: [A] };
    const both = step({ task: before, deliveries: earlier, bodies: [] }, now);
    expect(told(both)).toEqual([
      "2 ep_a video.running msg_r",
      "3 own video.progress msg_new1",
      "4 ep_a video.progress msg_new1",
    ]);
    const end = { ...ended(before), endpoints: [A] };
    expect(told(step({ task: before, deliveries: earlier }, end))).toEqual([
      "2 own video.succeeded msg_new1",
      "3 ep_a video.succeeded msg_new1",
    ]);
  });

  it("are told nothing twice", () => {
    const before = ended(aTask({ endpoints: [A] }));
    expect(isTerminal(before)).toBe(true);
    expect(step({ task: before }, { ...before })).toEqual({ deliveries: [], bodies: [] });
  });
});
