import { startNodeRed, type NodeRed } from "./node-red-server.ts";
import { runsOf } from "./node-red-runs.ts";
import { startRingback } from "./ringback.ts";
import { runAll } from "./run.ts";

/**
 * `npm run test:node-red`: every flow of `docs/recipes/node-red`, deployed by Node-RED's admin API with what the page
 * says to fill in, and run against `npm start`. Prints what its debug nodes showed; its exit code is 1 if that is not
 * what it should be.
 */

const ringback = await startRingback();
let nodeRed: NodeRed | undefined;
try {
  nodeRed = await startNodeRed();
  const failures = await runAll(runsOf(nodeRed, ringback));
  if (failures > 0) console.log(`\nNode-RED said last:\n${nodeRed.output()}`);
  console.log(`\n${failures === 0 ? "Each ended as it should." : `${failures} did not end as they should.`}`);
  process.exitCode = failures === 0 ? 0 : 1;
} finally {
  await nodeRed?.stop();
  await ringback.stop();
}
