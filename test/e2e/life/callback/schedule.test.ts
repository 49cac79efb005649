import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpAnswer, type RawRequest } from "../../../support/wire/raw-server.ts";
import { startStack, type Stack, type TaskBody } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import { LATE_MS, accepts, createTask, onlyDelivery, startStage, type Stage } from "./stage.ts";

/*
 * scenario                                            requirement
 * schedule, `Retry-After`                             contract, The callback: later only, at most twice the step or 60 s
 * hold                                                the same: not within it of the create's answer
 */

describe("with the default schedule and a hold of a second", () => {
  const HOLD_MS = 1000;
  /** The answer's way to the caller, by which the caller's clock starts later than the Worker's. */
  const ON_THE_WAY_MS = 250;
  let stack: Stack;
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage();
    stack = await startStack({
      settings: { CALLBACK_HOLD_SECONDS: String(HOLD_MS / 1000), CALLBACK_RETRY_SECONDS: "" },
      gateway: { queueSeconds: 0, runSeconds: 0 },
    });
  });
  afterAll(async () => {
    await stack.close();
    await stage.raw.close();
  });

  const holds: [name: string, prepare: () => void, headers: Record<string, string>][] = [
    ["a task that ends at its first poll", () => undefined, {}],
    [
      "a task that has ended in the create's answer",
      () =>
        stack.gateway.fault({
          on: "submit",
          status: 200,
          body: { task_id: "up", status: "succeeded", video_url: "https://cdn.example.com/v.mp4" },
        }),
      {},
    ],
    ["a submit that is unknown", () => stack.gateway.fault({ on: "submit", drop: "after" }), {}],
    ["a submit that times out", () => stack.gateway.fault({ on: "submit", delayMs: 2000 }), {}],
    ["a create answered before the submit", () => undefined, { prefer: "respond-async" }],
  ];
  it.each(byDay(holds))("the first attempt waits for the caller: %s", async (_name, prepare, headers) => {
    prepare();
    const url = stage.endpoint(accepts);
    const response = await stack.create({ callback_url: url }, headers);
    const answeredAt = Date.now();
    expect(response.status).toBe(202);
    const { task_id: id } = (await response.json()) as TaskBody;
    await onlyDelivery(stack, id);
    const [request] = stage.requests(url) as [RawRequest];
    expect(request.at - answeredAt).toBeGreaterThanOrEqual(HOLD_MS - ON_THE_WAY_MS);
    expect(request.at - answeredAt).toBeLessThan(HOLD_MS + LATE_MS);
  });

  it("a task that ends after the hold calls back at once", async () => {
    stack.gateway.fault({ on: "poll", times: Infinity, status: 200, body: { status: "running" } });
    const url = stage.endpoint(accepts);
    const { task_id: id, created_at: createdAt } = await createTask(stack, { callback_url: url });
    await stack.task(id, () => Date.now() > Date.parse(createdAt) + HOLD_MS + 200);
    stack.gateway.clearFaults();
    await onlyDelivery(stack, id);
    const finishedAt = Date.parse((await stack.task(id)).finished_at ?? "");
    expect(finishedAt - Date.parse(createdAt)).toBeGreaterThan(HOLD_MS);
    expect((stage.requests(url)[0]?.at ?? Number.NaN) - finishedAt).toBeLessThan(LATE_MS);
  });

  /** How long after its end the first attempt's successor is due. */
  async function waitAfter(
    on: Stack,
    headers: () => Record<string, string>,
    status: number,
  ): Promise<number> {
    const url = stage.endpoint((socket) => socket.end(httpAnswer(status, "", headers())));
    const { task_id: id } = await createTask(on, { callback_url: url });
    const [delivery] = await on.deliveries(id, ([first]) => first?.attempts[0]?.outcome === "retryable");
    expect(delivery?.status).toBe("pending");
    const { callback } = await on.task(id);
    expect(callback).toMatchObject({
      status: "pending",
      attempts: 1,
      next_attempt_at: delivery?.next_attempt_at,
    });
    const [attempt] = delivery?.attempts ?? [];
    const endedAt = Date.parse(attempt?.started_at ?? "") + (attempt?.duration_ms ?? Number.NaN);
    return Date.parse(delivery?.next_attempt_at ?? "") - endedAt;
  }

  /** The date that many seconds from now, as a header has it: in whole seconds. */
  const date = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString();

  const waits: [name: string, headers: () => Record<string, string>, fromMs: number, toMs: number][] = [
    ["no Retry-After", () => ({}), 4000, 6000],
    ["Retry-After: 0", () => ({ "retry-after": "0" }), 4000, 6000],
    ["Retry-After: 1", () => ({ "retry-after": "1" }), 4000, 6000],
    ["Retry-After: 20", () => ({ "retry-after": "20" }), 20_000, 20_000],
    ["Retry-After: 60", () => ({ "retry-after": "60" }), 60_000, 60_000],
    ["Retry-After: 61", () => ({ "retry-after": "61" }), 60_000, 60_000],
    ["Retry-After: 1000000000", () => ({ "retry-after": "1000000000" }), 60_000, 60_000],
    ["a Retry-After date", () => ({ "retry-after": date(30) }), 29_000, 30_000],
    [
      "a Retry-After date by a clock that is an hour ahead",
      () => ({ date: date(3600), "retry-after": date(3630) }),
      29_000,
      31_000,
    ],
    ["a Retry-After date of the past", () => ({ "retry-after": date(-100) }), 4000, 6000],
    ["a Retry-After date far away", () => ({ "retry-after": date(86_400) }), 60_000, 60_000],
    ["Retry-After: -5", () => ({ "retry-after": "-5" }), 4000, 6000],
    ["Retry-After: soon", () => ({ "retry-after": "soon" }), 4000, 6000],
  ];
  describe.concurrent("the second attempt", () => {
    it.each(byDay(waits))(
      "waits 5 s, and %s moves it later only, at most to 60 s",
      async (_name, headers, fromMs, toMs) => {
        for (const status of [503, 429, 500]) {
          const wait = await waitAfter(stack, headers, status);
          expect(wait).toBeGreaterThanOrEqual(fromMs - 1);
          // The plan is made a little after the attempt has ended.
          expect(wait).toBeLessThan(toMs + LATE_MS);
        }
      },
    );
  });

  describe("when the step is 40 s", () => {
    let slow: Stack;
    beforeAll(async () => {
      slow = await startStack({
        settings: { CALLBACK_RETRY_SECONDS: "40" },
        gateway: { queueSeconds: 0, runSeconds: 0 },
      });
    });
    afterAll(async () => slow.close());

    it.each(
      byDay([
        ["10", 32_000, 48_000],
        ["70", 70_000, 70_000],
        ["80", 80_000, 80_000],
        ["81", 80_000, 80_000],
        ["100000", 80_000, 80_000],
      ]),
    )("Retry-After: %s moves it at most to twice the step", async (seconds, fromMs, toMs) => {
      const wait = await waitAfter(slow, () => ({ "retry-after": seconds }), 503);
      expect(wait).toBeGreaterThanOrEqual(fromMs - 1);
      expect(wait).toBeLessThan(toMs + LATE_MS);
    });
  });
});
