import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * `npm test`: formatter, linter, types, every test, and a deployment that stops short of the upload. Each is a check
 * of its own; the last line counts checks and tests together, and the exit code is 0 only if none failed.
 *
 * `npm run check` is the part of it to run while working (`node test/run.ts quick`): no other process is started, and the
 * long model test is left out. `npm run typecheck` (`node test/run.ts types`) is its type checks alone.
 */

const root = fileURLToPath(new URL("..", import.meta.url));
const reports = mkdtempSync(join(tmpdir(), "ringback-test-"));

interface Check {
  name: string;
  command: string[];
  /** Where vitest leaves what it counted. */
  report?: string;
  /** Also runs under these names. */
  in?: ("quick" | "types")[];
}

/** Two runs: beside a browser, the tests over HTTP, which wait for moments of time, would wait for the processor. */
function vitest(name: string, projects: readonly string[], ...options: string[]): Check {
  const report = join(reports, `${name.replaceAll(" ", "-")}.json`);
  const chosen = projects.map((project) => `--project=${project}`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile=${report}`];
  return { name, command: ["vitest", "run", ...chosen, ...options, ...reporters], report };
}

function types(folder: string): Check {
  return {
    name: `types of ${folder === "." ? "src" : folder}`,
    command: ["tsc", "-p", folder, "--noEmit"],
    in: ["quick", "types"],
  };
}

const PROJECTS_OF_TYPES = [
  ...[".", "src/client", "dev", "bench", "bench/workers", "ops", "ops/worker"],
  ...["docs/recipes/receivers", "test", "test/workers"],
];

const CHECKS: Check[] = [
  { name: "format", command: ["oxfmt", "--check", "."], in: ["quick"] },
  { name: "lint", command: ["oxlint", "--deny-warnings"], in: ["quick"] },
  {
    name: "binding types are fresh",
    command: ["wrangler", "types", "--include-runtime=false", "--check"],
    in: ["types"],
  },
  ...PROJECTS_OF_TYPES.map(types),
  vitest("tests over HTTP", ["e2e"]),
  vitest("tests in Node, in workerd and in a browser", ["unit", "workers", "browser"]),
  {
    name: "deploy --dry-run",
    command: ["wrangler", "deploy", "--dry-run", "--outdir", join(reports, "bundle")],
  },
];

async function passes(command: string[]): Promise<boolean> {
  const [program = "", ...rest] = command;
  // The linter and the formatter are scripts with a shebang: the project's own Node must come first.
  const path = `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`;
  const env = { ...process.env, PATH: path, WRANGLER_SEND_METRICS: "false", CI: "true" };
  const child = spawn(program, rest, { cwd: root, stdio: ["ignore", "inherit", "inherit"], env });
  return new Promise((resolve) => {
    child.on("error", () => resolve(false));
    child.on("close", (code) => resolve(code === 0));
  });
}

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  testResults: {
    name: string;
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

/** Tests by themselves: what ran, not what was skipped. A report that is missing is a failure, not zero tests. */
function readReport(file: string): { passed: number; failed: number; failures: string[] } {
  try {
    const report = JSON.parse(readFileSync(file, "utf8")) as Report;
    return { passed: report.numPassedTests, failed: report.numFailedTests, failures: failuresOf(report) };
  } catch {
    return { passed: 0, failed: 1, failures: [] };
  }
}

/** What failed is said once more beside the counts: the end of a long log is what its reader sees first. */
function failuresOf(report: Report): string[] {
  return report.testResults.flatMap(({ name, message, assertionResults }) => [
    ...(message === "" ? [] : [`${relative(root, name)}: ${firstLine(message)}`]),
    ...assertionResults
      .filter(({ status }) => status === "failed")
      .map(
        ({ fullName, failureMessages }) =>
          `${relative(root, name)}: ${fullName}\n          ${firstLine(failureMessages[0] ?? "")}`,
      ),
  ]);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

const [part] = process.argv.slice(2);
const chosen =
  part === "quick"
    ? [
        ...CHECKS.filter((check) => check.in?.includes(part)),
        vitest("unit tests", ["unit"], "--exclude=test/unit/task/model.test.ts"),
      ]
    : CHECKS.filter((check) => part === undefined || check.in?.some((name) => name === part));
let passed = 0;
let failed = 0;
const summary: string[] = [];
for (const { name, command, report } of chosen) {
  console.log(`\n── ${name}`);
  const startedAt = Date.now();
  const ok = await passes(command);
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  summary.push(`${ok ? "ok    " : "FAILED"}  ${name} (${seconds} s)`);
  const counts = report === undefined ? { passed: 0, failed: 0, failures: [] } : readReport(report);
  summary.push(...counts.failures.map((failure) => `        ${failure}`));
  passed += counts.passed + (ok ? 1 : 0);
  failed += counts.failed + (ok ? 0 : 1);
}
rmSync(reports, { recursive: true, force: true });
console.log(`\n${summary.join("\n")}\n`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
