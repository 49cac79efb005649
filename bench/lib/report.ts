import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { machine } from "./measure.ts";

/** What one part of the bench found: plain JSON, from which the page and the lines on the screen are made. */
export interface Report {
  /** `bench:<part>`. */
  part: string;
  title: string;
  /** What was done, in a paragraph. */
  about: string;
  tables: Table[];
  bars: Bar[];
  plots: Plot[];
  notes: string[];
  seconds: number;
}

export interface Table {
  caption?: string;
  /** A column whose name begins with `:` is text; others are numbers, and stand to the right. */
  columns: string[];
  rows: string[][];
}

export interface Bar {
  measure: string;
  bar: string;
  measured: string;
  met: boolean;
  /** Of the bar, where it is missed. */
  missedBy: string | null;
}

export interface Plot {
  /** The file's name. */
  name: string;
  alt: string;
  svg: string;
}

/** A measure that must not be more than its limit. */
export function atMost(measure: string, limit: number, value: number, unit = ""): Bar {
  return bar(measure, `≤ ${limit}${unit}`, value, { unit, met: value <= limit, excess: value / limit - 1 });
}

/** A measure that must not be less. */
export function atLeast(measure: string, limit: number, value: number, unit = ""): Bar {
  return bar(measure, `≥ ${limit}${unit}`, value, { unit, met: value >= limit, excess: 1 - value / limit });
}

function bar(
  measure: string,
  text: string,
  value: number,
  { unit, met, excess }: { unit: string; met: boolean; excess: number },
): Bar {
  const missedBy = met
    ? null
    : Number.isFinite(excess)
      ? `${(100 * excess).toFixed(0)} %`
      : `${value}${unit}`;
  return { measure, bar: text, measured: `${round(value)}${unit}`, met, missedBy };
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(Math.abs(share) < 0.1 ? 1 : 0)} %`;
}

/** Three digits that mean something; counts as they are. */
export function round(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Number.isInteger(value)) return String(value);
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

const folder = new URL("../../dist/bench/", import.meta.url);

/** Where the parts leave what they found. */
export function reportFile(name: string): string {
  return fileURLToPath(new URL(name, folder));
}

/** Prints a report, and leaves it and its plots in `dist/bench`. */
export function publish(report: Report): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(reportFile(`${report.part}.json`), `${JSON.stringify(report, null, 2)}\n`);
  for (const { name, svg } of report.plots) writeFileSync(reportFile(name), svg);
  const bars = report.bars.length === 0 ? [] : [barTable(report.bars)];
  const [heading = "", ...rest] = blocks(report, "dist/bench/");
  console.log(`${[heading, ...bars, ...rest].join("\n\n")}\n\n${machine()} · ${report.seconds} s\n`);
}

/** A report as blocks of Markdown, but for its bars. Its plots are in `plotFolder`. */
export function blocks({ title, about, tables, plots, notes }: Report, plotFolder: string): string[] {
  const all = [`## ${title}`, about];
  for (const table of tables) {
    if (table.caption !== undefined) all.push(table.caption);
    all.push(tableText(table));
  }
  for (const { name, alt } of plots) all.push(`![${alt}](${plotFolder}${name})`);
  return [...all, ...notes];
}

export function barTable(bars: readonly Bar[]): string {
  return tableText({ columns: [":measure", "bar", "measured", ":verdict"], rows: bars.map(barRow) });
}

function barRow({ measure, bar: limit, measured, met, missedBy }: Bar): string[] {
  return [measure, limit, measured, met ? "met" : `**missed** by ${missedBy ?? "–"}`];
}

export function tableText({ columns, rows }: Table): string {
  const names = columns.map((name) => name.replace(/^:/, ""));
  const rule = columns.map((name) => (name.startsWith(":") ? "---" : "---:"));
  return [names, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
