interface Entry {
  at: number;
  /** Those of one instant stay in order. */
  number: number;
  run: () => void;
}

/** Virtual time: what is to happen, earliest first. */
export class Agenda {
  readonly #heap: Entry[] = [];
  #number = 0;
  #now = 0;

  get now(): number {
    return this.#now;
  }

  later(at: number, run: () => void): void {
    const heap = this.#heap;
    heap.push({ at, number: this.#number++, run });
    for (let child = heap.length - 1; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(child, parent)) break;
      this.#swap(child, parent);
      child = parent;
    }
  }

  /** Lets everything happen. @throws Error if it does not end */
  run(stepsMax: number): void {
    for (let step = 0; step < stepsMax; step++) {
      const entry = this.#next();
      if (!entry) return;
      this.#now = Math.max(this.#now, entry.at);
      entry.run();
    }
    throw new Error(`not at its end after ${stepsMax} steps`);
  }

  #next(): Entry | undefined {
    const heap = this.#heap;
    if (heap.length > 1) this.#swap(0, heap.length - 1);
    const first = heap.pop();
    for (let parent = 0; ;) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2];
      const child = right < heap.length && this.#isBefore(right, left) ? right : left;
      if (child >= heap.length || !this.#isBefore(child, parent)) return first;
      this.#swap(child, parent);
      parent = child;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    return a !== undefined && b !== undefined && (a.at < b.at || (a.at === b.at && a.number < b.number));
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a && b) [this.#heap[one], this.#heap[other]] = [b, a];
  }
}
