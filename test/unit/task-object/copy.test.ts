import { afterEach, describe, expect, it } from "vitest";
import type { TaskDocument } from "../../../src/task-object/document/document.ts";
import { SimulatedWorld } from "../../support/model/simulated/world.ts";
import type { LifePlan, Script, WireCall } from "../../support/model/world.ts";

/*
 * scenario                                             requirement (design.md, Kept files; issue 16)
 * a success in the create's answer, in a submit after  recorded first, the URL with the key sealed, erased at the end
 * the answer, in a poll, in the last poll
 * a copy that takes two minutes                        callbacks of other events are not held up
 * bad settings while a file is copied                  never failed; succeeded without a file in the end
 * a copy that fails; a file that is there              repeated until the patience is over; the end is told once
 */

const PATIENCE = 120_000;
const ALARMS_MAX = 100;
let world: SimulatedWorld;
afterEach(() => world.close());

function aWorld(life: Partial<LifePlan> = {}, script: Partial<Script> = {}): SimulatedWorld {
  world = new SimulatedWorld({
    keyed: false,
    first: null,
    repeats: false,
    events: ["video.succeeded", "video.failed", "video.running"],
    timeoutMs: 600_000,
    poll: "running",
    endpoints: [],
    silent: false,
    seed: 7,
    keep: true,
    ...life,
  });
  Object.assign(world.script, script);
  return world;
}

async function document(): Promise<TaskDocument> {
  const { state } = await world.rows();
  if (state === null) throw new Error("no task is here");
  return state as TaskDocument;
}

/** Lets the alarms ring until it is so. */
async function until(isSo: (document: TaskDocument) => boolean): Promise<TaskDocument> {
  for (let alarm = 0; alarm < ALARMS_MAX; alarm++) {
    const known = await document();
    if (isSo(known)) return known;
    if (!(await world.fire())) throw new Error("no alarm is set");
  }
  throw new Error(`not after ${ALARMS_MAX} alarms`);
}

const isCopied = ({ task }: TaskDocument): boolean => (task.keep?.copy ?? null) !== null;
const hasEnded = ({ task }: TaskDocument): boolean => task.finishedAt !== null;

function sent(kind: WireCall["kind"]): WireCall[] {
  return world.wire.filter((call) => call.kind === kind);
}

describe("a success whose URL contains the key, and whose file is kept", () => {
  it.each<[by: string, respondAsync: boolean, life: Partial<LifePlan>, script: Partial<Script>]>([
    ["the create's own answer", false, {}, { submit: ["ended"] }],
    ["the answer to a later submit", true, {}, { submit: ["ended"] }],
    ["the answer to a repeated submit", false, {}, { submit: ["429", "ended"] }],
    ["a poll", false, {}, { poll: ["queued", "succeeded"] }],
    [
      "the last poll",
      false,
      { timeoutMs: 60_000 },
      { poll: Array.from({ length: 200 }, () => "500" as const) },
    ],
  ])("is recorded before the copy, by %s", async (by, respondAsync, life, script) => {
    aWorld({ ...life, isSecret: true }, script);
    world.script.hold.add("copy");
    await world.create({ other: false, respondAsync });
    if (by === "the last poll") {
      const { deadlineAt } = (await document()).task;
      while (((await world.rows()).alarm ?? 0) < deadlineAt) await world.fire();
      world.script.poll = ["succeeded"];
    }
    const copying = await until(isCopied);
    expect(copying.task).toMatchObject({
      status: "running",
      progress: 100,
      finishedAt: null,
      videoUrl: null,
    });
    expect(copying.task.keep?.copy).toMatchObject({ url: null, needsKey: true });
    expect(copying.sealed.source).not.toBeNull();
    expect(copying.deliveries).toEqual([]);
    expect(JSON.stringify(copying)).not.toContain(world.secrets[0]);
    await until(() => sent("copy").length > 0);
    await world.release();
    const { task, sealed, deliveries } = await until(hasEnded);
    expect(task).toMatchObject({ status: "succeeded", file: { status: "kept" }, sourceUrl: null });
    expect(task.videoUrl).toMatch(/^https:\/\/ringback\.test\/v1\/files\/[a-z0-9]{26}\.mp4$/);
    expect([sealed.source, sealed.key]).toEqual([null, null]);
    expect(deliveries.map(({ type }) => type)).toEqual(["video.succeeded"]);
    expect(world.problems).toEqual([]);
  });

  it("is shown by nothing if the copy fails to the end", async () => {
    aWorld({ isSecret: true }, { submit: ["ended"], copy: Array.from({ length: 50 }, () => "404" as const) });
    await world.create({ other: false, respondAsync: false });
    const { task, sealed } = await until(hasEnded);
    expect(task).toMatchObject({ status: "succeeded", videoUrl: null, sourceUrl: null });
    expect(task.file).toEqual({ status: "failed", reason: "needs_key" });
    expect(sealed.source).toBeNull();
    const givenUpAt = (task.keep?.succeededAt ?? 0) + PATIENCE;
    expect(task.finishedAt).toBeGreaterThanOrEqual(givenUpAt);
    expect(task.finishedAt).toBeLessThan(givenUpAt + 100);
    expect(sent("copy").length).toBeGreaterThan(6);
    // The end goes out once, after the patience.
    await until(({ deliveries }) => deliveries.every(({ status }) => status === "delivered"));
    expect(sent("callback")).toHaveLength(1);
    expect(sent("callback")[0]?.body).toContain('"status":"failed","reason":"needs_key"');
  });
});

