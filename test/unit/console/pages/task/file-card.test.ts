import { describe, expect, it } from "vitest";
import type { TaskFile, TaskJson } from "../../../../../src/contract/shapes/task.ts";
import { FILE_REASONS } from "../../../../../src/contract/words.ts";
import { TEXTS } from "../../../../../src/console/language.ts";
import { fileReason } from "../../../../../src/console/pages/task/file-reason.ts";
import { Outcome } from "../../../../../src/console/pages/task/outcome.tsx";
import { aView, htmlOf, iso, pageIn } from "../views.ts";

/*
 * scenario                          requirement
 * a kept file                       contract, Kept files: its address, `?download`, `expires_at`; an image is no video
 * a failed copy                     the reason in words; the upstream's URL with the warning that it dies
 * a copy under way                  contract, Kept files: running, 100 %
 * a result that needs the key       contract, The task: why there is no URL, to each kind of caller
 */

const KEPT = "https://ringback.example.com/v1/files/abcdefghijklmnopqrstuvwxyz.mp4";
const THEIRS = "https://cdn.example.com/v.mp4";
const kept: TaskFile = {
  status: "kept",
  bytes: 12_500_000,
  content_type: "video/mp4",
  expires_at: iso(30 * 86_400_000),
};
const ended = { status: "succeeded", finished_at: iso(60_000) } as const;

const shown = (task: Partial<TaskJson>, language: "en" | "zh" = "en"): string =>
  htmlOf(Outcome({ page: pageIn(language), view: aView({ task: { ...ended, ...task } }) }));

describe("the file of a task", () => {
  it("that is kept is played, downloaded under its name, and says until when it is there", () => {
    const html = shown({ video_url: KEPT, source_url: THEIRS, file: kept });
    expect(html).toContain(`<video src="${KEPT}"`);
    expect(html).toContain(`href="${KEPT}?download"`);
    expect(html).toContain(iso(30 * 86_400_000));
    expect(html).toContain("Available at least until");
    expect(html).toContain("13 MB");
    expect(html).not.toContain("one day");
  });

  it("that is a kept image is shown as one", () => {
    const url = KEPT.replace("mp4", "png");
    const html = shown({ video_url: url, file: { ...kept, content_type: "image/png" } });
    expect(html).toContain(`<img src="${url}"`);
    expect(html).not.toContain("<video");
  });

  it("that is kept is not said to be gone while its task is there", () => {
    const html = shown({ video_url: KEPT, file: { ...kept, expires_at: iso(1) } });
    expect(html).toContain(`<video src="${KEPT}"`);
    expect(html).not.toContain("Available at least until");
  });

  it.each([
    ["too_large", "The file is larger than this deployment keeps."],
    ["http_404", "The provider answered 404 for the file."],
  ])("whose copy failed with %s says why, and that the provider's link dies", (reason, words) => {
    const html = shown({ video_url: THEIRS, file: { status: "failed", reason } });
    expect(html).toContain(`<video src="${THEIRS}"`);
    expect(html).toContain(`href="${THEIRS}"`);
    expect(html).toContain("Ringback keeps no copy of this video.");
    expect(html).toContain(words);
    expect(html).toContain("Its link stops working");
  });

  it.each([
    ["operator", "that key belongs to the operator"],
    ["own", "contains your key"],
  ] as const)("that only the key opens says so to a caller with the key of the %s", (mode, words) => {
    const file = { status: "failed", reason: "needs_key" } as const;
    const view = aView({ task: { ...ended, video_url: null, file } });
    expect(htmlOf(Outcome({ page: { ...pageIn("en"), mode }, view }))).toContain(words);
  });

  it("is said to be copied while it is", () => {
    const task = { status: "running", progress: 100 } as const;
    const copy = { failures: 0, until: iso(120_000) };
    const copying = htmlOf(Outcome({ page: pageIn("en"), view: aView({ task, diagnostics: { copy } }) }));
    expect(copying).toContain("Ringback is copying the file");
    expect(copying).toContain("100%");
    const running = htmlOf(Outcome({ page: pageIn("en"), view: aView({ task }) }));
    expect(running).not.toContain("copying");
  });
});

it.each(["en", "zh"] as const)("has words for every reason, in %s", (language) => {
  const text = TEXTS[language].files;
  const sentences = FILE_REASONS.map((reason) => fileReason(text, reason));
  expect(new Set([...sentences, fileReason(text, "http_503")]).size).toBe(FILE_REASONS.length + 1);
  expect(sentences.filter((sentence) => /[45]\d\d/.test(sentence))).toEqual([]);
  expect(fileReason(text, "http_503")).toContain("503");
});
