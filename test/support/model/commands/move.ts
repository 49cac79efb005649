import type fc from "fast-check";
import type { Guarantees } from "../guarantees.ts";
import type { Rows, World } from "../world.ts";

/** A command, in words that a counterexample is read by. */
export interface Move {
  text: string;
  /** Whether it makes sense now. */
  fits?: (world: World) => boolean;
  run: (world: World, model: Guarantees, before: Rows) => Promise<void>;
}

export const counted = { commands: 0, alarms: 0, deaths: 0, requests: 0 };

export class Command implements fc.AsyncCommand<Guarantees, World> {
  readonly #move: Move;

  constructor(move: Move) {
    this.#move = move;
  }

  check(): boolean {
    return true;
  }

  async run(model: Guarantees, world: World): Promise<void> {
    if (this.#move.fits && !this.#move.fits(world)) return;
    counted.commands += 1;
    const before = await model.look(world);
    await this.#move.run(world, model, before);
    await model.look(world);
  }

  toString(): string {
    return this.#move.text;
  }
}

export type Commands = Iterable<fc.AsyncCommand<Guarantees, World>>;
