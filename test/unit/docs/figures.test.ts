import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { root } from "../../../dev/bundle.ts";

/** The README's figures are those of docs/benchmarks.md; another run of the bench is off by a few per cent. */

const [readme, deploy] = ["README.md", "docs/deploy.md"].map((name) =>
  readFileSync(`${root}${name}`, "utf8").replaceAll(/\s+/g, " "),
) as [string, string];
const benchmarks = readFileSync(`${root}docs/benchmarks.md`, "utf8");

/** The numbers of the row that begins so, from its second cell on. */
function row(start: string): number[] {
  const line = benchmarks.split("\n").find((text) => text.startsWith(start));
  if (line === undefined) throw new Error(`docs/benchmarks.md has no row ${start}`);
  return line
    .slice(start.length)
    .split("|")
    .map((cell) => Number(cell.trim().replaceAll(",", "")));
}

/** The number that the README, or another text, has where the pattern has its group. */
function stated(pattern: RegExp, text = readme): number {
  const digits = pattern.exec(text)?.[1];
  if (digits === undefined) throw new Error(`the text has no ${pattern}`);
  return Number(digits);
}

describe("the README's figures", () => {
  it("have the price of a million tasks", () => {
    const [, dollars = NaN] = row("| all |");
    expect(stated(/about \$(\d+) for a million/) / dollars).toBeCloseTo(1, 1);
  });

  it("have the price of a kept file", () => {
    const table = benchmarks.slice(benchmarks.indexOf("The same where the result"));
    const cells = /^\| dollars per million tasks \|(.*)\|$/m.exec(table)?.[1]?.split("|").map(Number) ?? [];
    const [unkept = NaN, known = NaN, unknown = NaN] = cells;
    expect(stated(/10 MB of each for 30 days, about \$(\d+) more/) / (known - unkept)).toBeCloseTo(1, 1);
    expect(stated(/of 10 MB that stay for 30 days add \$(\d+) for/, deploy) / (known - unkept)).toBeCloseTo(
      1,
      1,
    );
    expect(stated(/with 4 writes: \$(\d+) more/, deploy) / (unknown - known)).toBeCloseTo(1, 1);
  });

  it("have the polls and the delay of a clip, and those of a fixed gap", () => {
    const [, polls = NaN, delay = NaN] = row("| clip | plan, 500 learned |");
    expect(stated(/ ([\d.]+) s late on average/) / delay).toBeCloseTo(1, 1);
    expect(stated(/on average, in (\d+) polls/) / polls).toBeCloseTo(1, 1);
    const [, fixedPolls = NaN, fixedDelay = NaN] = row("| clip | fixed 5 s |");
    expect(stated(/every 5 s takes (\d+)/) / fixedPolls).toBeCloseTo(1, 1);
    expect(stated(/takes \d+ for ([\d.]+) s/) / fixedDelay).toBeCloseTo(1, 1);
  });

  it("have the time from a poll to its callback", () => {
    // After "from ready" p50, p95, p99 and last: "from the poll" p50, p95 and p99.
    const lines = benchmarks.slice(benchmarks.indexOf("When all become ready at once."));
    const cells = /^\| Ringback \| 500 \| 0 \|(.*)\|$/m.exec(lines)?.[1]?.split("|") ?? [];
    const p99 = Number(cells[6]);
    expect(p99).toBeGreaterThan(0);
    expect(stated(/within (\d+) ms of the poll/)).toBeGreaterThanOrEqual(p99);
  });
});
