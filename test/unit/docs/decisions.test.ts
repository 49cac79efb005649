import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { root } from "../../../dev/bundle.ts";

/** The index of docs/decisions has every record, and each record has its day. */

const folder = `${root}docs/decisions`;
const index = readFileSync(`${folder}/README.md`, "utf8");
const topics = readdirSync(folder).filter((name) => name !== "README.md");

it("fits into one folder", () => {
  expect(topics.length).toBeGreaterThan(10);
  expect(topics.length).toBeLessThan(15);
});

describe.each(topics)("%s", (topic) => {
  const page = readFileSync(`${folder}/${topic}`, "utf8");
  const [, ...records] = page.split(/^## /m);

  it("has its records in the index", () => {
    const missing = records
      .map((record) => record.split("\n", 1)[0] ?? "")
      .filter((title) => !index.includes(`[${title}](${topic}#`));
    expect(missing).toEqual([]);
  });

  it("says when each decision was taken", () => {
    expect(page).toMatch(/\b2026-\d\d-\d\d\b/);
    if (!/^All of it is of \d/m.test(page)) {
      expect(records.filter((record) => !/^.+\n2026-\d\d-\d\d[.,]/.test(record))).toEqual([]);
    }
  });
});
