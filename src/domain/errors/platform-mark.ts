/** Members by which the platform marks an error: the object's state, or (`remote`) that an object threw it. */
const MARKS = ["durableObjectReset", "retryable", "overloaded", "remote"] as const;

type PlatformMark = (typeof MARKS)[number];

/** Whether the platform has marked the error with one of these; any mark, if none is named. */
export function hasMark(error: unknown, ...marks: PlatformMark[]): boolean {
  if (typeof error !== "object" || error === null) return false;
  const members = error as Partial<Record<PlatformMark, unknown>>;
  return (marks.length === 0 ? MARKS : marks).some((mark) => members[mark] === true);
}
