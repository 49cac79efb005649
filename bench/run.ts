import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { machineFacts } from "./lib/measure.ts";
import { blocks, reportFile, tableText, type Report } from "./lib/report.ts";

/**
 * `npm run bench`: every part, one after another, and `docs/benchmarks.md` from what they found. With `--quick` each
 * part only shows that it runs, and the page goes to `dist/bench`.
 */

const PARTS = [
  "create",
  "body",
  "poll",
  "flight",
  "pacing",
  "policy",
  "clock",
  "account",
  "recovery",
  "cost",
] as const;
const root = fileURLToPath(new URL("..", import.meta.url));
const quick = process.argv.includes("--quick");

/** A part that leaves no report of its own is shown as it was printed. */
type Found = { part: string; report: Report } | { part: string; printed: string };

const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
  scripts: Record<string, string>;
};
const found: Found[] = [];
const failed: string[] = [];
for (const part of PARTS) {
  if (scripts[`bench:${part}`] === undefined) continue;
  console.log(`── bench:${part}\n`);
  rmSync(reportFile(`${part}.json`), { force: true });
  const { ok, printed } = await run(`bench:${part}`);
  if (!ok) failed.push(part);
  found.push(collect(part, printed));
}
write(found);
if (failed.length > 0) {
  console.error(`These did not come to their end: ${failed.join(", ")}`);
  process.exitCode = 1;
}

async function run(script: string): Promise<{ ok: boolean; printed: string }> {
  const child = spawn("npm", ["run", "--silent", script, ...(quick ? ["--", "--quick"] : [])], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => {
    printed += chunk.toString();
    process.stdout.write(chunk);
  });
  const ok = await new Promise<boolean>((resolve) => child.once("close", (code) => resolve(code === 0)));
  return { ok, printed };
}

function collect(part: string, printed: string): Found {
  const file = reportFile(`${part}.json`);
  if (!existsSync(file)) return { part, printed };
  return { part, report: JSON.parse(readFileSync(file, "utf8")) as Report };
}

function write(parts: readonly Found[]): void {
  const page = quick ? reportFile("benchmarks.md") : `${root}docs/benchmarks.md`;
  const plots = quick ? "" : "benchmarks/";
  writeFileSync(page, `${pageOf(parts, plots).join("\n\n")}\n`);
  const names = parts.flatMap((one) => ("report" in one ? one.report.plots.map(({ name }) => name) : []));
  if (!quick) {
    mkdirSync(`${root}docs/benchmarks`, { recursive: true });
    for (const name of names) copyFileSync(reportFile(name), `${root}docs/benchmarks/${name}`);
  }
  console.log(`Written: ${page}`);
}

function pageOf(parts: readonly Found[], plots: string): string[] {
  return [
    "# Benchmarks",
    "Written by `npm run bench`, from its own results. [bench/README.md](../bench/README.md) says what each part measures, " +
      "how, and what it does not show. Absolute figures are this machine's; ratios and counts should hold on another one.",
    tableText({ columns: [":on", ":"], rows: Object.entries(machineFacts()) }),
    "## Bars",
    tableText({
      columns: [":part", ":measure", "bar", "measured", ":verdict"],
      rows: parts.flatMap(barRows),
    }),
    ...parts.flatMap((one) => {
      if ("report" in one) return blocks(one.report, plots);
      return [`## ${one.part}`, one.printed.trim() || "It said nothing."];
    }),
  ];
}

function barRows(one: Found): string[][] {
  if (!("report" in one)) return [];
  return one.report.bars.map(({ measure, bar, measured, met, missedBy }) => [
    one.part,
    measure,
    bar,
    measured,
    met ? "met" : `**missed** by ${missedBy ?? "–"}`,
  ]);
}
