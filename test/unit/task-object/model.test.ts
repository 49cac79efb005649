import fc from "fast-check";
import { expect, it } from "vitest";
import { anyCommands, live } from "../../support/model/commands/commands.ts";
import { anyLife } from "../../support/model/commands/lives.ts";
import { counted } from "../../support/model/commands/move.ts";
import { SimulatedWorld } from "../../support/model/simulated/world.ts";
import { addRun, newTally, printTally } from "../../support/checks/tally.ts";

/*
 * Any commands, against the core with everything around it simulated. What must hold after each one stands in
 * `test/support/model/guarantees.ts`. The seed is fixed so that every run is the same one; MODEL_SEED and MODEL_RUNS
 * take it elsewhere.
 */

const seed = Number(process.env["MODEL_SEED"] ?? 20_261_123);
const numRuns = Number(process.env["MODEL_RUNS"] ?? 120);

it("keeps every guarantee under any commands, in plain Node", { timeout: 600_000 }, async () => {
  const tally = newTally("any commands, plain Node", seed);
  const lives = fc.asyncProperty(anyLife, anyCommands, async (life, commands) => {
    const world = new SimulatedWorld(life);
    try {
      const found = await live(world, commands);
      expect(found).toEqual({ lost: 0, doubled: 0, leaked: 0 });
      addRun(tally, found);
    } finally {
      world.close();
    }
  });
  await fc.assert(lives, { seed, numRuns });
  const { commands, alarms, deaths, requests } = counted;
  console.log(
    `model, plain Node: ${numRuns} runs, seed ${seed}, ${commands} commands, ${deaths} crashes, ${alarms} alarms, ${requests} requests`,
  );
  printTally(tally);
  expect(tally.runs).toBe(numRuns);
});
