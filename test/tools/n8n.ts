import { root } from "../../dev/bundle.ts";
import { runsOf } from "./n8n-runs.ts";
import { endpointRuns } from "./n8n-endpoint-runs.ts";
import { startN8n, type N8n } from "./n8n-server.ts";
import { startRingback } from "./ringback.ts";
import { runAll } from "./run.ts";

/**
 * `npm run test:n8n`: every workflow of `docs/recipes/n8n`, imported by n8n's own CLI, edited as the page says, and run
 * against `npm start`. Prints what each execution ended with; its exit code is 1 if one did not end as it should.
 */

const ringback = await startRingback();
let n8n: N8n | undefined;
try {
  n8n = await startN8n(`${root}docs/recipes/n8n`);
  const credential = { name: "Ringback", type: "httpBearerAuth", data: { token: ringback.key } };
  const runs = runsOf(n8n, ringback, await n8n.createCredential(credential));
  const failures = await runAll([...runs, ...endpointRuns(n8n, ringback)]);
  if (failures > 0) console.log(`\nn8n said last:\n${n8n.output()}`);
  console.log(`\n${failures === 0 ? "Each ended as it should." : `${failures} did not end as they should.`}`);
  process.exitCode = failures === 0 ? 0 : 1;
} finally {
  await n8n?.stop();
  await ringback.stop();
}
