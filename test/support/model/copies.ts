import { expect } from "vitest";
import type { TaskState } from "../../../src/domain/task/state.ts";
import { isTerminal, type Task } from "../../../src/domain/task/task.ts";
import type { WireCall, World } from "./world.ts";

/** What must hold of the copy of a task's result. Source: design.md, Kept files. */

/** When a copy under way must be over; null: none is. */
export function copyEndsBy({ keep }: Task): number | null {
  return keep?.copy && keep.succeededAt !== null ? keep.succeededAt + keep.patienceMs : null;
}

export function copies(
  world: World,
  { task, deliveries }: TaskState,
  { wire, files }: { wire: readonly WireCall[]; files: readonly string[] },
): void {
  const sent = wire.filter(({ kind }) => kind === "copy");
  const seenRunning = wire.some(({ word }) => word === "running" || word.startsWith("progress"));
  const ofRunning = deliveries.some(({ type }) => type === "video.running" || type === "video.progress");
  expect(ofRunning && !seenRunning, "no event for a copy").toBe(false);
  if (world.life.isSecret) {
    expect(JSON.stringify(task), "9: the URL with the key is sealed").not.toContain(world.secrets[0]);
  }
  const { keep, status, file } = task;
  const succeededAt = keep?.succeededAt ?? null;
  if (keep === null || succeededAt === null) {
    expect(sent, "a copy begins after its success is recorded").toEqual([]);
    return;
  }
  const until = succeededAt + keep.patienceMs;
  expect(status, "nothing ends a copy but success").not.toBe("failed");
  for (const { at } of sent) {
    expect(at, "a copy begins after the success").toBeGreaterThanOrEqual(succeededAt);
    expect(at, "a copy begins within the patience").toBeLessThan(until);
  }
  const live = sent.filter(
    ({ answeredAt, process }) => answeredAt === null && process === world.deaths.length,
  );
  expect(live.length, "one copy at a time").toBeLessThanOrEqual(1);
  const polls = wire.filter(({ kind, at }) => kind === "poll" && at > succeededAt);
  expect(polls, "a success is asked about no more").toEqual([]);
  if (!isTerminal(task)) {
    expect(task, "a task whose result is copied").toMatchObject({ status: "running", progress: 100 });
    return;
  }
  expect(file, "an end says what became of the file").not.toBeNull();
  if (file?.status === "kept") {
    const isThere = files.includes(keep.fileId);
    // It goes by `expires_at`; a task that learns of an endpoint after that may outlive it.
    const isOver = world.now() >= (task.finishedAt ?? Infinity) + world.retentionMs;
    expect(isThere || isOver, "a file that is told as kept is there").toBe(true);
    expect(task.videoUrl, "the address of a kept file").toBe(`${keep.origin}/v1/files/${keep.fileId}.mp4`);
  } else {
    expect(task.finishedAt, "a copy has its patience").toBeGreaterThanOrEqual(until);
  }
}
