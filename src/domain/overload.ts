/** An object did not take a call, or did not answer in time: asking again at once would only add to the load. */
export class OverloadedError extends Error {
  override name = "OverloadedError";
}

/** Whether a stub's error says that its object was overloaded: the call was surely not taken, and must not be repeated. */
export function isOverloaded(error: unknown): boolean {
  if (error instanceof OverloadedError) return true;
  return typeof error === "object" && error !== null && "overloaded" in error && error.overloaded === true;
}
