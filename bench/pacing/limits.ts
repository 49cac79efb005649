/** The ways in which upstreams limit calls. */
export interface Limit {
  calls: number;
  perSeconds: number;
  /** `sliding`: in any such span; `fixed`: in each, by the clock; `bucket`: refilled evenly, so many at once. */
  kind: "sliding" | "fixed" | { burst: number };
  /** Refused calls count too, as with a counter that is raised first. */
  countsRefused?: boolean;
}

/** Whether a call passes at this instant. Instants come in order. */
export type Limiter = (now: number) => boolean;

export function limiterOf({ calls, perSeconds, kind, countsRefused = false }: Limit): Limiter {
  if (kind === "sliding") return slidingLimiter(calls, perSeconds * 1000, countsRefused);
  if (kind === "fixed") return fixedLimiter(calls, perSeconds * 1000);
  return bucketLimiter(calls / (perSeconds * 1000), kind.burst);
}

function slidingLimiter(calls: number, spanMs: number, countsRefused: boolean): Limiter {
  const counted: number[] = [];
  return (now) => {
    while (now - (counted[0] ?? now) >= spanMs) counted.shift();
    const passes = counted.length < calls;
    if (passes || countsRefused) counted.push(now);
    return passes;
  };
}

function fixedLimiter(calls: number, spanMs: number): Limiter {
  let span = { number: -1, count: 0 };
  return (now) => {
    const number = Math.floor(now / spanMs);
    if (number !== span.number) span = { number, count: 0 };
    span.count += 1;
    return span.count <= calls;
  };
}

function bucketLimiter(perMs: number, burst: number): Limiter {
  let [tokens, filledAt] = [burst, 0];
  return (now) => {
    tokens = Math.min(burst, tokens + (now - filledAt) * perMs);
    filledAt = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
