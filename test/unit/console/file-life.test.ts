import { expect, it } from "vitest";
import { fileLife } from "../../../src/console/pages/task/file-life.ts";
import { T0 } from "../../support/builders.ts";
import { iso } from "./views.ts";

const DAY_MS = 86_400_000;
const task = { created_at: iso(-DAY_MS), finished_at: iso(0) };

it.each([
  ["is usually there for a day after the end", DAY_MS - 1, false],
  ["is over then", DAY_MS, true],
])("the file of a task %s", (_name, afterMs, isOver) => {
  expect(fileLife(task, T0 + afterMs)).toEqual({ until: iso(DAY_MS), isOver });
});
