import type { Progress } from "../../../../src/domain/recovery/queue.ts";

export const START: Progress = {
  cursor: "",
  counts: { matched: 0, delivered: 0, failed: 0 },
  haltedHosts: [],
};

export const keyOf = (index: number): string => String(index).padStart(4, "0");
