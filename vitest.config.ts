import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { buildPublic } from "./dev/public.ts";

buildPublic();
/** A disk of workerd's, for the store of kept files on one machine. */
const disk = fileURLToPath(new URL("dist/test-files", import.meta.url));
mkdirSync(disk, { recursive: true });

const LONG_FILES = [
  "workers/faults/crash-sweep.test.ts",
  "workers/faults/recovery-sweep.test.ts",
  "workers/cadence-object/pacing.test.ts",
  "e2e/life/failing.test.ts",
  "e2e/hostile/retry-after.test.ts",
  "e2e/life/kill.test.ts",
  "e2e/hostile/receiver.test.ts",
  "e2e/life/poll/ends.test.ts",
  "e2e/life/poll/times.test.ts",
  "e2e/hostile/canaries.test.ts",
  "e2e/life/recovery/restart.test.ts",
  "e2e/life/recovery/recovery.test.ts",
  "e2e/tools/ops.test.ts",
].map((file) => `test/${file}`);

/** What `expect.poll` waits for a condition: its own second is over when a busy machine hiccups. */
const PATIENCE = { poll: { timeout: 10_000 } };

/** Files that take a minute go first: among the last, they would be waited for alone. */
class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project.name))];
    const rank = (one: TestSpecification): number =>
      2 * projects.indexOf(one.project.name) + (isLong(one) ? 0 : 1);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

function isLong({ moduleId }: TestSpecification): boolean {
  return LONG_FILES.some((file) => moduleId.endsWith(file));
}

/**
 * unit: plain Node · workers: inside workerd, with the objects · e2e: real processes on loopback · browser: Chromium.
 * Where several run in one command, those with the same `groupOrder` run together, and the others after them.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LongFilesFirst },
    // The Worker's own log is not the tests' news.
    onConsoleLog: (line) => !line.startsWith('{"event":'),
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          // Property tests take their time on a busy machine.
          testTimeout: 60_000,
          expect: PATIENCE,
          // As many as workers has: the two share them.
          maxWorkers: 3,
          // Loading the same modules anew for each file would be two fifths of the time.
          isolate: false,
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              r2Buckets: ["RESULTS"],
              serviceBindings: { DISK: { disk: { path: disk, writable: true } } },
              // A file's tests make more calls a minute than one address may.
              ratelimits: {
                CREATE_LIMIT: { namespace_id: "1001", simple: { limit: 100_000, period: 60 } },
              },
              bindings: {
                RINGBACK_SECRET: "a secret of the tests, long enough to count",
                AIO_BASE_URL: "http://upstream.invalid/v1",
                POLL_FIRST_SECONDS: "0.2",
                POLL_MIN_SECONDS: "0.1",
                POLL_MAX_SECONDS: "0.2",
                CALLBACK_HOLD_SECONDS: "0",
                CALLBACK_RETRY_SECONDS: "0.1,0.1,0.1",
                UPSTREAM_TIMEOUT_SECONDS: "1",
                CALLBACK_TIMEOUT_SECONDS: "1",
                ALLOW_PRIVATE_CALLBACKS: "true",
                KEEP_RESULTS: "ask",
              },
            },
          }),
        ],
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          globalSetup: "test/support/sources/workers-setup.ts",
          // Loading the Worker anew for each file would be two fifths of the time. Each test has an account of its own.
          isolate: false,
          setupFiles: "test/workers/support/fresh-file.ts",
          // Chromium may run beside them.
          testTimeout: 20_000,
          expect: PATIENCE,
          // They mostly wait: on two cores vitest's own choice would be one.
          maxWorkers: 3,
          provide: {
            model: { seed: process.env["MODEL_SEED"], runs: process.env["MODEL_RUNS"] },
            sweep: { threes: process.env["SWEEP_THREES"], every: process.env["SWEEP_EVERY"] },
          },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: "test/support/programs/built-worker.ts",
          testTimeout: 30_000,
          hookTimeout: 30_000,
          // Each file runs a workerd of its own, and mostly waits: five keep two cores busy, more would make moments late.
          maxWorkers: 5,
          sequence: { groupOrder: 1 },
          // Loading the same modules anew for each file takes a second of the processor, here and in the browser's.
          isolate: false,
        },
      },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: "test/support/programs/built-worker.ts",
          testTimeout: 90_000,
          hookTimeout: 60_000,
          // A page waits as often as it works.
          maxWorkers: 2,
          isolate: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
