import { readFileSync } from "node:fs";
import { startWorker, type BuiltWorker, type LocalWorkerOptions } from "../../../dev/worker.ts";

/**
 * Runs the Worker until it is killed. Says where on its first line; the rest is the Worker's log. The arguments are
 * `LocalWorkerOptions` as JSON, and a file that holds the `BuiltWorker`.
 */
const [, , given = "{}", file = ""] = process.argv;
const options = JSON.parse(given) as LocalWorkerOptions;
const built = JSON.parse(readFileSync(file, "utf8")) as BuiltWorker;
const early: string[] = [];
let started = false;
const worker = await startWorker({
  createsPerMinute: 100_000,
  onLog: (line) => (started ? console.log(line) : early.push(line)),
  ...options,
  built,
});
console.log([worker.url, ...early].join("\n"));
started = true;
