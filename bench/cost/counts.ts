/** What the platform bills of the objects of one kind. */
export interface Counts {
  objects: number;
  /** Calls and alarms. */
  requests: number;
  /** Each `setAlarm` is one, too. */
  rowsWritten: number;
  rowsRead: number;
  /** Each object's time with a call, an alarm or a timer open. */
  awakeSeconds: number;
  storedBytes: number;
  logLines: number;
}

export type Kind = "task" | "account" | "cadence";
export type CountsByKind = Record<Kind, Counts>;

/** What the platform bills of the bucket of kept files. */
export interface BucketCounts {
  /** Operations of class A. */
  writes: number;
  /** Operations of class B. */
  reads: number;
  bytes: number;
}

/** All that a metered Worker tells. */
export interface Metered {
  objects: CountsByKind;
  bucket: BucketCounts;
}
