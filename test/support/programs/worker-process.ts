import { startWorker, type LocalWorkerOptions } from "../../../dev/worker.ts";

/**
 * Runs the Worker until it is killed. Says where on its first line; the rest is the Worker's log. The argument is
 * `LocalWorkerOptions` as JSON.
 */
const options = JSON.parse(process.argv[2] ?? "{}") as LocalWorkerOptions;
const early: string[] = [];
let started = false;
const worker = await startWorker({
  createsPerMinute: 100_000,
  onLog: (line) => (started ? console.log(line) : early.push(line)),
  ...options,
});
console.log([worker.url, ...early].join("\n"));
started = true;
