export interface Mutation {
  /** The broken mechanism, in words. */
  name: string;
  guarantee: number;
  file: string;
  /** Stands in the file exactly once. */
  search: string;
  replace: string;
  test: { file: string; name: string };
}

export const SWEEP = "test/workers/faults/crash-sweep.test.ts";

export const MODEL = {
  file: "test/unit/task-object/model.test.ts",
  name: "keeps every guarantee under any commands",
};

export const RECOVERY_RUN = "test/unit/account-object/recovery/run.test.ts";
