import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * `npm run test:nightly`: what takes too long for every change. The model at length, with seeds of its own each time,
 * in plain Node and in workerd; more random deaths; every suite of faults; every case of the tables
 * over HTTP; a result of 300 MB; the pages in every look; every mutation. About an hour on two cores. A failure names its
 * seed: MODEL_SEED and MODEL_RUNS repeat it.
 */

const root = fileURLToPath(new URL("..", import.meta.url));
const NODE_MODEL = "test/unit/task-object/model.test.ts";
const WORKERD_MODEL = "test/workers/faults/model.test.ts";

interface Step {
  command: [string, ...string[]];
  env?: Record<string, string>;
}

function model(file: string, runs: number): Step {
  const seed = String(randomInt(1, 2_147_483_647));
  return { command: ["vitest", "run", file], env: { MODEL_SEED: seed, MODEL_RUNS: String(runs) } };
}

const STEPS: Step[] = [
  ...Array.from({ length: 4 }, () => model(NODE_MODEL, 6000)),
  ...Array.from({ length: 2 }, () => model(WORKERD_MODEL, 250)),
  {
    command: ["vitest", "run", "test/workers/faults/crash-sweep.test.ts"],
    env: { SWEEP_THREES: "50", SWEEP_EVERY: "1" },
  },
  { command: ["node", "test/faults.ts"], env: { KILLS: "30" } },
  { command: ["vitest", "run", "--project=e2e"], env: { ALL_CASES: "1", STATUS_STEP: "1" } },
  { command: ["node", "test/large-file.ts"] },
  {
    command: ["vitest", "run", "--project=browser"],
    env: { LOOKS: "all", ALL_CASES: "1", SCREENSHOTS: "1" },
  },
  { command: ["node", "test/mutations.ts"] },
];

const path = `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`;
const failed = STEPS.filter(({ command: [program, ...rest], env = {} }) => {
  const shown = [...Object.entries(env).map(([name, value]) => `${name}=${value}`), program, ...rest].join(
    " ",
  );
  console.log(`\n── ${shown}`);
  const { status } = spawnSync(program, rest, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...env, PATH: path, CI: "true" },
  });
  console.log(status === 0 ? `ok: ${shown}` : `FAILED: ${shown}`);
  return status !== 0;
});
console.log(`\n${STEPS.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
