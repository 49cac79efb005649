import { expect, it } from "vitest";
import { applyReading } from "../../../../src/domain/task/apply-reading.ts";
import { decideCopy, type CopyOutcome } from "../../../../src/domain/task/keep.ts";
import type { Task } from "../../../../src/domain/task/task.ts";
import type { ResultUrl } from "../../../../src/domain/task/upstream-answer.ts";
import { aKeep, aReading, aTask, FILE_ID, T0 } from "../../../support/builders.ts";

/*
 * scenario                                             requirement
 * a result that anyone opens, one that only the key    design.md, The task ("A result needs the key if …") and
 * opens, one whose URL contains it; kept, not kept     Kept files ("Kept: …", "Not kept: …", "Without keeping …")
 * because nothing asked for it, or because it failed
 */

const plain: ResultUrl = { url: "https://cdn.acme.com/v.mp4", containsKey: false, needsKey: false };
const withKey: ResultUrl = { url: "https://cdn.acme.com/v.mp4?key=sk-1", containsKey: true, needsKey: true };
const content: ResultUrl = {
  url: "https://api.example.com/v1/videos/1/content",
  containsKey: false,
  needsKey: true,
};
const needsKey = { status: "failed", reason: "needs_key" };
const gone = { status: "failed", reason: "http_404" };
const copy = { status: "kept" };
const file = `https://ringback.acme.com/v1/files/${FILE_ID}.webm`;
type Case = [
  Task["mode"],
  ResultUrl,
  "unkept" | "kept" | "failed",
  string | null,
  string | null,
  object | null,
];

const kept: CopyOutcome = { kind: "kept", bytes: 1234, contentType: "video/webm" };
const notFound: CopyOutcome = { kind: "failed", reason: "http_404" };
const at = { now: T0 + 180_000, random: 0, retentionMs: 3_600_000, publicUrl: null };

it.each<Case>([
  // whose key, the result, what becomes of it      video_url, source_url, file
  ["own", plain, "unkept", plain.url, null, null],
  ["operator", plain, "unkept", plain.url, null, null],
  ["own", content, "unkept", content.url, null, null],
  ["operator", content, "unkept", null, null, needsKey],
  ["own", withKey, "unkept", null, null, needsKey],
  ["operator", withKey, "unkept", null, null, needsKey],
  ["own", plain, "failed", plain.url, null, gone],
  ["operator", plain, "failed", plain.url, null, gone],
  ["own", content, "failed", content.url, null, gone],
  ["operator", content, "failed", null, null, needsKey],
  ["own", withKey, "failed", null, null, needsKey],
  ["operator", withKey, "failed", null, null, needsKey],
  ["own", plain, "kept", file, plain.url, copy],
  ["operator", plain, "kept", file, plain.url, copy],
  ["own", content, "kept", file, content.url, copy],
  ["operator", content, "kept", file, content.url, copy],
  ["own", withKey, "kept", file, null, copy],
  ["operator", withKey, "kept", file, null, copy],
])(
  "the address of a result with the %s key, of %o, %s, is %s, with the source %s",
  (mode, result, fate, videoUrl, sourceUrl, told) => {
    const task = aTask({ mode, keep: fate === "unkept" ? null : aKeep() });
    const began = applyReading(task, aReading({ status: "succeeded", result }), T0 + 60_000, 20_000);
    // The URL that contains the key stands nowhere in the task: it is sealed beside it.
    expect(JSON.stringify(began)).not.toContain("sk-1");
    const end = fate === "unkept" ? began : decideCopy(began, fate === "kept" ? kept : notFound, at);
    expect(end).toMatchObject({ status: "succeeded", videoUrl, sourceUrl });
    if (told === null) expect(end.file).toBeNull();
    else expect(end.file).toMatchObject(told);
  },
);