describe("while a copy takes two minutes", () => {
  it("the attempts of an earlier event go on, and one by hand leaves at once", async () => {
    const callback = ["timeout", "timeout", "500"] as const;
    aWorld({}, { poll: ["running", "succeeded"], callback: [...callback] });
    await world.create({ other: false, respondAsync: false });
    world.script.hold.add("copy");
    const { task } = await until(() => sent("copy").length > 0);
    const startedAt = sent("copy")[0]?.at ?? 0;
    const before = sent("callback").length;
    await world.pass(70_000);
    // By its schedule 5 s and 30 s after the end of the one before, both of which take 15 s: beyond a run's 30 s.
    expect(sent("callback").length).toBeGreaterThan(before);
    expect(sent("callback").at(-1)?.at).toBeGreaterThan(startedAt + 30_000);
    const count = sent("callback").length;
    expect(await world.redeliver({ messageId: null, endpoint: null, isElsewhere: false })).toBe("queued");
    await world.pass(1_000);
    expect(sent("callback")).toHaveLength(count + 1);
    expect(sent("callback").at(-1)?.at).toBeLessThan(startedAt + 72_000);
    expect(sent("poll").filter(({ at }) => at > (task.keep?.succeededAt ?? 0))).toEqual([]);
    expect((await document()).task.finishedAt).toBeNull();
    await world.release();
    expect((await document()).task).toMatchObject({ status: "succeeded", file: { status: "kept" } });
    // The end's first attempt began with the end: no slow attempt of another event holds it up.
    expect((await document()).deliveries.at(-1)).toMatchObject({ type: "video.succeeded", attempts: 1 });
  });
});

describe("bad settings while a file is copied", () => {
  it.each([
    ["its deadline comes first", 60_000],
    ["its patience ends first", 600_000],
  ])("never fail the task, which ends without a file when both are over: %s", async (_name, timeoutMs) => {
    aWorld({ timeoutMs }, { submit: ["ended"], copy: Array.from({ length: 50 }, () => "404" as const) });
    await world.create({ other: false, respondAsync: false });
    const { task } = await document();
    const both = Math.max(task.deadlineAt, (task.keep?.succeededAt ?? 0) + PATIENCE);
    await world.setSettings(false);
    while (world.now() < both) {
      expect((await document()).task.finishedAt).toBeNull();
      await world.fire();
    }
    const end = await until(hasEnded);
    expect(end.task).toMatchObject({ status: "succeeded", error: null, file: { status: "failed" } });
    expect(end.task.finishedAt).toBeLessThanOrEqual(both + 60_000);
    expect(sent("callback")).toEqual([]);
    await world.setSettings(true);
    await until(({ deliveries }) => deliveries.every(({ status }) => status === "delivered"));
    expect(sent("callback")).toHaveLength(1);
  });
});

describe("a bucket that breaks", () => {
  it("and works again keeps the file after all", async () => {
    aWorld({}, { submit: ["ended"], brokenBucket: true });
    await world.create({ other: false, respondAsync: false });
    await until(() => sent("copy").length >= 3);
    expect((await document()).task.keep?.copy).toMatchObject({ reason: "storage" });
    world.script.brokenBucket = false;
    const { task } = await until(hasEnded);
    expect(task.file).toMatchObject({ status: "kept", bytes: 5, content_type: "video/mp4" });
    expect(await world.bucket()).toEqual([task.keep?.fileId]);
  });
});
