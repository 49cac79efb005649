/** The outcome of the runs of one fault: `npm run test:faults` collects these lines into a table. */
export interface Tally {
  fault: string;
  runs: number;
  /** Accepted tasks without their one terminal event at the receiver. */
  lost: number;
  /** Submits, or callbacks after a 2xx, beyond what the faults themselves explain. */
  doubled: number;
  /** Secrets found where none may be. */
  leaked: number;
  seed: number | null;
}

/** Begins a line that holds a tally as JSON. */
export const TALLY_MARK = "tally:";

export function newTally(fault: string, seed: number | null = null): Tally {
  return { fault, runs: 0, lost: 0, doubled: 0, leaked: 0, seed };
}

export function addRun(tally: Tally, run: Pick<Tally, "lost" | "doubled" | "leaked">): void {
  tally.runs += 1;
  tally.lost += run.lost;
  tally.doubled += run.doubled;
  tally.leaked += run.leaked;
}

export function printTally(tally: Tally): void {
  console.log(`${TALLY_MARK} ${JSON.stringify(tally)}`);
}
