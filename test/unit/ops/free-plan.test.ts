import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { root } from "../../../dev/bundle.ts";

/** What docs/deploy.md says that the Free plan carries follows from what docs/benchmarks.md has counted. */

const deploy = readFileSync(`${root}docs/deploy.md`, "utf8");
const benchmarks = readFileSync(`${root}docs/benchmarks.md`, "utf8");

/** The first number of a cell. */
function numberIn(cell: string | undefined): number {
  const digits = /\d[\d,]*(?:\.\d+)?/.exec(cell ?? "")?.[0];
  if (digits === undefined) throw new Error(`no number in ${cell}`);
  return Number(digits.replaceAll(",", ""));
}

/** The row of a table that begins so, by its cells. */
function row(document: string, start: string): string[] {
  const line = document.split("\n").find((text) => text.startsWith(`| ${start}`));
  if (line === undefined) throw new Error(`no row ${start}`);
  return line.split("|").slice(1, -1);
}

/** Per task, of `docs/benchmarks.md`. */
const counted = (item: string): number => numberIn(row(benchmarks, item)[1]);

it("an endpoint costs more by what docs/deploy.md says, rounded", () => {
  const columns = benchmarks.slice(benchmarks.indexOf("| per task | callback_url, no endpoint"));
  const more = (item: string): number[] => {
    const [without = Number.NaN, ...others] = row(columns, item).slice(1).map(numberIn);
    return others.map((one) => Math.round(one - without));
  };
  const said =
    /takes (\d+) rows more, one that calls its\s+`callback_url`, too, (\d+): \$(\d+) and \$(\d+) more/.exec(
      deploy,
    );
  expect([...more("rows written"), ...more("dollars per million tasks")]).toEqual(said?.slice(1).map(Number));
});

describe("the Free plan in docs/deploy.md", () => {
  it.each([
    { limit: "100,000 rows written", item: "rows written, alarms included" },
    { limit: "100,000 requests to objects", item: "requests to objects, alarms included" },
  ])("carries by its $limit what was counted", ({ limit, item }) => {
    const [stated, perTask, carries] = row(deploy, limit);
    // Another run of the bench is off by a few per cent.
    expect(numberIn(perTask) / counted(item)).toBeCloseTo(1, 1);
    expect(numberIn(carries)).toBeCloseTo(numberIn(stated) / numberIn(perTask), -2);
  });

  it("carries by its time awake what was counted, at 128 MB an object", () => {
    const [stated, perTask, carries] = row(deploy, "13,000 GB-s awake");
    expect(numberIn(perTask) / (counted("seconds awake") * 0.128)).toBeCloseTo(1, 1);
    expect(numberIn(carries)).toBeCloseTo(numberIn(stated) / (counted("seconds awake") * 0.128), -3);
  });

  it("keeps by its storage what was counted", () => {
    const [stated, perTask, carries] = row(deploy, "5 GB stored");
    expect(numberIn(perTask) / counted("kB kept for a month")).toBeCloseTo(1, 1);
    expect(numberIn(carries)).toBeCloseTo((numberIn(stated) * 1e6) / numberIn(perTask), -4);
  });
});
