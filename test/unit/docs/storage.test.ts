import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { TaskDocument } from "../../../src/task-object/document/document.ts";
import { TaskRecords } from "../../../src/task-object/document/records.ts";
import { MemoryStorage } from "../../support/model/simulated/memory-storage.ts";
import { root } from "../../../dev/bundle.ts";

/** docs/storage.md names every key, table and document that the objects write, as their own source spells them. */

const read = (path: string): string => readFileSync(root + path, "utf8");
const page = read("docs/storage.md");

function found(path: string, pattern: RegExp): string[] {
  return Array.from(read(path).matchAll(pattern), ([, name = ""]) => name.trim());
}

describe("docs/storage.md", () => {
  it("has the keys of a task's object", () => {
    const keys = found("src/task-object/document/records.ts", /^const [A-Z]+ = "([^"]+)";$/gm);
    expect(keys).toContain("document");
    expect(keys.filter((key) => !page.includes(`| \`${key}`))).toEqual([]);
  });

  it("has the keys of a request's pieces", () => {
    const { kv } = new MemoryStorage(() => undefined);
    const parts = [new Uint8Array(1), new Uint8Array(1)];
    new TaskRecords(kv).write({} as TaskDocument, { parts }, 0);
    const keys = Array.from(kv.list(), ([key]) => key).filter((key) => key !== "document");
    expect(keys).toHaveLength(2);
    expect(page).toContain(`| ${keys.map((key) => `\`${key}\``).join(", ")}, …`);
  });

  it("has the members of a task's document and of its sealed values", () => {
    const state = /export interface TaskState \{([\s\S]*?)\n\}/.exec(read("src/domain/task/state.ts"))?.[1];
    const members = Array.from((state ?? "").matchAll(/^ {2}(\w+):/gm), ([, name = ""]) => name);
    expect(members).toContain("deliveries");
    expect([...members, "sealed"].filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
  });

  it("has the tables and documents of an account's object", () => {
    const tables = ["src/account-object/rows.ts", "src/account-object/recovery/rows.ts"].flatMap((path) =>
      found(path, /CREATE TABLE IF NOT EXISTS (\w+)/g),
    );
    const documents = found("src/account-object/rows.ts", /[=|] "(\w+)"(?=[\s|"\w]*;)/g);
    expect(tables).toEqual(expect.arrayContaining(["task", "recovery"]));
    expect(documents).toContain("counts");
    expect(tables.filter((name) => !page.includes(`| \`${name}\``))).toEqual([]);
    expect(documents.filter((name) => !page.includes(`name \`${name}\``))).toEqual([]);
  });

  it("has the keys of a cadence's object", () => {
    const keys = found("src/cadence-object/store.ts", /^const KEY = "([^"]+)";$/gm);
    expect(keys).toEqual(["forecast"]);
    expect(keys.filter((key) => !page.includes(`| \`${key}\` |`))).toEqual([]);
  });
});
