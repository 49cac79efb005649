import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Mutation } from "./support/mutations/mutation.ts";
import { MUTATIONS } from "./support/mutations/mutations.ts";

/**
 * `npm run test:mutations [-- words]`: breaks each mechanism in a copy and shows that the test which names it fails.
 * A test that stays green is a hole in the proof; then the exit code is 1. With words, only the mutations that have
 * them in their name.
 */

const root = fileURLToPath(new URL("..", import.meta.url));
const PATIENCE_MS = 180_000;
const COPIED = [
  "src",
  "test",
  "dev",
  "docs",
  "public",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts",
  "wrangler.toml",
  "worker-configuration.d.ts",
];

function copyOfTheProject(): string {
  const copy = mkdtempSync(join(tmpdir(), "ringback-mutation-"));
  for (const name of COPIED) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** How many tests ran and how many of them failed. */
async function runTest(
  copy: string,
  { file, name }: Mutation["test"],
): Promise<{ ran: number; failed: number }> {
  const report = join(copy, "report.json");
  const pattern = name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const args = ["run", file, "-t", pattern, "--reporter=json", `--outputFile=${report}`];
  const path = `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`;
  const child = spawn("vitest", args, {
    cwd: copy,
    stdio: "ignore",
    env: { ...process.env, PATH: path, CI: "true", SWEEP_EVERY: "1" },
  });
  // A mutation may also make the code go round for ever, which is as good as a failure.
  let endless = false;
  const patience = setTimeout(() => {
    endless = true;
    child.kill();
  }, PATIENCE_MS);
  await new Promise((resolve) => child.on("close", resolve));
  clearTimeout(patience);
  if (endless) return { ran: 1, failed: 1 };
  const { numPassedTests = 0, numFailedTests = 0 } = JSON.parse(readFileSync(report, "utf8")) as Record<
    string,
    number
  >;
  rmSync(report);
  return { ran: numPassedTests + numFailedTests, failed: numFailedTests };
}

async function isCaught(copy: string, { file, search, replace, test }: Mutation): Promise<string> {
  const path = join(copy, file);
  const source = readFileSync(path, "utf8");
  if (source.split(search).length !== 2) return "NOT FOUND in the source";
  writeFileSync(
    path,
    source.replace(search, () => replace),
  );
  const broken = await runTest(copy, test);
  writeFileSync(path, source);
  if (broken.ran === 0) return "NO TEST of that name";
  return broken.failed > 0 ? "caught" : "NOT CAUGHT";
}

const wanted = process.argv.slice(2).join(" ");
const copy = copyOfTheProject();
let holes = 0;
try {
  console.log("| guarantee | mutation | test | result |\n| --- | --- | --- | --- |");
  for (const mutation of MUTATIONS.filter(({ name }) => name.includes(wanted))) {
    const result = await isCaught(copy, mutation);
    if (result !== "caught") holes += 1;
    const { guarantee, name, test } = mutation;
    console.log(`| ${guarantee} | ${name} | ${test.file}: ${test.name} | ${result} |`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.exitCode = holes === 0 ? 0 : 1;
