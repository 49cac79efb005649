import { expect } from "vitest";
import type { Tally } from "../../../support/checks/tally.ts";
import { crash, onTheWire } from "../crash.ts";
import { ENDPOINT_A, ENDPOINT_B, RECEIVER } from "../world.ts";
import { broken, type Scenario } from "./scenarios.ts";
import { sent } from "./witness.ts";

/** What the Worker and its objects logged in this life. */
export const logLines: string[] = [];

interface CallbackBody {
  id: string;
  type: string;
  data: { status: string; error: { code: string } | null; file: { status: string } | null };
}

/** 1, 2, 4 and 9: what was on the wire by the end of a life. */
export function verdict(
  scenario: Scenario,
  { taken, removed, key }: { taken: boolean; removed: (() => void) | null; key: string },
): Pick<Tally, "lost" | "doubled" | "leaked"> {
  const wire = onTheWire("callback").map(({ body }) => body);
  const messages = wire.map((body) => JSON.parse(body) as CallbackBody);
  const ends = messages.filter(({ type }) => type !== "video.running");
  const leaked = [...wire, ...logLines].filter((text) => text.includes(key)).length;
  const resubmits = Math.max(0, sent("submit") - 1 - scenario.notNow);
  if (!taken || removed) {
    removed?.();
    // A create that was not taken is never heard of again.
    return { lost: 0, doubled: resubmits + (taken ? 0 : messages.length), leaked };
  }
  if (scenario.unproved) return { lost: 0, doubled: resubmits + messages.length, leaked };
  const data = ends[0]?.data;
  if (data?.error?.code === "submit_unknown" && !scenario.submits.includes(broken))
    expect(crash.deaths.join()).toMatch(/fetch submit|task\.(create|update)/);
  else {
    expect(data?.status).toBe(scenario.end);
    expect(data?.file?.status).toBe(scenario.sources ? "kept" : undefined);
  }
  const receivers = scenario.hasEndpoints ? [RECEIVER, ENDPOINT_A, ENDPOINT_B] : [null];
  const told = receivers.map((to) => endsAt(to));
  // More than the script's own attempts only where the process died between the send and its record.
  const repeats = told.map((count) => Math.max(0, count - scenario.receiver.length - crash.deaths.length));
  const ids = new Set(ends.map(({ id }) => id)).size;
  const doubled = resubmits + repeats.reduce((sum, count) => sum + count, 0) + Math.max(0, ids - 1);
  return { lost: told.filter((count) => count === 0).length, doubled, leaked };
}

/** How often the end of the task was sent there; null: anywhere. */
function endsAt(to: string | null): number {
  const there = onTheWire("callback").filter(({ url }) => to === null || url === to);
  return there.filter(({ body }) => (JSON.parse(body) as CallbackBody).type !== "video.running").length;
}
