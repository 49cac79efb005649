import { isDeepStrictEqual } from "node:util";

/** One way through a recipe, in the tool itself. */
export interface Run {
  name: string;
  run: () => Promise<unknown>;
  expected: unknown;
}

/** Runs one after the other and prints what each came to; gives the number of those that did not end as they should. */
export async function runAll(runs: Run[]): Promise<number> {
  let failures = 0;
  for (const { name, run, expected } of runs) {
    const startedAt = performance.now();
    const outcome = await run().catch((error: unknown) => ({ threw: String(error) }));
    const isRight = isDeepStrictEqual(outcome, expected);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
    console.log(`${isRight ? "ok  " : "FAIL"} ${seconds} s  ${name}`);
    console.log(indented(outcome));
    if (isRight) continue;
    failures++;
    console.log(`              expected:\n${indented(expected)}`);
  }
  return failures;
}

function indented(value: unknown): string {
  return Object.entries(value as Record<string, unknown>)
    .map(([name, one]) => `              ${name}: ${typeof one === "string" ? one : JSON.stringify(one)}`)
    .join("\n");
}
