import type { RawReceiver } from "../receivers/raw-receiver.ts";
import type { RawUpstream } from "../upstreams/raw-upstream.ts";
import { isTerminal, OWN_KEY, type Stack } from "../stack.ts";
import { addRun, newTally, printTally, type Tally } from "./tally.ts";

/** The outcome of every task of a suite, counted from outside when its tests are over. */

/** `submitsMax`: how often one task may be submitted, given what this upstream answers. */
export async function auditUpstream(
  fault: string,
  { stack, upstream, submitsMax }: { stack: Stack; upstream: RawUpstream; submitsMax: number },
): Promise<Tally> {
  const tally = newTally(fault);
  const tasks = await Promise.all(stack.accepted.map(async (id) => stack.task(id)));
  for (const task of tasks) addRun(tally, { lost: isTerminal(task) ? 0 : 1, doubled: 0, leaked: 0 });
  const submits = upstream.scenes().map((scene) => scene.submits.length);
  tally.doubled = submits.filter((count) => count > submitsMax).length;
  tally.leaked = stack.logs.filter((line) => line.includes(OWN_KEY)).length;
  printTally(tally);
  return tally;
}

/** For tasks with one event each: every endpoint must have received it, under one id. */
export function auditReceiver(
  fault: string,
  { stack, receiver }: { stack: Stack; receiver: RawReceiver },
): Tally {
  const tally = newTally(fault);
  for (const { exchanges } of receiver.endpoints()) {
    const ids = new Set(exchanges.map(({ request }) => request.headers["webhook-id"])).size;
    const leaked = exchanges.filter(({ request }) => request.body.includes(OWN_KEY)).length;
    addRun(tally, { lost: ids === 0 ? 1 : 0, doubled: Math.max(0, ids - 1), leaked });
  }
  tally.leaked += stack.logs.filter((line) => line.includes(OWN_KEY)).length;
  printTally(tally);
  return tally;
}
