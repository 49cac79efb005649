import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TALLY_MARK, type Tally } from "./support/checks/tally.ts";

/**
 * `npm run test:faults`: runs the suites that crash, kill, interleave, and lie to Ringback; then prints their counts of
 * losses, doubles and leaks as a table. Exit code 1 if there is any, or if a suite failed.
 */

const root = fileURLToPath(new URL("..", import.meta.url));
const SUITES = [
  "test/unit/task-object/model.test.ts",
  "test/workers/faults/model.test.ts",
  "test/workers/faults/crash-sweep.test.ts",
  "test/workers/faults/recovery-sweep.test.ts",
  "test/e2e/life/kill.test.ts",
  "test/e2e/life/files/kill.test.ts",
  "test/e2e/life/recovery/kill.test.ts",
  "test/e2e/hostile/canaries.test.ts",
  "test/e2e/hostile/upstream.test.ts",
  "test/e2e/hostile/retry-after.test.ts",
  "test/e2e/hostile/receiver.test.ts",
  "test/e2e/hostile/receiver-effects.test.ts",
];

async function runSuites(): Promise<{ output: string; ok: boolean }> {
  const path = `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`;
  const whole = { SWEEP_EVERY: "1", STATUS_STEP: "1", ALL_CASES: "1" };
  const env = { ...process.env, PATH: path, CI: "true", NO_COLOR: "1", ...whole };
  const child = spawn("vitest", ["run", ...SUITES], { cwd: root, stdio: ["ignore", "pipe", "inherit"], env });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    process.stdout.write(text);
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  return { output, ok: code === 0 };
}

function talliesIn(output: string): Tally[] {
  const lines = output.split("\n").filter((line) => line.includes(TALLY_MARK));
  return lines.map((line) => JSON.parse(line.slice(line.indexOf(TALLY_MARK) + TALLY_MARK.length)) as Tally);
}

function rowOf({ fault, runs, lost, doubled, leaked, seed }: Tally): string {
  return `| ${[fault, runs, lost, doubled, leaked, seed ?? "–"].join(" | ")} |`;
}

const { output, ok } = await runSuites();
const tallies = talliesIn(output);
console.log("\n| fault | runs | lost | doubled | leaked | seed |\n| --- | --- | --- | --- | --- | --- |");
for (const tally of tallies) console.log(rowOf(tally));
const clean = tallies.every(({ runs, lost, doubled, leaked }) => runs > 0 && lost + doubled + leaked === 0);
if (!ok) console.log("\nA suite failed: see above.");
process.exitCode = ok && clean && tallies.length > 0 ? 0 : 1;
