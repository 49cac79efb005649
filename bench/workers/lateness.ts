/**
 * How late alarms fire: noted in the memory that all objects of one process share, and read once after the measurement.
 */

const lateMs: number[] = [];

export function noteAlarm({ scheduledTime }: Pick<AlarmInvocationInfo, "scheduledTime">): void {
  lateMs.push(Date.now() - scheduledTime);
}

/** What was noted since the last time; null for any other path. */
export function answerLateness(request: Request): Response | null {
  if (new URL(request.url).pathname !== "/_bench/lateness") return null;
  return Response.json(lateMs.splice(0));
}
