import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * `npm test`: formatter, linter, types, every test, and a deployment that stops short of the upload. Each is a check
 * of its own; the last line counts checks and tests together, and the exit code is 0 only if none failed.
 *
 * `npm run check` is the part of it to run while working (`node test/run.ts quick`): no other process is started, and
 * the long model test is left out. `npm run typecheck` (`node test/run.ts types`) is its type checks alone.
 */

const root = fileURLToPath(new URL("..", import.meta.url));
const reports = mkdtempSync(join(tmpdir(), "ringback-test-"));

interface Check {
  name: string;
  command: string[];
  /** The file of vitest's counts. */
  report?: string;
}

/** Checks that run one after another. */
type Lane = readonly Check[];
/** Lanes that run at one time. */
type Step = readonly Lane[];

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
  };
}

const PROJECTS_OF_TYPES = [
  ...[".", "src/client", "dev", "bench", "bench/workers", "ops", "ops/worker"],
  ...["docs/recipes/receivers", "test", "test/workers"],
];

const FORMAT: Check = { name: "format", command: ["oxfmt", "--check", "."] };
const LINT: Check = { name: "lint", command: ["oxlint", "--deny-warnings"] };
const TYPES: Lane = PROJECTS_OF_TYPES.map(types);
const BINDING_TYPES: Check = {
  name: "binding types are fresh",
  command: ["wrangler", "types", "--include-runtime=false", "--check"],
};
const DRY_RUN: Check = {
  name: "deploy --dry-run",
  command: ["wrangler", "deploy", "--dry-run", "--outdir", join(reports, "bundle")],
};
const LONG_MODEL = "test/unit/task-object/model.test.ts";

const PARTS: Record<string, readonly Step[]> = {
  quick: [[[FORMAT, LINT, ...TYPES], [vitest("unit tests", ["unit"], `--exclude=${LONG_MODEL}`)]]],
  types: [[[BINDING_TYPES, ...TYPES]]],
  all: [
    [[FORMAT, LINT]],
    [[vitest("tests over HTTP", ["e2e"])]],
    [
      [vitest("tests in Node and in workerd", ["unit", "workers"])],
      [vitest("tests in a browser", ["browser"]), BINDING_TYPES, ...TYPES],
    ],
    [[DRY_RUN]],
  ],
};

const MEMORY = "/dev/shm";
const ROOM_BYTES = 4 * 2 ** 30;

/**
 * Where the machine keeps files in memory, with room and the right to run programs: there a task's commits wait for no
 * disk, which halves a create's time. Undefined: the tests' files go where the system has its temporary ones.
 */
function memoryFolder(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    const mount = readFileSync("/proc/mounts", "utf8")
      .split("\n")
      .find((line) => line.split(" ")[1] === MEMORY);
    const runsPrograms = mount !== undefined && !/\b(noexec|ro)\b/.test(mount.split(" ")[3] ?? "");
    return runsPrograms && bavail * bsize >= ROOM_BYTES ? MEMORY : undefined;
  } catch {
    return undefined;
  }
}

const memory = memoryFolder();

/** Output of a check that runs beside others is shown when it has ended. */
async function run({ name, command }: Check, isAlone: boolean): Promise<Outcome> {
  const [program = "", ...rest] = command;
  const startedAt = Date.now();
  if (isAlone) console.log(`\n── ${name}`);
  // The linter and the formatter are scripts with a shebang: the project's own Node must come first.
  const path = `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`;
  const env = {
    ...process.env,
    ...(memory === undefined ? {} : { TMPDIR: memory }),
    PATH: path,
    WRANGLER_SEND_METRICS: "false",
    CI: "true",
  };
  const out = isAlone ? "inherit" : "pipe";
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
  if (!isAlone) console.log(`\n── ${name}\n${output}`);
  return { ok, seconds: (Date.now() - startedAt) / 1000 };
}

async function runLane(lane: Lane, isAlone: boolean): Promise<(Check & Outcome)[]> {
  const outcomes: (Check & Outcome)[] = [];
  for (const check of lane) outcomes.push({ ...check, ...(await run(check, isAlone)) });
  return outcomes;
}

async function runAll(steps: readonly Step[]): Promise<(Check & Outcome)[]> {
  const outcomes: (Check & Outcome)[] = [];
  for (const step of steps) {
    const found = await Promise.all(step.map(async (lane) => runLane(lane, step.length === 1)));
    outcomes.push(...found.flat());
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

const [part = "all"] = process.argv.slice(2);
const steps = PARTS[part];
if (!steps) throw new Error(`one of ${Object.keys(PARTS).join(", ")}, not ${part}`);
let passed = 0;
let failed = 0;
const summary: string[] = [];
for (const { name, report, ok, seconds } of await runAll(steps)) {
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
