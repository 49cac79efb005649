import { abortAllDurableObjects } from "cloudflare:test";
import { vi } from "vitest";
import { crash } from "./crash.ts";

/** Milliseconds that one step may take; the patience with a silent account is ten seconds. */
export const WAITS_MAX = 15_000;

export interface Survived<T> {
  value: T | null;
  died: boolean;
  isOver: boolean;
}

/**
 * Runs it to its end; each death on the way is made real, and what was under way breaks off. `turnMs`: so much the fake
 * clock goes on each millisecond.
 */
export async function survive<T>(act: () => Promise<T>, turnMs = 0): Promise<Survived<T>> {
  const deaths = crash.deaths.length;
  const result = { value: null as T | null, isOver: false };
  void act().then(
    (value) => Object.assign(result, { value, isOver: true }),
    () => (result.isOver = true),
  );
  for (let wait = 0; wait < WAITS_MAX && (!result.isOver || crash.dead); wait++) {
    // A call may break off with the death that ends it.
    if (crash.dead) {
      await abortAllDurableObjects();
      crash.dead = false;
    }
    await scheduler.wait(1);
    if (turnMs > 0) vi.setSystemTime(Date.now() + turnMs);
  }
  return { ...result, died: crash.deaths.length > deaths };
}
