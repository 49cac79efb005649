import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { bars } from "./bars.ts";
import { comparison } from "./comparison.ts";
import { plot } from "./plot.ts";
import { mistakes } from "./mistakes.ts";
import { table } from "./table.ts";
import { SEEDS } from "./trial.ts";

/** `npm run bench:policy`: prints the table, writes the plot. */

const startedAt = performance.now();
const { rows, panels } = comparison();
const all = [...bars(), ...rows, ...mistakes()];
const out = fileURLToPath(new URL("../../dist/bench/policy.svg", import.meta.url));
mkdirSync(fileURLToPath(new URL("../../dist/bench", import.meta.url)), { recursive: true });
writeFileSync(out, plot(panels));

const processors = cpus();
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
console.log(`${table(all)}\n`);
console.log(
  `${new Date().toISOString()} · commit ${commit()} · Node ${process.version} · ${process.platform}`,
);
console.log(`${processors.length} × ${processors[0]?.model ?? "unknown processor"} · ${seconds} s`);
console.log(`Medians over the seeds ${SEEDS.join(", ")}. Plot: dist/bench/policy.svg`);

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    // An archive without its history.
    return "unknown";
  }
}
