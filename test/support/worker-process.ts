import { startWorker, type LocalWorkerOptions } from "../../dev/worker.ts";

/** Runs the Worker until it is killed; the first line tells where. The argument is `LocalWorkerOptions` as JSON. */
const options = JSON.parse(process.argv[2] ?? "{}") as LocalWorkerOptions;
const worker = await startWorker({ createsPerMinute: 100_000, ...options });
console.log(worker.url);
