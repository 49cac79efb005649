import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  encodeEvent,
  encodeRetry,
  HEARTBEAT,
  streamEvent,
  streamEventId,
} from "../../../../../src/domain/task/events/stream-event.ts";
import type { Task } from "../../../../../src/domain/task/task.ts";
import { aTask, T0 } from "../../../../support/builders.ts";
import { parseEventStream } from "../../../../support/wire/sse.ts";

const queued = aTask();
const running = aTask({ status: "running", progress: 20 });

describe("what a stream tells", () => {
  it.each<[what: string, told: Task | null, task: Task, type: string | null]>([
    ["first the state as it is", null, queued, "video.queued"],
    ["first the state as it is, a running one", null, running, "video.running"],
    ["first the state as it is, an end", null, aTask({ status: "failed" }), "video.failed"],
    ["a new status", queued, running, "video.running"],
    ["a status that falls back", running, queued, "video.queued"],
    ["an end", running, aTask({ status: "succeeded", progress: 100 }), "video.succeeded"],
    ["a progress", running, aTask({ status: "running", progress: 21 }), "video.progress"],
    ["a progress that falls back", running, aTask({ status: "running", progress: 19 }), "video.progress"],
    ["a progress while it is queued", queued, aTask({ progress: 1 }), "video.progress"],
    ["no progress of nothing", queued, aTask({ progress: 0 }), null],
    ["nothing new", running, aTask({ status: "running", progress: 20, notFoundSince: T0 }), null],
  ])("is %s", (_what, told, task, type) => {
    expect(streamEvent(told, task)).toBe(type);
  });

  it("has the id of its state, so that a known end is told from another", () => {
    expect([queued, running].map(streamEventId)).toEqual(["queued-0", "running-20"]);
    expect(streamEventId({ status: "failed", progress: null })).not.toBe(
      streamEventId({ status: "succeeded", progress: 100 }),
    );
  });
});

describe("an event on the wire", () => {
  it("is its name, its id, its data and an empty line", () => {
    expect(encodeEvent({ type: "video.running", id: "running-20", data: '{"a":1}' })).toBe(
      'event: video.running\nid: running-20\ndata: {"a":1}\n\n',
    );
  });

  it("stays one event whatever lines its data has", () => {
    const data = '{\r\n  "a":\r"b",\n\n"event": "id: 1" }\n';
    const [event, ...more] = parseEventStream(encodeEvent({ type: "video.failed", id: "1", data })).events;
    expect(more).toEqual([]);
    expect(event).toEqual({ event: "video.failed", id: "1", data: data.replaceAll(/\r\n?/g, "\n") });
  });

  it("brings any JSON back, printed in any way", () => {
    const printed = fc
      .tuple(fc.jsonValue(), fc.constantFrom("", " ", "\t", "\n", "\r\n", "\r"))
      .map(([value, space]) => ({
        value,
        text: JSON.stringify(value, null, 1).replaceAll("\n", `\n${space}`),
      }));
    fc.assert(
      fc.property(fc.array(printed, { maxLength: 4 }), (all) => {
        const stream = all
          .map(({ text }) => HEARTBEAT + encodeEvent({ type: "video.progress", id: "x", data: text }))
          .join("");
        const { events, comments } = parseEventStream(stream);
        expect(events.map(({ data }) => JSON.parse(data) as unknown)).toEqual(
          all.map(({ text }) => JSON.parse(text) as unknown),
        );
        expect(comments).toEqual(all.map(() => ""));
      }),
    );
    expect.hasAssertions();
  });

  it("tells when to come again in a line of its own", () => {
    expect(parseEventStream(encodeRetry(1500))).toEqual({ events: [], comments: [], retryMs: 1500 });
  });
});
