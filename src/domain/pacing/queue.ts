/** The tasks that wait for a slot of a lane: accounts take turns; within an account the earliest due task is first. */

export interface Waiter {
  /** The task's object. */
  name: string;
  account: string;
  /** When its call was due. */
  since: number;
}

interface Waiting extends Waiter {
  /** When it must ask again. */
  backAt: number;
}

interface Party {
  /** In order. */
  waiting: Waiting[];
  /** Slots that it holds. */
  slots: number[];
}

/** A task that asks this much later than it must is gone. */
const GONE_MS = 10_000;
const SWEEP_MS = 1_000;
const LINE_MAX = 10_000;

export class WaitingLine {
  readonly #parties = new Map<string, Party>();
  readonly #known = new Map<string, Waiting>();
  #sweptAt = 0;

  get size(): number {
    return this.#known.size;
  }

  /** How many come before it, from now on. */
  ahead(waiter: Waiter, now: number): number {
    if (now - this.#sweptAt >= SWEEP_MS) this.#sweep(now);
    const party = this.#parties.get(waiter.account);
    const index = party ? indexIn(party.waiting, waiter) : 0;
    const turn = (party?.slots.length ?? 0) + index;
    let ahead = index;
    for (const other of this.#parties.values()) {
      if (other !== party) ahead += Math.min(Math.max(turn - other.slots.length, 0), other.waiting.length);
    }
    return ahead;
  }

  wait(waiter: Waiter, backAt: number): void {
    const known = this.#known.get(waiter.name);
    if (known?.since === waiter.since) {
      known.backAt = backAt;
      return;
    }
    this.leave(waiter.name);
    if (this.#known.size >= LINE_MAX) return;
    const waiting = { ...waiter, backAt };
    this.#known.set(waiter.name, waiting);
    const party = this.#party(waiter.account);
    party.waiting.splice(indexIn(party.waiting, waiter), 0, waiting);
  }

  /** It has a slot. */
  serve({ name, account }: Waiter, at: number): void {
    this.leave(name);
    this.#party(account).slots.push(at);
  }

  leave(name: string): void {
    const known = this.#known.get(name);
    if (!known) return;
    this.#known.delete(name);
    const line = this.#parties.get(known.account)?.waiting;
    line?.splice(indexIn(line, known), 1);
  }

  clear(): void {
    this.#parties.clear();
    this.#known.clear();
  }

  #party(account: string): Party {
    const party = this.#parties.get(account) ?? { waiting: [], slots: [] };
    this.#parties.set(account, party);
    return party;
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    for (const [account, party] of this.#parties) {
      party.slots = party.slots.filter((at) => at > now);
      const gone = party.waiting.filter(({ backAt }) => backAt + GONE_MS < now);
      for (const { name } of gone) this.leave(name);
      if (party.waiting.length === 0 && party.slots.length === 0) this.#parties.delete(account);
    }
  }
}

/** Its place, or the place that it would have. */
function indexIn(waiting: readonly Waiting[], { since, name }: Waiter): number {
  let [low, high] = [0, waiting.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = waiting[middle];
    if (one && (one.since < since || (one.since === since && one.name < name))) low = middle + 1;
    else high = middle;
  }
  return low;
}
