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
  /** The file of vitest's counts. */
  report?: string;
  /** Also runs under these names. */
  in?: ("quick" | "types")[];
  /** Runs at one time with its neighbours that say so, too. */
  together?: boolean;
}

interface Outcome {
  ok: boolean;
  seconds: number;
}

/** Beside a browser, the tests over HTTP, which wait for moments of time, would wait for the processor; others may. */
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
  { ...vitest("tests in Node and in workerd", ["unit", "workers"]), together: true },
  { ...vitest("tests in a browser", ["browser"]), together: true },
  {
    name: "deploy --dry-run",
    command: ["wrangler", "deploy", "--dry-run", "--outdir", join(reports, "bundle")],
  },
];

/** Output of one that runs beside others is shown when it has ended. */
async function run({ name, command, together = false }: Check): Promise<Outcome> {
  const [program = "", ...rest] = command;
  const startedAt = Date.now();
  if (!together) console.log(`\n── ${name}`);
  // The linter and the formatter are scripts with a shebang: the project's own Node must come first.
  const path = `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`;
  const env = { ...process.env, PATH: path, WRANGLER_SEND_METRICS: "false", CI: "true" };
  const out = together ? "pipe" : "inherit";
  const child = spawn(program, rest, { cwd: root, stdio: ["ignore", out, out], env });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const ok = await new Promise<boolean>((resolve) => {
    child.on("error", () => resolve(false));
    child.on("close", (code) => resolve(code === 0));
  });
  if (together) console.log(`\n── ${name}\n${output}`);
  return { ok, seconds: (Date.now() - startedAt) / 1000 };
}

/** One check after another; those that may run together at one time. */
async function runAll(checks: readonly Check[]): Promise<(Check & Outcome)[]> {
  const outcomes: (Check & Outcome)[] = [];
  for (let next = 0; next < checks.length; next = outcomes.length) {
    const rest = checks.slice(next);
    const alone = rest.findIndex(({ together }) => !together);
    const group = rest.slice(0, alone === 0 ? 1 : alone === -1 ? rest.length : alone);
    const found = await Promise.all(group.map(run));
    outcomes.push(
      ...group.map((check, index) => Object.assign({ ok: false, seconds: 0 }, check, found[index])),
    );
  }
  return outcomes;
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

/** Repeats the failures beside the counts, because a reader sees the end of a long log first. */
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
        vitest("unit tests", ["unit"], "--exclude=test/unit/task-object/model.test.ts"),
      ]
    : CHECKS.filter((check) => part === undefined || check.in?.some((name) => name === part));
let passed = 0;
let failed = 0;
const summary: string[] = [];
for (const { name, report, ok, seconds } of await runAll(chosen)) {
  summary.push(`${ok ? "ok    " : "FAILED"}  ${name} (${seconds.toFixed(1)} s)`);
  const counts = report === undefined ? { passed: 0, failed: 0, failures: [] } : readReport(report);
  summary.push(...counts.failures.map((failure) => `        ${failure}`));
  passed += counts.passed + (ok ? 1 : 0);
  failed += counts.failed + (ok ? 0 : 1);
}
rmSync(reports, { recursive: true, force: true });
console.log(`\n${summary.join("\n")}\n`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
