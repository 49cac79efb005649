import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWorker, type BuiltWorker } from "../../../dev/worker.ts";

/** Names the file to the processes that run the tests. */
const VARIABLE = "RINGBACK_TEST_WORKER";

/** Before the tests: builds the Worker once for all of their processes, each of which would take four seconds for it. */
export default async function setup(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "ringback-built-"));
  const file = join(folder, "worker.json");
  writeFileSync(file, JSON.stringify(await buildWorker()));
  process.env[VARIABLE] = file;
  return () => rmSync(folder, { recursive: true, force: true });
}

/** A file that holds the `BuiltWorker` as JSON. @throws outside of vitest's tests, for which alone there is one */
export function builtWorkerFile(): string {
  const file = process.env[VARIABLE];
  if (file === undefined) throw new Error("no Worker was built before the tests");
  return file;
}

let built: BuiltWorker | null = null;

/** Undefined: these are no tests of vitest's, and the Worker is still to be built. */
export function builtWorker(): BuiltWorker | undefined {
  if (process.env[VARIABLE] === undefined) return undefined;
  built ??= JSON.parse(readFileSync(builtWorkerFile(), "utf8")) as BuiltWorker;
  return built;
}
